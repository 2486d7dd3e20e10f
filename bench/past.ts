import type pg from "pg"

/**
 * Gives a big organization a past: everybody has joined a group, has left another, and has had another role in the
 * organization before. The first hundred people came two years ago, before all of that. The rows come from one another,
 * so that foreign keys are not checked.
 */
export async function makePast(client: pg.Client, orgId: string): Promise<void> {
  await client.query("begin")
  await client.query("set local session_replication_role = replica")
  await client.query("set local synchronous_commit = off")
  await client.query(beginningsSql, [orgId])
  await client.query(groupsSql, [orgId])
  await client.query(rolesSql, [orgId])
  await client.query("commit")
  await client.query("vacuum (analyze)")
  await client.query("checkpoint")
}

const beginningsSql = `
  update organization_user_memberships set valid_from = now() - interval '2 years'
  where org_id = $1::uuid
    and username = any (array(select 'big-' || n || '@example.com' from generate_series(1, 100) n))`

// The first hundred groups are kept for what needs groups of its own. Somebody is in a thousand groups already.
const groupsSql = `
  with numbered as (
    select id, row_number() over (order by id) as n from groups
    where org_id = $1::uuid and slug like 'big-group-%' and substring(slug from '\\d+$')::integer > 100
  ), people as (
    select id, 1 + row_number() over (order by id) % total.groups as n,
      1 + (5 + row_number() over (order by id)) % total.groups as next
    from organization_user_memberships, (select count(*) as groups from numbered) total
    where org_id = $1::uuid and username like 'big-%'
  ), left_again as (
    insert into group_user_memberships (org_id, id, group_id, membership_id, valid_from, valid_until, is_closed)
    select $1::uuid, uuidv7(), g.id, p.id, now() - interval '700 days', now() - interval '400 days', true
    from people p join numbered g on g.n = p.n
  )
  insert into group_user_memberships (org_id, id, group_id, membership_id, valid_from)
  select $1::uuid, uuidv7(), g.id, p.id, now() - interval '100 days'
  from people p join numbered g on g.n = p.next
  on conflict do nothing`

const rolesSql = `
  insert into organization_user_role_grants (org_id, id, membership_id, role, valid_from, valid_until, is_closed)
  select $1::uuid, uuidv7(), id, 'no-access', now() - interval '2 years', now() - interval '1 year', true
  from organization_user_memberships where org_id = $1::uuid and username like 'big-%'`
