import { auditInsertFrom, auditValues, type AuditRow } from "../db/audit-row.ts"
import { run, type Queries } from "../db/database.ts"

/** What a client id and a client secret name, and what stands in the way of a login; of now. */
export type LoginRow = {
  org_id: string
  org_slug: string
  identity_id: string
  identity_name: string
  auth_method_id: string
  access_token_ttl_seconds: number
  access_token_max_ttl_seconds: number
  access_token_num_uses_limit: number
  access_token_period_seconds: number
  /** From where client secrets may be used; absent where that is everywhere. */ trusted_ips: string[] | null
  is_lockout_enabled: boolean
  lockout_threshold: number
  lockout_duration_seconds: number
  lockout_counter_reset_seconds: number
  is_locked: boolean
  /** Absent when no client secret of the client id has this hash, or it was revoked. */
  client_secret_id: string | null
  is_secret_expired: boolean
  is_secret_limited: boolean
  is_secret_used_up: boolean
}

const readSql = `
  select u.org_id, o.slug as org_slug, i.id as identity_id, i.name as identity_name, a.id as auth_method_id,
    a.access_token_ttl_seconds::float8, a.access_token_max_ttl_seconds::float8,
    a.access_token_num_uses_limit::float8, a.access_token_period_seconds::float8,
    nullif(u.client_secret_trusted_ips, '{0.0.0.0/0,::/0}') as trusted_ips,
    u.is_lockout_enabled, u.lockout_threshold, u.lockout_duration_seconds, u.lockout_counter_reset_seconds,
    u.is_lockout_enabled and coalesce(l.locked_until > statement_timestamp(), false) as is_locked,
    s.id as client_secret_id, coalesce(s.expires_at <= statement_timestamp(), false) as is_secret_expired,
    coalesce(s.num_uses_limit > 0, false) as is_secret_limited,
    coalesce(s.num_uses_limit > 0 and s.num_uses >= s.num_uses_limit, false) as is_secret_used_up
  from identity_universal_auths u
  join identity_auth_methods a on a.org_id = u.org_id and a.id = u.id and a.removed_at is null
  join identities i on i.org_id = a.org_id and i.id = a.identity_id and i.deleted_at is null
  join organizations o on o.id = u.org_id
  left join identity_lockouts l
    on l.org_id = i.org_id and l.identity_id = i.id and l.method = 'universal-auth' and l.source = $3
  left join identity_client_secrets s
    on s.org_id = u.org_id and s.auth_method_id = u.id and s.secret_hash = $2 and s.revoked_at is null
  where u.client_id = $1`

/** The client id, and of its client secrets the one with this hash; undefined when nobody has the client id. */
export async function loginOf(
  db: Queries,
  { clientId, secretHash, source }: { clientId: string | null; secretHash: string; source: string },
): Promise<LoginRow | undefined> {
  const [row] = await run<LoginRow>(db, readSql, [clientId, secretHash, source])
  return row
}

/*
 * The client secret is looked at again as it is at this moment, and its use counted where it has a limit: of any
 * number at once, as many pass as are left. Token, end of the lock-out's count and audit row come of that row or
 * not at all.
 */
const writeSql = `
  with good as (
    select s.id, s.num_uses_limit > 0 as is_limited
    from identity_client_secrets s
    where s.org_id = $1 and s.id = $2 and s.revoked_at is null
      and (s.expires_at is null or s.expires_at > statement_timestamp())
      and not ($12::boolean and exists (
        select from identity_lockouts l
        where l.org_id = $1 and l.identity_id = $3 and l.method = 'universal-auth' and l.source = $4
          and l.locked_until > statement_timestamp()
      ))
  ), used as (
    update identity_client_secrets s
    set num_uses = s.num_uses + 1
    from good
    where s.org_id = $1 and s.id = good.id and good.is_limited
      and s.revoked_at is null and s.num_uses < s.num_uses_limit
    returning s.id
  ), secret as (
    select id from good where not is_limited union all select id from used
  ), made as (
    insert into identity_access_tokens (org_id, id, identity_id, auth_method, auth_method_id, client_secret_id,
      num_uses_limit, ttl_seconds, max_ttl_seconds, period_seconds, expires_at)
    select $1, $5, $3, 'universal-auth', $6, secret.id, $7, $8, $9, $10,
      case when $8::bigint > 0 then statement_timestamp() + make_interval(secs => $11::float8) end
    from secret
    returning id
  ), cleared as (
    update identity_lockouts
    set failures = 0, locked_until = null
    where org_id = $1 and identity_id = $3 and method = 'universal-auth' and source = $4
      and (failures > 0 or locked_until is not null) and exists (select from made)
  ), recorded as (${auditInsertFrom("made", 13)})
  select exists (select from recorded) as is_made`

export type NewLogin = {
  orgId: string
  clientSecretId: string
  identityId: string
  source: string
  tokenId: string
  authMethodId: string
  numUsesLimit: number
  ttlSeconds: number
  maxTtlSeconds: number
  periodSeconds: number
  isLockoutEnabled: boolean
}

/** Writes the token of a login with its audit row, in one statement; false when its client secret is not good now. */
export async function insertLogin(db: Queries, login: NewLogin, audit: AuditRow): Promise<boolean> {
  const values = [
    login.orgId,
    login.clientSecretId,
    login.identityId,
    login.source,
    login.tokenId,
    login.authMethodId,
    login.numUsesLimit,
    login.ttlSeconds,
    login.maxTtlSeconds,
    login.periodSeconds,
    login.ttlSeconds,
    login.isLockoutEnabled,
    ...auditValues(audit),
  ]
  const [outcome] = await run<{ is_made: boolean }>(db, writeSql, values)
  return outcome?.is_made ?? false
}
