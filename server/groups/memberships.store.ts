import { run, type Queries } from "../db/database.ts"

export type MemberKind = "user" | "machineIdentity"

/** A membership that is not over; what only the other kind has is absent. */
export type Membership = {
  kind: MemberKind
  id: string
  username: string | null
  name: string | null
  valid_from: Date
  valid_until: Date | null
  sources: string[]
}

export type MembershipFilter = {
  orgId: string
  groupId: string
  state: "active" | "toCome" | undefined
  endsBefore: Date | undefined
  limit: number
  offset: number
}

const matching = `
  from (
    select 'user' as kind, m.user_id as id, m.username, null as name, gm.valid_from, gm.valid_until, gm.sources
    from open_group_user_memberships gm
    join active_organization_user_memberships m on m.org_id = gm.org_id and m.id = gm.membership_id
    where gm.org_id = $1 and gm.group_id = $2
    union all
    select 'machineIdentity', i.id, null, i.name, gm.valid_from, gm.valid_until, gm.sources
    from open_group_identity_memberships gm
    join active_organization_identity_memberships m on m.org_id = gm.org_id and m.id = gm.membership_id
    join identities i on i.org_id = m.org_id and i.id = m.identity_id and i.deleted_at is null
    where gm.org_id = $1 and gm.group_id = $2
  ) open
  where ($3::boolean is null or (valid_from > statement_timestamp()) = $3)
    and ($4::timestamptz is null or valid_until < $4)`

/** The memberships of a group that are not over, those that end first before the others; and how many match. */
export async function membershipsOf(
  db: Queries,
  { orgId, groupId, state, endsBefore, limit, offset }: MembershipFilter,
): Promise<{ memberships: Membership[]; totalCount: number }> {
  const isToCome = state === undefined ? null : state === "toCome"
  const asked = [orgId, groupId, isToCome, endsBefore?.toISOString() ?? null]
  const [counted] = await run<{ count: number }>(db, `select count(*)::int as count ${matching}`, asked)
  const page = `
  select * ${matching}
  order by valid_until nulls last, valid_from, id limit $5 offset $6`
  const memberships = await run<Membership>(db, page, [...asked, limit, offset])
  return { memberships, totalCount: counted?.count ?? 0 }
}
