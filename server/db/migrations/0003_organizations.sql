-- Organizations and who belongs to them. Every table of an organization leads its keys with org_id, and its
-- foreign keys carry it, so that a row of another tenant cannot be linked.
--
-- Memberships and grants are dated: valid_from, valid_until (absent: no end). A row that was ended is closed and
-- keeps its interval; none is deleted or rewritten. One open row per pair is a partial unique index; what is
-- active now is a view, judged by the clock of the database.

create table organizations (
  id uuid not null,
  name text not null,
  slug text collate "C" not null,
  default_role text collate "C" not null default 'member',
  uses_new_privilege_system boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint organizations_pkey primary key (id),
  constraint organization_slugs_are_unique unique (slug),
  constraint organization_default_role_is_known check (default_role in ('admin', 'member', 'no-access'))
);

create table organization_user_memberships (
  org_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  -- The name by which this organization knows the person, and copies of what lists sort and search by.
  username text collate "C" not null,
  sort_key text collate "C",
  search_key text collate "C" not null,
  invite_email text collate "C",
  -- Absent while the invitation is open; such a membership gives no right.
  accepted_at timestamptz,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  updated_at timestamptz not null default now(),
  constraint organization_user_memberships_pkey primary key (org_id, id),
  constraint organization_user_memberships_belong_to_organizations
    foreign key (org_id) references organizations (id),
  constraint organization_user_memberships_belong_to_users foreign key (user_id) references users (id),
  constraint organization_user_membership_ends_after_it_begins check (valid_until >= valid_from),
  constraint organization_user_membership_closed_has_an_end check (not is_closed or valid_until is not null)
);
create unique index one_open_membership_per_user_and_organization
  on organization_user_memberships (org_id, user_id) where not is_closed;
create unique index one_open_membership_per_username_and_organization
  on organization_user_memberships (org_id, username) where not is_closed;
create index organization_user_memberships_in_order
  on organization_user_memberships (org_id, sort_key, username, id) where not is_closed;
-- To find a person's organizations before one is chosen; the only way in that does not start from one.
create index organization_user_memberships_by_user on organization_user_memberships (user_id) where not is_closed;

create view active_organization_user_memberships as
  select * from organization_user_memberships
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());

create table organization_user_role_grants (
  org_id uuid not null,
  id uuid not null,
  membership_id uuid not null,
  role text collate "C" not null,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  constraint organization_user_role_grants_pkey primary key (org_id, id),
  constraint organization_user_role_grants_belong_to_memberships
    foreign key (org_id, membership_id) references organization_user_memberships (org_id, id),
  constraint organization_user_role_is_known check (role in ('admin', 'member', 'no-access')),
  constraint organization_user_role_grant_ends_after_it_begins check (valid_until >= valid_from),
  constraint organization_user_role_grant_closed_has_an_end check (not is_closed or valid_until is not null)
);
create unique index one_open_grant_per_user_and_role
  on organization_user_role_grants (org_id, membership_id, role) where not is_closed;

create view active_organization_user_role_grants as
  select * from organization_user_role_grants
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());

create table invitations (
  org_id uuid not null,
  id uuid not null,
  membership_id uuid not null,
  code_hash text collate "C" not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint invitations_pkey primary key (org_id, id),
  constraint invitations_belong_to_memberships
    foreign key (org_id, membership_id) references organization_user_memberships (org_id, id),
  constraint invitation_codes_are_unique unique (org_id, code_hash)
);
create index invitations_by_membership on invitations (org_id, membership_id);
