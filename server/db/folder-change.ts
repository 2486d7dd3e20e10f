import { run, type Queries } from "./database.ts"

/** Who writes. */
export type Writer = { kind: "user" | "identity" | "service"; id: string }

/**
 * A piece of SQL that notes a change of each folder of the rows in `source`, which have `org_id`, `project_id`,
 * `environment_id` and `folder_id`: once a transaction. `kind` and `id` are the parameters that say who made it.
 */
export const folderChangeFrom = (source: string, [kind, id]: [kind: string, id: string]): string => `
  insert into folder_changes (org_id, project_id, environment_id, folder_id, actor_kind, actor_id)
  select c.org_id, c.project_id, c.environment_id, c.folder_id, ${kind}::text, ${id}::uuid
  from (select distinct org_id, project_id, environment_id, folder_id from ${source}) c
  on conflict (org_id, folder_id, changed_at, actor_id) do nothing
  returning id`

const noteSql = folderChangeFrom(
  `(
    select org_id, project_id, environment_id, id as folder_id from folders
    where org_id = $1 and id = $2
  ) changed`,
  ["$3", "$4"],
)

/** Notes that a folder is changed by this transaction, for its history. */
export async function noteFolderChange(
  db: Queries,
  { orgId, folderId, writer }: { orgId: string; folderId: string; writer: Writer },
): Promise<void> {
  await run(db, noteSql, [orgId, folderId, writer.kind, writer.id])
}
