import { randomBytes } from "node:crypto"
import { keyIdOf } from "../crypto/blob.ts"
import { dataKey, type DataKey, type Place } from "../crypto/data-key.ts"
import { newId } from "../crypto/ids.ts"
import { createKeyCache, type KeyCache, type Wipeable } from "../crypto/key-cache.ts"
import { Secret } from "../crypto/secret.ts"
import { projectKeyContext } from "../crypto/wrapping.ts"
import type { Queries } from "../db/database.ts"
import { invalid, notFound } from "../errors.ts"
import {
  clockOf,
  createOrganizationKeys,
  type KeySource,
  type OrganizationKeys,
} from "./organization-keys.ts"
import * as store from "./project-keys.store.ts"

export type Project = store.Project
/** Where in the project a value stands; see `Place`. */
export type PlaceInProject = Omit<Place, "orgId" | "projectId">
export type ToSeal = { text: string; place: PlaceInProject }
export type ToOpen = { sealed: Buffer; place: PlaceInProject }

/**
 * Seals and opens the values of projects. Any number at once costs at most a few statements, and none at all while the
 * project's key is in memory. Do not ask it for a project that the same transaction has just made, or holds locked
 * to change or delete: it works on connections of its own.
 */
export type Keyring = {
  /** Throws 422 for a text that is no well-formed Unicode, since it would open as another; 404 for a deleted project. */
  seal(project: Project, values: readonly ToSeal[]): Promise<Buffer[]>
  /** Throws when one was changed, moved, or is of an earlier version of its row; 404 when the project was deleted. */
  open(project: Project, values: readonly ToOpen[]): Promise<Secret[]>
  /** The keyed hash of a value to keep beside it, for a column that is searched for equal ones. */
  indexToStore(project: Project, column: string, text: string): Promise<Buffer>
  /** Every hash that an equal value may have been kept under, since there may be several keys. */
  indexesToFind(project: Project, column: string, text: string): Promise<Buffer[]>
  /** Puts a new data key in place; those before it still open what they sealed. Returns its id. */
  rotate(project: Project): Promise<string>
  /** Takes the project's plain keys out of memory, as once they are destroyed. */ forget(
    project: Project,
  ): void
  /** Takes all plain keys out of memory. */ clear(): void
  organizationKeys: OrganizationKeys
}

type Held = Wipeable & { keyId: string; dataKey: DataKey }
type Ring = KeySource & {
  above: OrganizationKeys
  cache: KeyCache<Held>
  /** The id of the key that seals, by project, as long as that key is in memory. */ current: Map<
    string,
    string
  >
  /** How many values a key may still seal before more are reserved. */ left: Map<string, number>
}

const limits = { maxKeys: 800, maxAgeMs: 300_000 }
const blockSize = 10_000
/** Half of what random nonces allow. */
const maxSeals = 2 ** 31

/** Keeps at most 800 plain data keys in memory, each for five minutes. */
export function createKeyring(source: KeySource): Keyring {
  const above = createOrganizationKeys(source)
  const cache = createKeyCache<Held>({ ...limits, ...clockOf(source) })
  const ring: Ring = { ...source, above, cache, current: new Map(), left: new Map() }
  return {
    async seal(project, values) {
      if (!values.every(({ text }) => text.isWellFormed())) {
        throw invalid([], "The input has characters that cannot be stored")
      }
      return useCurrent(ring, project, values.length, (key) =>
        values.map(({ text, place }) => key.seal(text, { ...place, ...project })),
      )
    },
    open: (project, values) => openAll(ring, project, values),
    indexToStore: (project, column, text) => useCurrent(ring, project, 0, (key) => key.index(column, text)),
    async indexesToFind(project, column, text) {
      const ids = (await store.projectKeys(ring.db, project)).map(({ id }) => id)
      return useKeys(ring, project, ids, (keyOf) => ids.map((id) => keyOf(id).index(column, text)))
    },
    async rotate(project) {
      const before = (await store.newestProjectKey(ring.db, project)) ?? { version: 0, id: undefined }
      await make(ring, project, before.version + 1)
      const after = await store.newestProjectKey(ring.db, project)
      if (!after?.wrapped_key || after.id === before.id) throw noKey(project)
      ring.current.delete(project.projectId)
      return after.id
    },
    forget(project) {
      ring.current.delete(project.projectId)
      ring.cache.dropAll(cacheId(project, ""))
    },
    clear() {
      ring.cache.clear()
      above.clear()
      ring.current.clear()
      ring.left.clear()
    },
    organizationKeys: above,
  }
}

/** Overwrites the data keys of a project in the caller's transaction: what they sealed can never be read again. */
export const destroyProjectKeys: (db: Queries, project: Project) => Promise<void> = store.destroyProjectKeys

const cacheId = ({ orgId, projectId }: Project, keyId: string): string => `${orgId}/${projectId}/${keyId}`
const noKey = ({ projectId }: Project): Error =>
  notFound(`The project ${projectId} has no key and gets none: it was deleted`)

