import { noSuchProject } from "../access/project.ts"
import { recordRead } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { notFound } from "../errors.ts"
import { importedNamed, type Found } from "../imports/imported.ts"
import { expandAll, referencedSecrets } from "./expansion.ts"
import { absent, authorizeOn, mayOn, requirePlace, type Place } from "./places.ts"
import * as store from "./secrets.store.ts"
import { nothingOpened, openRows, type Opened } from "./values.ts"

export { secretByIdFacts, secretFacts } from "./secrets.store.ts"

/** The ID of a secret for a look-up: what cannot be one names nothing. */
export const idOf = ({ secretId }: { secretId: string }): string | null => uuidOrNull(secretId)

/** A secret as its reader may see it. */
export type Seen = {
  row: store.SealedRow & { owner_id: string | null; updated_at: number }
  opened: Opened
  place: Place
}

/** Opens what the caller may read of rows that it may see. */
export async function show(ctx: ProjectContext, found: Found[], viewSecretValue: boolean): Promise<Seen[]> {
  const opened = await openRows(
    ctx,
    found.map(({ row, place }) => ({
      row,
      table: "secrets" as const,
      mayReadValue: viewSecretValue && mayOn(ctx, "readValue", place, row),
    })),
  )
  return found.map((each, index) => ({ ...each, opened: opened[index] ?? nothingOpened }))
}

export type OneQuery = Place & {
  secretName: string
  type: "shared" | "personal"
  version?: number | undefined
  viewSecretValue: boolean
  /** Whether one that the folder imports is answered where it has none of its own. */ withImports: boolean
  /** Whether the values of others are put in place of references. */ expandSecretReferences: boolean
}

/** A secret that was read. */
export type Read = {
  seen: Seen
  /** Whether no other secret has a part in it, nor would have if there were one of some name. */ isWhole: boolean
}

/** One secret of a folder, as it is or as it was in a version. */
export async function getSecret(
  ctx: ProjectContext,
  query: OneQuery,
  facts: store.PlaceFacts,
): Promise<Read> {
  const { environment, secretPath, secretName } = query
  const place = { environment, secretPath }
  const row = ownOf(query, facts)
  authorizeOn(ctx, "describeSecret", place, row ?? absent(secretName))
  const { folderId } = requirePlace(ctx, place, facts, "GetSecretByName")
  if (row) return readOne(ctx, { row, place }, query)
  const isImported = query.withImports && facts.fact_has_imports && query.type === "shared"
  const found = isImported ? (await importedNamed(ctx, [folderId], [secretName])).get(folderId) : undefined
  const imported = found?.get(secretName)
  if (!imported) throw notFound(`There is no secret ${secretName} in ${secretPath}`)
  return readOne(ctx, imported, query)
}

/** The secret that the folder itself has. */
const ownOf = ({ type }: OneQuery, { fact_secrets: rows }: store.PlaceFacts): store.SecretRow | undefined =>
  rows?.find(({ owner_id }) => (owner_id !== null) === (type === "personal"))

/**
 * The name of an answer that may be kept: all that it is made of, the stored row itself included as it was when this
 * request was judged. Undefined for what hangs on more: versions, and what is not of the folder itself. Where references
 * are to be replaced, what has one is never kept (`isWhole`).
 */
export function nameOfSecret(
  { project }: ProjectContext,
  query: OneQuery,
  facts: store.PlaceFacts,
): string | undefined {
  const { environment, secretPath, type, viewSecretValue, expandSecretReferences, version } = query
  const row = ownOf(query, facts)
  if (!row || version !== undefined) return undefined
  const { id, rights } = project
  return JSON.stringify([
    "one",
    id,
    rights.number,
    environment,
    secretPath,
    type,
    viewSecretValue,
    expandSecretReferences,
    row,
  ])
}

/** An answer that was kept under this name, recorded as read once more. */
export async function findKeptSecret(
  ctx: ProjectContext,
  query: OneQuery,
  facts: store.PlaceFacts,
  name: string,
) {
  const kept = ctx.services.keptAnswers.find(name)
  const row = ownOf(query, facts)
  if (!kept || !row) return undefined
  await recordRead(ctx, "get-secret", { ...eventPlace(ctx, query), ...secretEvent(row) })
  return kept
}

type Way = { version?: number | undefined; viewSecretValue: boolean; expandSecretReferences: boolean }

