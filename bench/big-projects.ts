import type pg from "pg"

/** Projects of a big organization, of which a person is in many by groups. */
export type Sizes = {
  projects: number
  /** Of the projects, those that the person is in. */ ofPerson: number
  /** Groups that open them, all of which the person is in. */ groups: number
}

/**
 * Makes projects with three environments each. The groups, which are the organization's first, open the first of the
 * projects to the person, each so many; one project more has all the groups, each with two roles of its own that hang
 * on conditions. Returns the id of that one.
 */
export async function makeProjects(
  client: pg.Client,
  { orgId, userId }: { orgId: string; userId: string },
  { projects, ofPerson, groups }: Sizes,
): Promise<string> {
  await client.query("begin")
  await client.query("set local synchronous_commit = off")
  await client.query(projectsSql, [orgId, projects + 1])
  await client.query(joinSql, [orgId, userId, groups])
  await client.query(openSql, [orgId, ofPerson, groups])
  const { rows } = await client.query<{ id: string }>(rolesSql, [orgId, projects + 1, groups])
  await client.query("commit")
  await client.query("vacuum (analyze)")
  await client.query("checkpoint")
  const [project] = rows
  if (!project) throw new Error("There is no project with conditions.")
  return project.id
}

const projectsSql = `
  with made as (
    insert into projects (org_id, id, name, slug, sort_key, type)
    select $1::uuid, uuidv7(), 'Big project ' || md5(n::text), 'big-project-' || n, 'big project ' || md5(n::text),
      'secret-manager'
    from generate_series(1, $2::integer) n
    returning id
  )
  insert into environments (org_id, project_id, id, name, slug, position)
  select $1::uuid, made.id, uuidv7(), e.name, e.slug, e.position
  from made, (values ('Development', 'dev', 1), ('Staging', 'staging', 2), ('Production', 'prod', 3))
    as e(name, slug, position)`

const numberedGroups = `
  select id, slug, substring(slug from '\\d+$')::integer as n from groups
  where org_id = $1::uuid and slug like 'big-group-%'`
const numberedProjects = `
  select id, slug, substring(slug from '\\d+$')::integer as n from projects
  where org_id = $1::uuid and slug like 'big-project-%'`

// The first group has everybody in it, the second nobody: the person's groups come after them.
const joinSql = `
  insert into group_user_memberships (org_id, id, group_id, membership_id)
  select $1::uuid, uuidv7(), g.id, m.id
  from organization_user_memberships m, (${numberedGroups}) g
  where m.org_id = $1::uuid and m.user_id = $2::uuid and g.n between 3 and 2 + $3::integer`

const openSql = `
  with opened as (
    insert into project_group_memberships (org_id, project_id, id, group_id)
    select $1::uuid, p.id, uuidv7(), g.id
    from (${numberedProjects}) p join (${numberedGroups}) g on g.n = 3 + p.n % $3::integer
    where p.n <= $2::integer
    returning id, project_id
  )
  insert into project_group_role_grants (org_id, project_id, id, project_membership_id, role)
  select $1::uuid, project_id, uuidv7(), id, 'viewer' from opened`

const rolesSql = `
  with project as (
    select id from projects where org_id = $1::uuid and slug = 'big-project-' || $2::integer
  ), roles as (
    insert into project_roles (org_id, project_id, id, slug, name, permissions)
    select $1::uuid, project.id, uuidv7(), 'role-' || n, 'Role ' || n, jsonb_build_array(
      jsonb_build_object('subject', 'secrets', 'action', jsonb_build_array('describeSecret', 'readValue'), 'conditions',
        jsonb_build_object(
          'environment', jsonb_build_object('$in', jsonb_build_array('dev', 'env-' || n)),
          'secretPath', jsonb_build_object('$glob', '/team-' || n || '/**'))),
      jsonb_build_object('subject', 'secrets', 'action', jsonb_build_array('edit'), 'conditions',
        jsonb_build_object('secretPath', jsonb_build_object('$eq', '/team-' || n))),
      jsonb_build_object('subject', 'secret-folders', 'action', jsonb_build_array('create'), 'conditions',
        jsonb_build_object('secretPath', jsonb_build_object('$glob', '/{{identity.username}}/' || n || '/**'))))
    from project, generate_series(1, 2 * $3::integer) n
    returning id, substring(slug from '\\d+$')::integer as n
  ), opened as (
    insert into project_group_memberships (org_id, project_id, id, group_id)
    select $1::uuid, project.id, uuidv7(), g.id
    from project, (${numberedGroups}) g where g.n between 3 and 2 + $3::integer
    returning id, group_id
  ), granted as (
    insert into project_group_role_grants (org_id, project_id, id, project_membership_id, role, custom_role_id)
    select $1::uuid, project.id, uuidv7(), opened.id, 'custom', roles.id
    from project, opened join (${numberedGroups}) g on g.id = opened.group_id
    join roles on (roles.n + 1) / 2 = g.n - 2
    returning 1
  )
  select id from project where (select count(*) from granted) = 2 * $3::integer`
