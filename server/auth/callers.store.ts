import { run, type Queries } from "../db/database.ts"
import type { Facts } from "../db/facts.ts"

export type UserRow = {
  access_version: number
  is_ended: boolean
  /** Whether its last use was noted long enough ago to note this one. */ is_use_due: boolean
  username: string
  email: string | null
  is_accepted: boolean
  is_super_admin: boolean
  is_mfa_enabled: boolean
  is_mfa_verified: boolean
  /** Absent when the person is no member of the selected organization. */ membership_id: string | null
  is_inactive: boolean
  uses_new_privilege_system: boolean
  /** What the held roles mean, see the views `held_…_roles`. */ roles: string[]
}

export type MachineRow = {
  is_revoked: boolean
  is_expired: boolean
  /** Has a limit of uses, so that this one must be counted. */ is_limited: boolean
  /** From where the token may be used; absent where that is everywhere. */ trusted_ips: string[] | null
  is_instance_admin: boolean
  name: string
  membership_id: string | null
  uses_new_privilege_system: boolean
  roles: string[]
}

type AnyFacts = Facts<unknown, unknown[]>

/** What else the statement reads, and from where. */
const factsOf = (facts: AnyFacts | undefined): { columns: string; join: string } =>
  facts ? { columns: ", f.*", join: `left join lateral (${facts.sql}) f on true` } : { columns: "", join: "" }

const userSql = (facts: AnyFacts | undefined): string => `
  select s.access_version, s.ended_at is not null as is_ended,
    s.last_used_at < statement_timestamp() - interval '1 minute' as is_use_due,
    u.username, u.email, u.is_accepted, u.is_super_admin,
    u.is_mfa_enabled, s.mfa_verified_at is not null as is_mfa_verified,
    m.id as membership_id, m.deactivated_at is not null as is_inactive,
    coalesce(o.uses_new_privilege_system, true) as uses_new_privilege_system,
    array(
      select role_key from held_user_roles where org_id = $1 and membership_id = m.id
    ) as roles
    ${factsOf(facts).columns}
  from sessions s
  join users u on u.id = s.user_id
  left join active_organization_user_memberships m
    on m.org_id = $1::uuid and m.user_id = u.id and m.accepted_at is not null
  left join organizations o on o.id = $1
  ${factsOf(facts).join}
  where s.id = $2 and s.user_id = $3 and not s.is_removed`

const machineSql = (facts: AnyFacts | undefined): string => `
  select t.revoked_at is not null or a.removed_at is not null as is_revoked,
    coalesce(t.expires_at <= statement_timestamp(), false) as is_expired, t.num_uses_limit > 0 as is_limited,
    nullif(a.access_token_trusted_ips, '{0.0.0.0/0,::/0}') as trusted_ips,
    i.name, i.is_instance_admin, m.id as membership_id,
    o.uses_new_privilege_system,
    array(
      select role_key from held_identity_roles where org_id = $1 and membership_id = m.id
    ) as roles
    ${factsOf(facts).columns}
  from identity_access_tokens t
  join identity_auth_methods a on a.org_id = t.org_id and a.id = t.auth_method_id
  join organizations o on o.id = t.org_id
  join identities i on i.org_id = t.org_id and i.id = t.identity_id and i.deleted_at is null
  left join active_organization_identity_memberships m on m.org_id = $1 and m.identity_id = i.id
  ${factsOf(facts).join}
  where t.org_id = $1::uuid and t.id = $2 and t.identity_id = $3`

const texts = new Map<AnyFacts | undefined, { user: string; machine: string }>()

function textsWith(facts: AnyFacts | undefined): { user: string; machine: string } {
  const known = texts.get(facts)
  if (known) return known
  const made = { user: userSql(facts), machine: machineSql(facts) }
  texts.set(facts, made)
  return made
}

/** What to read beside the caller, with the values of this request. */
export type WithFacts = { facts: AnyFacts; values: unknown[] } | undefined

/** The person of a session, with membership and roles in the selected organization (null: none selected). */
export async function userCaller(
  db: Queries,
  ids: { orgId: string | null; sessionId: string; userId: string },
  also: WithFacts,
): Promise<UserRow | undefined> {
  const values = [ids.orgId, ids.sessionId, ids.userId, ...(also?.values ?? [])]
  const [row] = await run<UserRow>(db, textsWith(also?.facts).user, values)
  return row
}

/** The machine identity of an access token, with its membership and roles in its organization. */
export async function machineCaller(
  db: Queries,
  ids: { orgId: string; tokenId: string; identityId: string },
  also: WithFacts,
): Promise<MachineRow | undefined> {
  const values = [ids.orgId, ids.tokenId, ids.identityId, ...(also?.values ?? [])]
  const [row] = await run<MachineRow>(db, textsWith(also?.facts).machine, values)
  return row
}
