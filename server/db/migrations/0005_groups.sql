-- Groups, their role in the organization, and the people in them.

create table groups (
  org_id uuid not null,
  id uuid not null,
  name text not null,
  slug text collate "C" not null,
  sort_key text collate "C" not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A deleted group keeps its row, since the intervals of its members keep theirs.
  deleted_at timestamptz,
  constraint groups_pkey primary key (org_id, id),
  constraint groups_belong_to_organizations foreign key (org_id) references organizations (id)
);
create unique index group_names_are_unique on groups (org_id, name) where deleted_at is null;
create unique index group_slugs_are_unique on groups (org_id, slug) where deleted_at is null;
create index groups_in_order on groups (org_id, sort_key, id) where deleted_at is null;

create table group_role_grants (
  org_id uuid not null,
  id uuid not null,
  group_id uuid not null,
  role text collate "C" not null,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  constraint group_role_grants_pkey primary key (org_id, id),
  constraint group_role_grants_belong_to_groups
    foreign key (org_id, group_id) references groups (org_id, id),
  constraint group_role_is_known check (role in ('admin', 'member', 'no-access')),
  constraint group_role_grant_ends_after_it_begins check (valid_until >= valid_from),
  constraint group_role_grant_closed_has_an_end check (not is_closed or valid_until is not null)
);
create unique index one_open_role_per_group on group_role_grants (org_id, group_id) where not is_closed;

create view active_group_role_grants as
  select * from group_role_grants
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());

create table group_user_memberships (
  org_id uuid not null,
  id uuid not null,
  group_id uuid not null,
  -- The place in the organization, not the account: who left and came back does not find the old groups again.
  membership_id uuid not null,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  constraint group_user_memberships_pkey primary key (org_id, id),
  constraint group_user_memberships_belong_to_groups
    foreign key (org_id, group_id) references groups (org_id, id),
  constraint group_user_memberships_belong_to_members
    foreign key (org_id, membership_id) references organization_user_memberships (org_id, id),
  constraint group_user_membership_ends_after_it_begins check (valid_until >= valid_from),
  constraint group_user_membership_closed_has_an_end check (not is_closed or valid_until is not null)
);
create unique index one_open_membership_per_user_and_group
  on group_user_memberships (org_id, group_id, membership_id) where not is_closed;
create index group_user_memberships_by_member
  on group_user_memberships (org_id, membership_id) where not is_closed;

create view active_group_user_memberships as
  select * from group_user_memberships
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());