async function readOne(ctx: ProjectContext, found: Found, way: Way): Promise<Read> {
  const { row, place } = found
  const opened = await openOne(ctx, found, way)
  const { secrets, read } = await expandAll(ctx, way.expandSecretReferences ? [opened] : [])
  await recordRead(ctx, "get-secret", {
    ...eventPlace(ctx, place),
    ...secretEvent(row),
    secretVersion: opened.row.version,
    ...referencedSecrets(read),
  })
  return { seen: secrets[0] ?? opened, isWhole: !way.expandSecretReferences || !refers(opened) }
}

/** Whether there is something in the value that could be a reference. */
export const refers = ({ opened }: Seen): boolean => opened.value?.reveal().includes("${") ?? false

async function openOne(ctx: ProjectContext, found: Found, { version, viewSecretValue }: Way): Promise<Seen> {
  const { row, place } = found
  const isPast = version !== undefined && version !== row.version
  if (!isPast) return (await show(ctx, [found], viewSecretValue))[0] ?? { ...found, opened: nothingOpened }
  const past = await pastOf(ctx, row, version)
  const mayRead = mayOn(ctx, "readValue", place, row) && mayOn(ctx, "readValue", place, past)
  const mayReadValue = viewSecretValue && mayRead
  const [opened = nothingOpened] = await openRows(ctx, [
    { row: past, table: "secret_versions", mayReadValue },
  ])
  const { id, owner_id, updated_at } = row
  return { row: { ...past, id, owner_id, updated_at }, opened, place }
}

/** A version of a secret; throws 404 when it has none of that number. */
export async function pastOf(
  ctx: ProjectContext,
  row: store.SecretRow,
  version: number,
): Promise<store.VersionRow> {
  const past = await store.secretVersion(ctx.db, { orgId: ctx.actor.orgId, secretId: row.id }, version)
  if (!past) throw notFound(`The secret ${row.key} has no version ${version}`)
  return past
}

export const eventPlace = (ctx: ProjectContext, { environment, secretPath }: Place) => ({
  projectId: ctx.project.id,
  environment,
  secretPath,
})

/** What the audit log tells of a secret. */
export const secretEvent = ({
  id,
  key,
  version,
  owner_id,
}: Pick<store.SecretRow, "id" | "key" | "version" | "owner_id">) => ({
  secretId: id,
  secretKey: key,
  secretVersion: version,
  type: owner_id === null ? ("shared" as const) : ("personal" as const),
})

/** A secret by its id. */
export async function getSecretById(
  ctx: ProjectContext,
  { secretId, viewSecretValue }: { secretId: string; viewSecretValue: boolean },
  facts: store.IdFacts,
): Promise<Seen> {
  const way = { viewSecretValue, expandSecretReferences: false }
  return (await readOne(ctx, foundById(ctx, secretId, facts), way)).seen
}

/** A secret that was found by its id, unless the caller may not know of it. */
export function foundById(ctx: ProjectContext, secretId: string, facts: store.IdFacts): Found {
  const { fact_environment: environment, fact_path: secretPath, fact_secret: row } = facts
  if (environment === null) throw noSuchProject({ secretId })
  const place = { environment, secretPath }
  authorizeOn(ctx, "describeSecret", place, row)
  return { row, place }
}

/** A version of a secret, with who wrote it. */
export type SeenVersion = Seen & { writer: { kind: string; id: string; name: string | null } }

/** The versions of a secret, the newest first. */
export async function listVersions(
  ctx: ProjectContext,
  { secretId, ...page }: { secretId: string; offset: number; limit: number },
  facts: store.IdFacts,
): Promise<SeenVersion[]> {
  const { row, place } = foundById(ctx, secretId, facts)
  const versions = await store.secretVersions(ctx.db, { orgId: ctx.actor.orgId, secretId: row.id }, page)
  await recordRead(ctx, "get-secret-versions", {
    ...eventPlace(ctx, place),
    ...secretEvent(row),
    numberOfVersions: versions.length,
  })
  const opened = await openRows(
    ctx,
    versions.map((version) => ({
      row: version,
      table: "secret_versions" as const,
      mayReadValue: mayOn(ctx, "readValue", place, version) && mayOn(ctx, "readValue", place, row),
    })),
  )
  return versions.map((version, index) => ({
    row: { ...version, owner_id: row.owner_id, updated_at: version.created_at },
    opened: opened[index] ?? nothingOpened,
    place,
    writer: { kind: version.actor_kind, id: version.actor_id, name: version.actor_name },
  }))
}
