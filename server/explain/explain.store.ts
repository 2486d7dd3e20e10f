import { run, type Queries } from "../db/database.ts"

export { arePrivilegesChanged, heldAt, holderAt } from "../db/held-at.ts"
export { heldByMany, type WayRow } from "../db/held-by-many.ts"
export type { HeldRow, HolderKind, HolderPlace, HolderRow } from "../db/held-at.ts"

/** Whether the organization has the project. */
export async function hasProject(db: Queries, orgId: string, projectId: string): Promise<boolean> {
  const text = "select from projects where org_id = $1 and id = $2 and deleted_at is null"
  const rows = await run(db, text, [orgId, projectId])
  return rows.length > 0
}
