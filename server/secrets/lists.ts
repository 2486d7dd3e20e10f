import { recordRead } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { importedBy, type Found, type Imported } from "../imports/imported.ts"
import { expandAll, referencePlaces } from "./expansion.ts"
import * as store from "./lists.store.ts"
import { callerOf, maySeeAll, mayOn, requirePlace, type Place } from "./places.ts"
import { eventPlace, refers, show, type Seen } from "./secrets.ts"
import type { SecretRow } from "./secrets.store.ts"

export { folderFacts } from "./lists.store.ts"

export type ListQuery = Place & {
  recursive: boolean
  viewSecretValue: boolean
  /** Whether what the folders import is listed, too. */ withImports: boolean
  /** Whether the values of others are put in place of references. */ expandSecretReferences: boolean
  /** Whether the caller's personal secrets are listed, each before the shared one of its name. */ personal: boolean
  tagSlugs: string[]
  metadataFilter: { key: string; value: string }[]
  /** What a list of a folder that is not there is: empty, as older clients are used to, or 404. */
  absent: "empty" | "refused"
}

/** What a list answers: the secrets of folders, and what those import. */
export type Listed = {
  secrets: Seen[]
  imports: SeenImport[]
  /** Whether nothing but the folder's own secrets has a part in it. */ isWhole: boolean
}
/** What a folder imports, as its reader may see it. */
export type SeenImport = Omit<Imported, "secrets"> & { secrets: Seen[] }

/** The secrets of a folder, or with `recursive` also of those below it, that the caller may see; by path and name. */
export async function listSecrets(
  ctx: ProjectContext,
  query: ListQuery,
  facts: store.FolderFacts,
): Promise<Listed> {
  const found = await foundIn(ctx, query, facts)
  const isWanted = ({ row }: Found): boolean =>
    hasTag(row, query.tagSlugs) && hasMetadata(row, query.metadataFilter)
  const secrets = found.filter(
    (each) =>
      (query.personal || each.row.owner_id === null) &&
      mayOn(ctx, "describeSecret", each.place, each.row) &&
      isWanted(each),
  )
  // Who could see nothing there, whatever there is, is not told that there is nothing.
  if (secrets.length === 0) maySeeAll(ctx, query)
  const imports = (await importsUnder(ctx, query, facts)).map((each) => ({
    ...each,
    secrets: each.secrets.filter(isWanted),
  }))
  const all = [secrets, ...imports.map((each) => each.secrets)].flat()
  const opened = await show(ctx, all, query.viewSecretValue)
  const { secrets: shown, read } = await expandAll(ctx, query.expandSecretReferences ? opened : [])
  await recordRead(ctx, "get-secrets", {
    ...eventPlace(ctx, query),
    numberOfSecrets: secrets.length,
    ...importEvents(imports),
    ...referencePlaces(read),
  })
  const answered = query.expandSecretReferences ? shown : opened
  const isWhole = !query.expandSecretReferences || !opened.some(refers)
  return { isWhole, secrets: answered.splice(0, secrets.length), imports: dealtOut(imports, answered) }
}

/** Imports with what was opened of their secrets, in the same order. */
const dealtOut = (imports: Imported[], opened: Seen[]): SeenImport[] =>
  imports.map((each) => ({ ...each, secrets: opened.splice(0, each.secrets.length) }))

async function importsUnder(
  ctx: ProjectContext,
  { withImports, secretPath, recursive }: ListQuery,
  facts: store.FolderFacts,
): Promise<Imported[]> {
  const { fact_environment_id: environmentId, fact_folder_id: folderId, fact_has_imports: hasImports } = facts
  if (!withImports || environmentId === null || folderId === null) return []
  if (!recursive) return hasImports ? importedBy(ctx, [folderId]) : []
  return importedBy(
    ctx,
    await store.importersUnder(ctx.db, { orgId: ctx.actor.orgId, environmentId }, secretPath),
  )
}

/** Opens what the caller may read of what folders import. */
export async function showImports(
  ctx: ProjectContext,
  imports: Imported[],
  viewSecretValue: boolean,
): Promise<SeenImport[]> {
  const found = imports.flatMap(({ secrets }) => secrets)
  return dealtOut(imports, await show(ctx, found, viewSecretValue))
}

/** What the audit log tells of imports that were read: nothing where there are none. */
export const importEvents = (imports: Imported[]) =>
  imports.length === 0
    ? {}
    : {
        imports: imports.map(({ environment, secretPath, secrets }) => ({
          environment: environment.slug,
          secretPath,
          numberOfSecrets: secrets.length,
        })),
      }

async function foundIn(ctx: ProjectContext, query: ListQuery, facts: store.FolderFacts): Promise<Found[]> {
  const { environment, secretPath, recursive } = query
  const place = { environment, secretPath }
  const { fact_environment_id: environmentId, fact_folder_id: folderId } = facts
  if (environmentId === null || folderId === null) {
    if (maySeeAll(ctx, place) && query.absent === "refused") requirePlace(ctx, place, facts, "NotFound")
    return []
  }
  const reader = { orgId: ctx.actor.orgId, environmentId, readerId: callerOf(ctx).id }
  const rows = await store.secretsUnder(ctx.db, reader, secretPath, recursive)
  return rows.map((row) => ({ row, place: { environment, secretPath: row.path } }))
}

const hasTag = ({ tags }: SecretRow, wanted: readonly string[]): boolean =>
  wanted.length === 0 || tags.some(({ slug }) => wanted.includes(slug))

const hasMetadata = ({ metadata }: SecretRow, wanted: ListQuery["metadataFilter"]): boolean =>
  wanted.every(({ key, value }) => metadata.some((pair) => pair.key === key && pair.value === value))

/**
 * The name of a list: all that it depends on, so that whoever asks for the same is answered the same. The state of the
 * folder is part of it, as the database knew it when this request was judged. Undefined for one that has other parts.
 */
export function nameOfList(
  ctx: ProjectContext,
  query: ListQuery,
  facts: store.FolderFacts,
): string | undefined {
  const { fact_folder_id: folderId, fact_state: state } = facts
  const hasOthers =
    query.recursive ||
    query.tagSlugs.length > 0 ||
    query.metadataFilter.length > 0 ||
    (query.withImports && facts.fact_has_imports) ||
    (query.personal && facts.fact_has_personal)
  if (hasOthers || folderId === null || state === null) return undefined
  const { environment, secretPath, viewSecretValue, expandSecretReferences } = query
  const { id: projectId, rights } = ctx.project
  return JSON.stringify([
    projectId,
    folderId,
    state,
    rights.number,
    environment,
    secretPath,
    viewSecretValue,
    expandSecretReferences,
  ])
}

/** A list that was kept under this name, recorded as read once more. */
export async function findKept(ctx: ProjectContext, query: Place, name: string) {
  const kept = ctx.services.keptAnswers.find(name)
  if (!kept) return undefined
  await recordRead(ctx, "get-secrets", {
    ...eventPlace(ctx, query),
    numberOfSecrets: kept.numberOfSecrets,
  })
  return kept
}