async function openAll(ring: Ring, project: Project, values: readonly ToOpen[]): Promise<Secret[]> {
  const ids = values.map(({ sealed, place }) => {
    const id = keyIdOf(sealed)
    if (id === undefined) throw new Error(`The value sealed in ${place.table}.${place.column} is damaged.`)
    return id
  })
  return useKeys(ring, project, [...new Set(ids)], (keyOf) =>
    values.map(({ sealed, place }, index) => {
      return new Secret(keyOf(ids[index] ?? "").open(sealed, { ...place, ...project }))
    }),
  )
}

/** Runs `work`, which must not wait for anything, while all of the keys are in memory. */
async function useKeys<Result>(
  ring: Ring,
  project: Project,
  ids: string[],
  work: (keyOf: (id: string) => DataKey) => Result,
): Promise<Result> {
  for (;;) {
    const held = new Map(ids.map((id) => [id, ring.cache.get(cacheId(project, id))]))
    const missing = ids.filter((id) => !held.get(id))
    if (missing.length === 0) {
      return work((id) => {
        const key = held.get(id)
        if (!key) throw unknownKey(id, project)
        return key.dataKey
      })
    }
    const rows = await store.projectKeys(ring.db, project, missing)
    for (const id of missing) {
      if (!rows.some((row) => row.id === id)) throw await whyNone(ring, project, id)
    }
    for (const row of rows) await unwrapInto(ring, project, row)
  }
}

/** Why a key is not there: the project was deleted while the request ran, or somebody has tampered with a value. */
async function whyNone(ring: Ring, project: Project, id: string): Promise<Error> {
  const newest = await store.newestProjectKey(ring.db, project)
  return newest && !newest.wrapped_key ? noKey(project) : unknownKey(id, project)
}

const unknownKey = (id: string, { projectId }: Project): Error =>
  new Error(`The key ${id} of the project ${projectId} does not exist or was destroyed.`)

async function unwrapInto(ring: Ring, project: Project, row: store.NewProjectKey): Promise<void> {
  const by = { orgId: project.orgId, keyId: row.organization_key_id }
  const context = projectKeyContext(project, row.id, row.version)
  const secret = await ring.above.unwrap(by, row.wrapped_key, context)
  const id = cacheId(project, row.id)
  // Of two who unwrapped it at once the second takes the first's, which may be in use.
  if (ring.cache.get(id)) {
    secret.fill(0)
    return
  }
  const key = dataKey(row.id, secret)
  if (ring.left.size > 10 * limits.maxKeys) ring.left.clear()
  ring.cache.put({
    id,
    keyId: row.id,
    dataKey: key,
    wipe: key.wipe,
    get isWiped() {
      return key.isWiped
    },
  })
}

/** Runs `work`, which must not wait for anything, with the key that seals, good for `seals` more values. */
async function useCurrent<Result>(
  ring: Ring,
  project: Project,
  seals: number,
  work: (key: DataKey) => Result,
): Promise<Result> {
  for (;;) {
    const id = ring.current.get(project.projectId)
    const held = id === undefined ? undefined : ring.cache.get(cacheId(project, id))
    if (!held) {
      await loadCurrent(ring, project)
      continue
    }
    const left = ring.left.get(held.keyId) ?? 0
    if (left >= seals) {
      ring.left.set(held.keyId, left - seals)
      return work(held.dataKey)
    }
    await reserve(ring, project, { keyId: held.keyId, seals })
  }
}

/** Reserves blocks for more values; a key that has sealed enough is followed by a new one. */
async function reserve(
  ring: Ring,
  project: Project,
  { keyId, seals }: { keyId: string; seals: number },
): Promise<void> {
  const count = Math.ceil(seals / blockSize) * blockSize
  const isReserved = await store.reserveSeals(
    ring.db,
    { orgId: project.orgId, keyId },
    { count, limit: maxSeals },
  )
  if (isReserved) {
    ring.left.set(keyId, (ring.left.get(keyId) ?? 0) + count)
    return
  }
  const newest = await store.newestProjectKey(ring.db, project)
  if (newest?.id === keyId) await make(ring, project, newest.version + 1)
  await loadCurrent(ring, project)
  if (ring.current.get(project.projectId) === keyId) throw noKey(project)
}

async function loadCurrent(ring: Ring, project: Project): Promise<void> {
  let row = await store.newestProjectKey(ring.db, project)
  if (!row) {
    await make(ring, project, 1)
    row = await store.newestProjectKey(ring.db, project)
  }
  const wrapped = row?.wrapped_key
  if (!row || !wrapped) throw noKey(project)
  await unwrapInto(ring, project, { ...row, wrapped_key: wrapped })
  if (ring.current.size > 10 * limits.maxKeys) ring.current.clear()
  ring.current.set(project.projectId, row.id)
}

/** Makes a key of the version, unless another server does so first, or the project's keys were destroyed. */
async function make({ db, above }: Ring, project: Project, version: number): Promise<void> {
  const id = newId()
  const secret = randomBytes(32)
  const { byKeyId, wrapped } = await above.wrap(
    project.orgId,
    secret,
    projectKeyContext(project, id, version),
  )
  secret.fill(0)
  const made = { id, version, organization_key_id: byKeyId, wrapped_key: wrapped }
  await store.insertProjectKey(db, project, made)
}
