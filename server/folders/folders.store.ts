import { sql, type Selectable } from "kysely"
import { run, type Queries } from "../db/database.ts"
import { folderChangeFrom, type Writer } from "../db/folder-change.ts"
import { below } from "../db/paths.ts"
import type { Folders } from "../db/schema.ts"

export type FolderRow = Selectable<Folders> & { last_secret_modified: Date | null }
export { noteFolderChange } from "../db/folder-change.ts"
export type { Writer } from "../db/folder-change.ts"

type InProject = { orgId: string; projectId: string }
export type Tree = { orgId: string; projectId: string; environmentId: string }
const lastSecretModified = sql<Date | null>`(
  select max(greatest(s.updated_at, s.ended_at)) from secrets s
  where s.org_id = folders.org_id and s.folder_id = folders.id
)`.as("last_secret_modified")

const folders = (db: Queries, { orgId, projectId, environmentId }: Tree) =>
  db
    .selectFrom("folders")
    .selectAll()
    .select(lastSecretModified)
    .where("org_id", "=", orgId)
    .where("project_id", "=", projectId)
    .where("environment_id", "=", environmentId)
    .where("is_reserved", "=", false)
    .where("ended_at", "is", null)

/** Holds the folders of an environment as they lie, until the transaction ends: they are moved one after the other. */
export async function lockTree(db: Queries, tree: Tree): Promise<void> {
  await folders(db, tree).where("path", "=", "/").forNoKeyUpdate().executeTakeFirstOrThrow()
}

export const folderByPath = (db: Queries, tree: Tree, path: string): Promise<FolderRow | undefined> =>
  folders(db, tree).where("path", "=", path).executeTakeFirst()

export const folderInTree = (db: Queries, tree: Tree, id: string): Promise<FolderRow | undefined> =>
  folders(db, tree).where("id", "=", id).executeTakeFirst()

export const folderById = (
  db: Queries,
  { orgId, projectId }: InProject,
  id: string,
): Promise<FolderRow | undefined> =>
  db
    .selectFrom("folders")
    .selectAll()
    .select(lastSecretModified)
    .where("org_id", "=", orgId)
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("is_reserved", "=", false)
    .where("ended_at", "is", null)
    .executeTakeFirst()

/** The folders that lie in one, or with `isDeep` also those within them; by their paths. */
export async function foldersIn(
  db: Queries,
  tree: Tree,
  { id, path }: { id: string; path: string },
  isDeep: boolean,
): Promise<FolderRow[]> {
  if (!isDeep) return folders(db, tree).where("parent_id", "=", id).orderBy("path").execute()
  const { from, to } = below(path)
  return folders(db, tree).where("path", ">", from).where("path", "<", to).orderBy("path").execute()
}

export type NewFolder = {
  id: string
  parent_id: string
  name: string
  path: string
  description: string | null
}

export async function insertFolder(db: Queries, tree: Tree, folder: NewFolder): Promise<FolderRow> {
  const { orgId: org_id, projectId: project_id, environmentId: environment_id } = tree
  const made = await db
    .insertInto("folders")
    .values({ org_id, project_id, environment_id, ...folder })
    .returningAll()
    .executeTakeFirstOrThrow()
  return { ...made, last_secret_modified: null }
}

const moveSql = `
  update folders set path = $4::text || substr(path, length($3::text) + 1)
  where org_id = $1 and environment_id = $2 and ended_at is null and path > $5 and path < $6`

// What imports it goes on to import it.
const moveImportsSql = `
  with moved as (
    update secret_imports set source_path = $4::text || substr(source_path, length($3::text) + 1)
    where org_id = $1 and source_environment_id = $2 and ended_at is null
      and (source_path = $3 or (source_path > $5 and source_path < $6))
    returning org_id, project_id, environment_id, folder_id
  )
  ${folderChangeFrom("moved", ["$7", "$8"])}`

export type FolderChanges = { name: string; path: string; description: string | null | undefined }

/** Renames a folder, and with it the paths of all that lie in it; what is undefined stays. */
export async function updateFolder(
  db: Queries,
  { writer, ...tree }: Tree & { writer: Writer },
  old: FolderRow,
  changes: FolderChanges,
): Promise<FolderRow> {
  const changed = await db
    .updateTable("folders")
    .set({
      name: changes.name,
      path: changes.path,
      ...(changes.description === undefined ? {} : { description: changes.description }),
      version: old.version + 1,
      updated_at: sql<Date>`statement_timestamp()`,
    })
    .where("org_id", "=", tree.orgId)
    .where("id", "=", old.id)
    .returningAll()
    .executeTakeFirstOrThrow()
  if (old.path !== changes.path) {
    const { from, to } = below(old.path)
    const values = [tree.orgId, tree.environmentId, old.path, changes.path, from, to]
    await run(db, moveSql, values)
    await run(db, moveImportsSql, [...values, writer.kind, writer.id])
  }
  return { ...changed, last_secret_modified: old.last_secret_modified }
}

const inTree =
  "org_id = $1 and environment_id = $2 and ended_at is null and (path = $3 or (path > $4 and path < $5))"
const lockSql = `select id from folders where ${inTree} order by id for update`
// All at the time of the transaction, by which the history of what holds them is read.
const endSecretsSql = `
  update secrets set ended_at = now()
  where org_id = $1 and ended_at is null and folder_id in (select id from folders where ${inTree})`
const endImportsSql = `
  with ended as (
    update secret_imports set ended_at = now()
    where org_id = $1 and ended_at is null and (
      folder_id in (select id from folders where ${inTree})
      or (source_environment_id = $2 and (source_path = $3 or (source_path > $4 and source_path < $5)))
    )
    returning org_id, project_id, environment_id, folder_id
  )
  ${folderChangeFrom("ended", ["$6", "$7"])}`
const endSql = `update folders set ended_at = now() where ${inTree}`

/** Waits for secrets that are under way into a folder or one below it, and lets no other in until the transaction ends. */
export async function lockFolders(db: Queries, tree: Tree, path: string): Promise<void> {
  await run(db, lockSql, treeValues(tree, path))
}

/** Locks one folder: secrets that are under way into it come first, and no other gets in until the transaction ends. */
export async function lockFolder(db: Queries, tree: Tree, id: string): Promise<FolderRow | undefined> {
  return folders(db, tree).where("id", "=", id).forUpdate().executeTakeFirst()
}

/** Ends a folder that is locked, and all that lie in it, with their secrets, their imports, and what imports them. */
export async function endFolders(
  db: Queries,
  { writer, ...tree }: Tree & { writer: Writer },
  path: string,
): Promise<void> {
  await run(db, endSecretsSql, treeValues(tree, path))
  await run(db, endImportsSql, [...treeValues(tree, path), writer.kind, writer.id])
  await run(db, endSql, treeValues(tree, path))
}

function treeValues({ orgId, environmentId }: Tree, path: string): unknown[] {
  const { from, to } = below(path)
  return [orgId, environmentId, path, from, to]
}

const contentSql = `
  select exists (
    select from folders where org_id = $1 and parent_id = $2 and ended_at is null
  ) or exists (
    select from secrets where org_id = $1 and folder_id = $2 and ended_at is null
  ) or exists (
    select from secret_imports where org_id = $1 and folder_id = $2 and ended_at is null
  ) as is_filled`

/** Whether anything lies in a folder. */
export async function isFilled(db: Queries, { orgId }: Tree, id: string): Promise<boolean> {
  const [row] = await run<{ is_filled: boolean }>(db, contentSql, [orgId, id])
  return row?.is_filled ?? false
}
