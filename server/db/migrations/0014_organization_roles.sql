-- Custom roles of an organization. Built-in roles are code and have no rows.

create table organization_roles (
  org_id uuid not null,
  id uuid not null,
  slug text collate "C" not null,
  name text not null,
  description text,
  -- Rules in the order in which they were given, since a later one wins.
  permissions jsonb not null,
  -- Names the rules by what they say: who has parsed them once knows them by it, and cannot know old ones.
  rules_digest text collate "C" not null generated always as (md5(permissions::text)) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A deleted role keeps its row, since the intervals of its grants keep theirs.
  deleted_at timestamptz,
  constraint organization_roles_pkey primary key (org_id, id),
  constraint organization_roles_belong_to_organizations foreign key (org_id) references organizations (id),
  constraint organization_role_slug_is_not_reserved
    check (slug not in ('admin', 'member', 'no-access', 'custom'))
);
create unique index role_slugs_are_unique on organization_roles (org_id, slug) where deleted_at is null;

alter table organization_user_role_grants
  add column custom_role_id uuid,
  drop constraint organization_user_role_is_known,
  add constraint organization_user_role_is_known check (role in ('admin', 'member', 'no-access', 'custom')),
  add constraint organization_user_role_names_its_custom_role
    check ((role = 'custom') = (custom_role_id is not null)),
  add constraint organization_user_role_grants_name_roles
    foreign key (org_id, custom_role_id) references organization_roles (org_id, id);
drop index one_open_grant_per_user_and_role;
create unique index one_open_grant_per_user_and_role on organization_user_role_grants
  (org_id, membership_id, role, coalesce(custom_role_id, '00000000-0000-0000-0000-000000000000'))
  where not is_closed;
create index organization_user_role_grants_by_custom_role
  on organization_user_role_grants (org_id, custom_role_id) where not is_closed and custom_role_id is not null;
create or replace view active_organization_user_role_grants as
  select * from organization_user_role_grants
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());

alter table organization_identity_role_grants
  add column custom_role_id uuid,
  drop constraint organization_identity_role_is_known,
  add constraint organization_identity_role_is_known
    check (role in ('admin', 'member', 'no-access', 'custom')),
  add constraint organization_identity_role_names_its_custom_role
    check ((role = 'custom') = (custom_role_id is not null)),
  add constraint organization_identity_role_grants_name_roles
    foreign key (org_id, custom_role_id) references organization_roles (org_id, id);
drop index one_open_grant_per_identity_and_role;
create unique index one_open_grant_per_identity_and_role on organization_identity_role_grants
  (org_id, membership_id, role, coalesce(custom_role_id, '00000000-0000-0000-0000-000000000000'))
  where not is_closed;
create index organization_identity_role_grants_by_custom_role
  on organization_identity_role_grants (org_id, custom_role_id) where not is_closed and custom_role_id is not null;
create or replace view active_organization_identity_role_grants as
  select * from organization_identity_role_grants
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());

alter table group_role_grants
  add column custom_role_id uuid,
  drop constraint group_role_is_known,
  add constraint group_role_is_known check (role in ('admin', 'member', 'no-access', 'custom')),
  add constraint group_role_names_its_custom_role check ((role = 'custom') = (custom_role_id is not null)),
  add constraint group_role_grants_name_roles
    foreign key (org_id, custom_role_id) references organization_roles (org_id, id);
create index group_role_grants_by_custom_role
  on group_role_grants (org_id, custom_role_id) where not is_closed and custom_role_id is not null;
create or replace view active_group_role_grants as
  select * from group_role_grants
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());

-- Every role that somebody holds now, their own and those of their groups, each by a key that says what it means:
-- the slug of a built-in role, or the custom role with the digest of its rules.
create view held_user_roles as
  select g.org_id, g.membership_id,
    coalesce('custom:' || c.id || ':' || c.rules_digest, g.role) as role_key
  from (
    select org_id, membership_id, role, custom_role_id from active_organization_user_role_grants
    union all
    select gm.org_id, gm.membership_id, r.role, r.custom_role_id
    from active_group_user_memberships gm
    join active_group_role_grants r on r.org_id = gm.org_id and r.group_id = gm.group_id
  ) g
  left join organization_roles c on c.org_id = g.org_id and c.id = g.custom_role_id;

create view held_identity_roles as
  select g.org_id, g.membership_id,
    coalesce('custom:' || c.id || ':' || c.rules_digest, g.role) as role_key
  from (
    select org_id, membership_id, role, custom_role_id from active_organization_identity_role_grants
    union all
    select gm.org_id, gm.membership_id, r.role, r.custom_role_id
    from active_group_identity_memberships gm
    join active_group_role_grants r on r.org_id = gm.org_id and r.group_id = gm.group_id
  ) g
  left join organization_roles c on c.org_id = g.org_id and c.id = g.custom_role_id;
