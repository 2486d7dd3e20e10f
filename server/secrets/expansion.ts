import type { ProjectContext } from "../context.ts"
import { Secret } from "../crypto/secret.ts"
import { importedNamed, type Found } from "../imports/imported.ts"
import { mayOn, type Place } from "./places.ts"
import { expand, maxDepth, referencesIn, wordOf, type Reference, type Target } from "./references.ts"
import * as store from "./references.store.ts"
import { openRows, type Opened } from "./values.ts"

/** So many different secrets are looked up for one request. */
const maxReferences = 2_000
/** What one value may become, and all of one request; who would make more of it is answered what is written. */
export const ofOne = { steps: 10_000, characters: 2_000_000 }
const ofAll = { steps: 200_000, characters: 20_000_000 }

/** A secret whose value was put in place of a reference. */
export type ReadByReference = Target & Found

type Openable = { row: { id: string }; opened: Opened; place: Place }

/**
 * Secrets with the values of others in place of references, and whose values those are. A reference that leads nowhere,
 * to what the caller may not read, or back to itself stays as it is written.
 */
export async function expandAll<T extends Openable>(
  ctx: ProjectContext,
  secrets: readonly T[],
): Promise<{ secrets: T[]; read: ReadByReference[] }> {
  const targets = secrets.map(({ row, place, opened }) =>
    opened.value ? { id: row.id, place, value: opened.value.reveal() } : undefined,
  )
  const known = await follow(
    ctx,
    targets.flatMap((target) => target ?? []),
  )
  const read = new Set<ReadByReference>()
  const left = { ...ofAll }
  const expanded = secrets.map((secret, index) => {
    const target = targets[index]
    if (!target || known.size === 0) return secret
    const budget = {
      steps: Math.min(ofOne.steps, left.steps),
      characters: Math.min(ofOne.characters, left.characters),
    }
    const before = { ...budget }
    const found = expand(target, (reference) => known.get(wordOf(reference)), budget)
    left.steps -= before.steps - Math.max(budget.steps, 0)
    left.characters -= before.characters - Math.max(budget.characters, 0)
    if (!found) return secret
    for (const each of found.taken) read.add(each)
    return { ...secret, opened: { ...secret.opened, value: new Secret(found.value) } }
  })
  return { secrets: expanded, read: [...read] }
}

/** What references name that the caller may read, by the word for each. */
export type Known = Map<string, ReadByReference>

/** Reads what values name, and what those name, each depth at once. */
export async function follow(ctx: ProjectContext, targets: Target[]): Promise<Known> {
  const known: Known = new Map()
  const asked = new Set<string>()
  let reached = targets
  for (let depth = 0; depth < maxDepth && reached.length > 0; depth++) {
    const wanted: Reference[] = []
    for (const { value, place } of reached) {
      for (const reference of referencesIn(value, place)) {
        const word = wordOf(reference)
        if (asked.has(word) || asked.size >= maxReferences) continue
        asked.add(word)
        wanted.push(reference)
      }
    }
    reached = await load(ctx, wanted, known)
  }
  return known
}

/** Opens what the caller may read of secrets that are named, adds it to what is known, and answers what is new. */
async function load(ctx: ProjectContext, wanted: Reference[], known: Known): Promise<ReadByReference[]> {
  if (wanted.length === 0) return []
  const found = [...(await find(ctx, wanted))].filter(
    ([, { row, place }]) => mayOn(ctx, "describeSecret", place, row) && mayOn(ctx, "readValue", place, row),
  )
  const byId = new Map([...known.values()].map((target) => [target.id, target]))
  const fresh = [...new Map(found.map(([, each]) => [each.row.id, each])).values()].filter(
    ({ row }) => !byId.has(row.id),
  )
  const opened = await openRows(
    ctx,
    fresh.map(({ row }) => ({ row, table: "secrets" as const, mayReadValue: true })),
  )
  const news = fresh.map((each, index) => ({
    ...each,
    id: each.row.id,
    value: opened[index]?.value?.reveal() ?? "",
  }))
  for (const each of news) byId.set(each.id, each)
  for (const [word, { row }] of found) {
    const target = byId.get(row.id)
    if (target) known.set(word, target)
  }
  return news
}

/** The secrets that are named, by the word for the reference; of a folder that has none of the name, what it imports. */
async function find(ctx: ProjectContext, wanted: Reference[]): Promise<Map<string, Found>> {
  const at = { orgId: ctx.actor.orgId, projectId: ctx.project.id }
  const rows = await store.secretsNamed(ctx.db, at, wanted)
  const found = new Map<string, Found>()
  const missing: { folderId: string; reference: Reference }[] = []
  for (const { index, secret, folder_id: folderId, has_imports: hasImports } of rows) {
    const reference = wanted[index]
    if (!reference) continue
    const { environment, secretPath } = reference
    if (secret) found.set(wordOf(reference), { row: secret, place: { environment, secretPath } })
    else if (hasImports) missing.push({ folderId, reference })
  }
  if (missing.length === 0) return found
  const folderIds = [...new Set(missing.map(({ folderId }) => folderId))]
  const names = [...new Set(missing.map(({ reference }) => reference.secretName))]
  const imported = await importedNamed(ctx, folderIds, names)
  for (const { folderId, reference } of missing) {
    const each = imported.get(folderId)?.get(reference.secretName)
    if (each) found.set(wordOf(reference), each)
  }
  return found
}

/** What the audit log tells of secrets that were read by reference, by their places: nothing where there are none. */
export function referencePlaces(read: readonly ReadByReference[]) {
  if (read.length === 0) return {}
  const places = Map.groupBy(read, ({ place }) => JSON.stringify([place.environment, place.secretPath]))
  return {
    references: [...places.values()].flatMap(([first, ...rest]) =>
      first ? [{ ...placeOnly(first.place), numberOfSecrets: rest.length + 1 }] : [],
    ),
  }
}

/** The same, each by itself. */
export const referencedSecrets = (read: readonly ReadByReference[]) =>
  read.length === 0
    ? {}
    : {
        references: read.map(({ row, place }) => ({
          ...placeOnly(place),
          secretId: row.id,
          secretKey: row.key,
          secretVersion: row.version,
        })),
      }

const placeOnly = ({ environment, secretPath }: Place): Place => ({ environment, secretPath })
