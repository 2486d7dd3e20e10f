-- Members who are set inactive, what an organization notes about a member, and invitations that end unused.

alter table organization_user_memberships
  -- Absent while the member is active. An inactive one keeps the place, and every right in it is refused.
  add column deactivated_at timestamptz,
  -- [{id, key, value}], in the order in which it was given.
  add column metadata jsonb not null default '[]',
  add column last_login_at timestamptz,
  add column last_login_auth_method text collate "C";

create or replace view active_organization_user_memberships as
  select * from organization_user_memberships
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());

alter table invitations
  -- The place of who invited, a person or a machine identity: what they sent ends with their standing.
  add column inviter_membership_id uuid,
  -- Ended before it was used.
  add column ended_at timestamptz;
create index invitations_by_inviter on invitations (org_id, inviter_membership_id)
  where used_at is null and ended_at is null;
