import { run, type Queries } from "../db/database.ts"

/** A membership that ends soon, and whom to tell. */
export type EndingMembership = {
  org_id: string
  id: string
  valid_until: Date
  group_name: string
  organization_name: string
  /** Null: there is no address to write to. */ email: string | null
}

/*
 * Of what lasts less than twice the time of a notice, in its second half; of less than a day, nothing. The row is marked in
 * the statement that finds it, and passed over while somebody else does so.
 */
const claimSql = `
  with due as (
    select gm.org_id, gm.id from group_user_memberships gm
    join active_organization_user_memberships m on m.org_id = gm.org_id and m.id = gm.membership_id
    where not gm.is_closed and gm.valid_from <= statement_timestamp() and gm.valid_until > statement_timestamp()
      and gm.valid_until <= statement_timestamp() + $1 * interval '1 day'
      and gm.valid_until <= statement_timestamp() + (gm.valid_until - gm.valid_from) / 2
      and gm.valid_until - gm.valid_from >= interval '1 day'
      and gm.end_told is distinct from gm.valid_until
      and m.accepted_at is not null and m.deactivated_at is null
    order by gm.valid_until limit $2
    for update of gm skip locked
  ), told as (
    update group_user_memberships set end_told = valid_until
    where (org_id, id) in (select org_id, id from due)
    returning org_id, id, group_id, membership_id, valid_until
  )
  select told.org_id, told.id, told.valid_until, g.name as group_name, o.name as organization_name, u.email
  from told
  join groups g on g.org_id = told.org_id and g.id = told.group_id
  join organizations o on o.id = told.org_id
  join active_organization_user_memberships m on m.org_id = told.org_id and m.id = told.membership_id
  join users u on u.id = m.user_id`

/** Takes some memberships that end within so many days and of whose end nobody was told; nobody else takes them. */
export const claimEnding = (db: Queries, days: number, limit: number): Promise<EndingMembership[]> =>
  run<EndingMembership>(db, claimSql, [days, limit])

/** Gives those back that could not be told. */
export async function giveBack(db: Queries, memberships: readonly EndingMembership[]): Promise<void> {
  const text = `
  update group_user_memberships set end_told = null
  where (org_id, id) in (select * from unnest($1::uuid[], $2::uuid[]))`
  await run(db, text, [memberships.map(({ org_id: orgId }) => orgId), memberships.map(({ id }) => id)])
}
