import type pg from "pg"

/** Groups that everybody is in now, and as many that everybody has left. */
const groupsEach = 3

/**
 * Gives a big organization a past of two years: everybody is in three groups and has left three others, once every
 * half a year each, and everybody has had another role in the organization before. The rows come from one another, so
 * that foreign keys are not checked.
 */
export async function makePast(client: pg.Client, orgId: string): Promise<void> {
  await client.query("begin")
  await client.query("set local session_replication_role = replica")
  await client.query("set local synchronous_commit = off")
  await client.query(beginningsSql, [orgId])
  await client.query(groupsSql, [orgId, groupsEach])
  await client.query(rolesSql, [orgId])
  await client.query("commit")
  await client.query("vacuum (analyze)")
  await client.query("checkpoint")
}

// Everybody came before any of it.
const beginningsSql = `
  update organization_user_memberships set valid_from = now() - interval '2 years'
  where org_id = $1::uuid and username like 'big-%'`

// The first hundred groups are kept for what needs groups of its own. Somebody is in a thousand groups already.
const groupsSql = `
  with numbered as (
    select id, row_number() over (order by id) as n, count(*) over () as total from groups
    where org_id = $1::uuid and slug like 'big-group-%' and substring(slug from '\\d+$')::integer > 100
  ), people as (
    select id, row_number() over (order by id) as n from organization_user_memberships
    where org_id = $1::uuid and username like 'big-%'
  ), joined as (
    select p.id as membership_id, g.id as group_id, k.n as turn
    from people p cross join generate_series(1, 2 * $2::integer) as k(n)
    join numbered g on g.n = 1 + (p.n * 7 + k.n * 1301) % g.total
  ), left_again as (
    insert into group_user_memberships (org_id, id, group_id, membership_id, valid_from, valid_until, is_closed)
    select $1::uuid, uuidv7(), group_id, membership_id, t, t + interval '90 days', true
    from joined, generate_series(now() - interval '700 days', now() - interval '200 days', interval '180 days') t
    where turn <= $2::integer
  )
  insert into group_user_memberships (org_id, id, group_id, membership_id, valid_from)
  select $1::uuid, uuidv7(), group_id, membership_id, now() - interval '100 days'
  from joined where turn > $2::integer
  on conflict do nothing`

const rolesSql = `
  insert into organization_user_role_grants (org_id, id, membership_id, role, valid_from, valid_until, is_closed)
  select $1::uuid, uuidv7(), id, 'no-access', now() - interval '2 years', now() - interval '1 year', true
  from organization_user_memberships where org_id = $1::uuid and username like 'big-%'`
