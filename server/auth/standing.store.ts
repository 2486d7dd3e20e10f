import { run, type Queries } from "../db/database.ts"

type Tables = {
  /** What the caller has signed in with. */ credentials: string
  memberships: string
  grants: string
  groupMemberships: string
  /** What the tables of a project call its holder. */ inProject: "user" | "identity"
}

const tables: Record<"user" | "machine", Tables> = {
  user: {
    credentials: "sessions where id = $3",
    memberships: "organization_user_memberships",
    grants: "organization_user_role_grants",
    groupMemberships: "group_user_memberships",
    inProject: "user",
  },
  machine: {
    credentials: "identity_access_tokens where org_id = $1 and id = $3",
    memberships: "organization_identity_memberships",
    grants: "organization_identity_role_grants",
    groupMemberships: "group_identity_memberships",
    inProject: "identity",
  },
}

/** Each of these locks what it reads; a part that nobody counts would not be read at all. */
type Parts = Record<string, string>

const inOrganization = ({ credentials, memberships, grants, groupMemberships }: Tables): Parts => ({
  credential: `select id from ${credentials} for share`,
  place: `select id from ${memberships} where org_id = $1 and id = $2 for share`,
  own: `
    select custom_role_id from ${grants} where org_id = $1 and membership_id = $2 and not is_closed for share`,
  in_groups: `
    select group_id from ${groupMemberships}
    where org_id = $1 and membership_id = $2 and not is_closed for share`,
  of_groups: `
    select custom_role_id from group_role_grants
    where org_id = $1 and not is_closed and group_id in (select group_id from in_groups) for share`,
  roles: `
    select id from organization_roles
    where org_id = $1
      and id in (select custom_role_id from own union select custom_role_id from of_groups) for share`,
})

/** The project is `$4`. */
const inProject = ({ inProject: kind }: Tables): Parts => ({
  project_place: `
    select id from project_${kind}_memberships
    where org_id = $1 and project_id = $4 and membership_id = $2 and not is_closed for share`,
  project_own: `
    select custom_role_id from project_${kind}_role_grants
    where org_id = $1 and project_membership_id in (select id from project_place) and not is_closed for share`,
  project_groups: `
    select id from project_group_memberships
    where org_id = $1 and project_id = $4 and group_id in (select group_id from in_groups)
      and not is_closed for share`,
  project_of_groups: `
    select custom_role_id from project_group_role_grants
    where org_id = $1 and project_membership_id in (select id from project_groups) and not is_closed for share`,
  project_privileges: `
    select id from project_${kind}_privileges
    where org_id = $1 and project_id = $4 and membership_id = $2 and not is_closed for share`,
  project_roles_held: `
    select id from project_roles
    where org_id = $1 and id in (
      select custom_role_id from project_own union select custom_role_id from project_of_groups
    ) for share`,
})

function holdSql(parts: Parts): string {
  const names = Object.keys(parts)
  return `
  with ${names.map((name) => `${name} as (${parts[name]})`).join(",\n  ")}
  select ${names.map((name) => `(select count(*) from ${name})`).join(" + ")} as held`
}

const textsOf = (own: Tables) => ({
  organization: holdSql(inOrganization(own)),
  project: holdSql({ ...inOrganization(own), ...inProject(own) }),
})
const texts = { user: textsOf(tables.user), machine: textsOf(tables.machine) }

/** A service token acts by itself, in its project, and in environments by their names; its places never change. */
const serviceText = holdSql({
  token: "select id, project_id from service_tokens where org_id = $1 and id = $2 for share",
  its_project: `
    select id from projects where org_id = $1 and id in (select project_id from token) for share`,
  its_environments: `
    select id from environments
    where org_id = $1
      and id in (select environment_id from service_token_scopes where org_id = $1 and token_id = $2) for share`,
})

export type Standing = {
  kind: "user" | "machine" | "service"
  orgId: string
  membershipId: string
  credentialId: string
  /** The project in which the caller acts, if it is one. */ projectId: string | undefined
}

/**
 * Keeps what a caller acts by as it is until the transaction ends: the session or token, the place in the organization,
 * its roles, its groups, their roles, and what the roles allow; in a project, the same there, and the privileges; of a
 * service token what it has in place of these. Waits for whoever is changing any of it.
 */
export async function holdStanding(db: Queries, caller: Standing): Promise<void> {
  if (caller.kind === "service") {
    await run(db, serviceText, [caller.orgId, caller.credentialId])
    return
  }
  const values = [caller.orgId, caller.membershipId, caller.credentialId]
  const { organization, project } = texts[caller.kind]
  if (caller.projectId === undefined) await run(db, organization, values)
  else await run(db, project, [...values, caller.projectId])
}
