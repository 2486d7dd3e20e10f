import { run, type Queries } from "../db/database.ts"

type Tables = {
  /** What the caller has signed in with. */ credentials: string
  memberships: string
  grants: string
  groupMemberships: string
}

const tables: Record<"user" | "machine", Tables> = {
  user: {
    credentials: "sessions where id = $3",
    memberships: "organization_user_memberships",
    grants: "organization_user_role_grants",
    groupMemberships: "group_user_memberships",
  },
  machine: {
    credentials: "identity_access_tokens where org_id = $1 and id = $3",
    memberships: "organization_identity_memberships",
    grants: "organization_identity_role_grants",
    groupMemberships: "group_identity_memberships",
  },
}

const holdSql = ({ credentials, memberships, grants, groupMemberships }: Tables): string => `
  with credential as (
    select id from ${credentials} for share
  ), place as (
    select id from ${memberships} where org_id = $1 and id = $2 for share
  ), own as (
    select custom_role_id from ${grants} where org_id = $1 and membership_id = $2 and not is_closed for share
  ), in_groups as (
    select group_id from ${groupMemberships}
    where org_id = $1 and membership_id = $2 and not is_closed for share
  ), of_groups as (
    select custom_role_id from group_role_grants
    where org_id = $1 and not is_closed and group_id in (select group_id from in_groups) for share
  ), roles as (
    select id from organization_roles
    where org_id = $1
      and id in (select custom_role_id from own union select custom_role_id from of_groups) for share
  )
  select (select count(*) from credential) + (select count(*) from place) + (select count(*) from roles) as held`

const texts = { user: holdSql(tables.user), machine: holdSql(tables.machine) }

/**
 * Keeps what a caller acts by as it is until the transaction ends: the session or token, the place in the organization,
 * its roles, its groups, their roles, and what the roles allow. Waits for whoever is changing any of it.
 */
export async function holdStanding(
  db: Queries,
  caller: { kind: "user" | "machine"; orgId: string; membershipId: string; credentialId: string },
): Promise<void> {
  await run(db, texts[caller.kind], [caller.orgId, caller.membershipId, caller.credentialId])
}
