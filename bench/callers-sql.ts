import type { Client, Person } from "./instance.ts"

/*
 * What the server asks of PostgreSQL for the callers that are measured, for pgbench to ask without a server: the same
 * tables by the same keys, as few statements as the server's.
 */

/** The look-up of a person's session with membership and roles. */
export const lookUpScript = ({ userId, sessionId }: Person, orgId: string): string => `
select s.access_version, s.ended_at is not null as is_ended, u.username, u.email, u.is_accepted, m.id,
  array(select role_key from held_user_roles where org_id = '${orgId}' and membership_id = m.id) as roles
from sessions s
join users u on u.id = s.user_id
left join active_organization_user_memberships m
  on m.org_id = '${orgId}'::uuid and m.user_id = u.id and m.accepted_at is not null
where s.id = '${sessionId}' and s.user_id = '${userId}' and not s.is_removed;
`

/** A client secret is read, then a token and its audit row are written. */
export const loginScript = ({ identityId, clientId }: Client, orgId: string): string => `
select u.org_id, i.id as identity_id, a.id as method_id, s.id as secret_id, s.expires_at
from identity_universal_auths u
join identity_auth_methods a on a.org_id = u.org_id and a.id = u.id and a.removed_at is null
join identities i on i.org_id = a.org_id and i.id = a.identity_id and i.deleted_at is null
left join identity_client_secrets s on s.org_id = u.org_id and s.auth_method_id = u.id and s.revoked_at is null
where u.client_id = '${clientId}' \\gset
with made as (
  insert into identity_access_tokens (org_id, id, identity_id, auth_method, auth_method_id, client_secret_id,
    num_uses_limit, ttl_seconds, max_ttl_seconds, period_seconds, expires_at)
  values ('${orgId}', uuidv7(), '${identityId}', 'universal-auth', :method_id::uuid, :secret_id::uuid, 0, 2592000,
    2592000, 0, statement_timestamp() + interval '30 days')
  returning id
)
insert into audit_logs
  (org_id, id, event_type, event_metadata, actor_type, actor_id, actor_metadata, ip_address, user_agent, user_agent_type)
select '${orgId}', uuidv7(), 'login-identity-universal-auth', :event::jsonb, 'identity', '${identityId}',
  :actor::jsonb, '127.0.0.1', 'bench', 'other' from made;
`
