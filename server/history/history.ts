import { noSuchProject } from "../access/project.ts"
import { recordRead } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { badRequest } from "../errors.ts"
import { mayIn } from "../imports/imports.ts"
import { mayOn, requirePlace, type FoundPlace, type Place } from "../secrets/places.ts"
import { nothingOpened, openRows, type Opened } from "../secrets/values.ts"
import * as store from "./history.store.ts"

export { changeFacts, folderFacts } from "./history.store.ts"

/** A change of a folder; as a snapshot, the folder as it was right after it. */
export type Change = store.ChangeRow

/** So many secrets of one time are read or restored at once. */
export const maxSecrets = 20_000

export const tooManySecrets = () => badRequest(`More than ${maxSecrets} secrets are too many at once`)

/** What a look-up of a snapshot takes: what can be no id names nothing. */
export const changeFactValues = (snapshotId: string): [string | null] => [uuidOrNull(snapshotId)]

/** The changes of a folder, the newest first. */
export async function listChanges(
  ctx: ProjectContext,
  { offset, limit, ...place }: Place & { offset: number; limit: number },
  facts: store.FolderFacts,
): Promise<Change[]> {
  const { folderId } = requirePlace(ctx, place, facts, "NotFound")
  return store.changesOf(ctx.db, { orgId: ctx.actor.orgId, folderId }, { offset, limit })
}

/** How many changes a folder has seen. */
export async function countChanges(
  ctx: ProjectContext,
  place: Place,
  facts: store.FolderFacts,
): Promise<number> {
  const { folderId } = requirePlace(ctx, place, facts, "NotFound")
  return store.countChanges(ctx.db, { orgId: ctx.actor.orgId, folderId })
}

/** Where the folder of a snapshot lies now; 404 when it does not any more. */
export function placeOfChange(snapshotId: string, facts: store.ChangeFacts): FoundPlace {
  const { fact_environment_id: environmentId, fact_folder_id: folderId } = facts
  if (environmentId === null) throw noSuchProject({ snapshotId })
  return { environment: facts.fact_environment, secretPath: facts.fact_path, environmentId, folderId }
}

/** A version of a secret in a snapshot, as its reader may see it. */
export type SeenPast = { row: store.PastSecretRow; opened: Opened; place: Place }

export type Snapshot = {
  change: Change
  environment: { id: string; slug: string; name: string }
  place: Place
  secrets: SeenPast[]
  folders: store.PastFolderRow[]
  imports: store.PastImportRow[]
}

/** A folder as it was after a change: what the caller may see of it. */
export async function getSnapshot(
  ctx: ProjectContext,
  snapshotId: string,
  facts: store.ChangeFacts,
): Promise<Snapshot> {
  const place = placeOfChange(snapshotId, facts)
  const { environmentId, folderId, environment: slug, secretPath } = place
  const { orgId } = ctx.actor
  const change = await store.changeById(ctx.db, orgId, snapshotId)
  if (!change) throw noSuchProject({ snapshotId })
  const at = { orgId, changeId: change.id }
  const rows = await store.secretsAt(ctx.db, at, [folderId], maxSecrets + 1)
  if (rows.length > maxSecrets) throw tooManySecrets()
  const seen = rows.filter((row) => mayOn(ctx, "describeSecret", place, row))
  await recordRead(ctx, "get-folder-snapshot", {
    projectId: ctx.project.id,
    environment: slug,
    secretPath,
    snapshotId: change.id,
    numberOfSecrets: seen.length,
  })
  const secrets = await show(ctx, place, seen)
  const mayReadFolders = ctx.project.rights.can(["read", "secret-folders"], { environment: slug, secretPath })
  const folders = mayReadFolders ? await store.foldersAt(ctx.db, at) : []
  const mayReadImports = mayIn(ctx, "read", { environment: slug, path: secretPath })
  return {
    change,
    environment: { id: environmentId, slug, name: facts.fact_environment_name },
    place,
    secrets,
    folders: folders.filter(({ parent_id }) => parent_id === folderId),
    imports: mayReadImports ? await store.importsAt(ctx.db, at, [folderId]) : [],
  }
}

/** Opens what the caller may read both as it was and as it is, or was at its end. */
async function show(ctx: ProjectContext, place: Place, rows: store.PastSecretRow[]): Promise<SeenPast[]> {
  const opened = await openRows(
    ctx,
    rows.map((row) => ({
      row,
      table: "secret_versions" as const,
      mayReadValue:
        mayOn(ctx, "readValue", place, row) &&
        mayOn(ctx, "readValue", place, { key: row.last_key, tags: row.last_tags }),
    })),
  )
  return rows.map((row, index) => ({ row, opened: opened[index] ?? nothingOpened, place }))
}
