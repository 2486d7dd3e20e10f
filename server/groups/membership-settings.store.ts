import { run, type Queries } from "../db/database.ts"

/** For how long memberships in a group last that are given without an end, as it was sent; null for no end. */
export async function lifetimeOf(db: Queries, orgId: string, groupId: string): Promise<string | null> {
  const text = "select membership_lifetime_text as lifetime from groups where org_id = $1 and id = $2"
  const [row] = await run<{ lifetime: string | null }>(db, text, [orgId, groupId])
  return row?.lifetime ?? null
}

export async function setLifetime(
  db: Queries,
  group: { orgId: string; id: string },
  lifetime: { text: string; ms: number } | null,
): Promise<void> {
  const text = `
  update groups
  set membership_lifetime_text = $3, membership_lifetime_ms = $4, updated_at = statement_timestamp()
  where org_id = $1 and id = $2`
  await run(db, text, [group.orgId, group.id, lifetime?.text ?? null, lifetime?.ms ?? null])
}
