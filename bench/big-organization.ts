import type pg from "pg"

export type Sizes = { people: number; groups: number; machines: number }

/** What stands out in a big organization. */
export type BigOrganization = {
  /** Everybody and every machine identity is in it. */ fullGroupId: string
  /** Nobody is in it. */ emptyGroupId: string
  /** Somebody who is in a thousand groups besides. */ joiner: string
}

/**
 * Makes an organization big, each table by one statement: people and machine identities with all sorts of names, and
 * groups, of which one holds them all. The foreign keys are not checked, since these rows come from one another.
 */
export async function makeBig(client: pg.Client, orgId: string, sizes: Sizes): Promise<BigOrganization> {
  await client.query("begin")
  await client.query("set local session_replication_role = replica")
  await client.query("set local synchronous_commit = off")
  await client.query(peopleSql, [orgId, "big", 1, sizes.people])
  await client.query(machinesSql, [orgId, sizes.machines])
  await client.query(groupsSql, [orgId, sizes.groups])
  const [fullGroupId, emptyGroupId] = await Promise.all(
    [1, 2].map((group) => groupIdOf(client, orgId, group)),
  )
  if (!fullGroupId || !emptyGroupId) throw new Error("There are no groups.")
  await client.query(fillSql, [orgId, fullGroupId])
  const joiner = usernameOf("big", 1)
  await joinThousand(client, orgId, joiner)
  await client.query("commit")
  await client.query("vacuum (analyze)")
  await client.query("checkpoint")
  return { fullGroupId, emptyGroupId, joiner }
}

/** Puts a member into a thousand of the groups. */
export async function joinThousand(client: pg.Client, orgId: string, username: string): Promise<void> {
  await client.query(joinSql, [orgId, username])
}

/** More members, numbered on from `first`, who are in no group; their usernames begin with the given word. */
export async function addNewcomers(
  client: pg.Client,
  orgId: string,
  { word, first, count }: { word: string; first: number; count: number },
): Promise<string[]> {
  await client.query(peopleSql, [orgId, word, first, first + count - 1])
  return Array.from({ length: count }, (_, index) => usernameOf(word, first + index))
}

const usernameOf = (word: string, person: number): string => `${word}-${person}@example.com`

async function groupIdOf(client: pg.Client, orgId: string, group: number): Promise<string | undefined> {
  const text = "select id from groups where org_id = $1 and slug = 'big-group-' || $2::integer"
  const { rows } = await client.query<{ id: string }>(text, [orgId, group])
  return rows[0]?.id
}

const peopleSql = `
  with people as materialized (
    select n, $2::text || '-' || n || '@example.com' as username,
      initcap(left(translate(md5(n::text), '0123456789', ''), 6)) as first_name,
      uuidv7() as user_id, uuidv7() as membership_id
    from generate_series($3::integer, $4::integer) n
  ), accounts as (
    insert into users (id, username, email, first_name, last_name, is_accepted)
    select user_id, username, username, first_name, n::text, true from people
  ), members as (
    insert into organization_user_memberships
      (org_id, id, user_id, username, sort_key, search_key, accepted_at)
    select $1::uuid, membership_id, user_id, username, lower(first_name),
      lower(first_name) || ' ' || n || ' ' || username, now()
    from people
  )
  insert into organization_user_role_grants (org_id, id, membership_id, role)
  select $1::uuid, uuidv7(), membership_id, 'member' from people`

const machinesSql = `
  with machines as materialized (
    select 'big-' || md5(n::text) as name, uuidv7() as identity_id, uuidv7() as membership_id
    from generate_series(1, $2::integer) n
  ), accounts as (
    insert into identities (org_id, id, name, sort_key) select $1::uuid, identity_id, name, name from machines
  ), members as (
    insert into organization_identity_memberships (org_id, id, identity_id)
    select $1::uuid, membership_id, identity_id from machines
  )
  insert into organization_identity_role_grants (org_id, id, membership_id, role)
  select $1::uuid, uuidv7(), membership_id, 'no-access' from machines`

const groupsSql = `
  with made as (
    insert into groups (org_id, id, name, slug, sort_key)
    select $1::uuid, uuidv7(), 'Big group ' || md5(n::text), 'big-group-' || n, 'big group ' || md5(n::text)
    from generate_series(1, $2::integer) n
    returning id
  )
  insert into group_role_grants (org_id, id, group_id, role)
  select $1::uuid, uuidv7(), id, 'no-access' from made`

const fillSql = `
  with people as (
    insert into group_user_memberships (org_id, id, group_id, membership_id)
    select $1::uuid, uuidv7(), $2::uuid, id from organization_user_memberships
    where org_id = $1::uuid and username like 'big-%'
  )
  insert into group_identity_memberships (org_id, id, group_id, membership_id)
  select $1::uuid, uuidv7(), $2::uuid, m.id
  from organization_identity_memberships m
  join identities i on i.org_id = m.org_id and i.id = m.identity_id
  where m.org_id = $1::uuid and i.name like 'big-%'`

const joinSql = `
  insert into group_user_memberships (org_id, id, group_id, membership_id)
  select $1::uuid, uuidv7(), g.id, m.id
  from organization_user_memberships m
  join lateral (
    select id from groups
    where org_id = $1::uuid and slug like 'big-group-%' and slug not in ('big-group-1', 'big-group-2')
    order by id limit 1000
  ) g on true
  where m.org_id = $1::uuid and m.username = $2`
