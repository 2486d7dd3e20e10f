-- Machine identities, their place in the organization, and the tokens they sign in with.

create table identities (
  org_id uuid not null,
  id uuid not null,
  name text not null,
  sort_key text collate "C" not null,
  has_delete_protection boolean not null default false,
  is_instance_admin boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint identities_pkey primary key (org_id, id),
  constraint identities_belong_to_organizations foreign key (org_id) references organizations (id)
);
create index identities_in_order on identities (org_id, sort_key, id) where deleted_at is null;

create table organization_identity_memberships (
  org_id uuid not null,
  id uuid not null,
  identity_id uuid not null,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  updated_at timestamptz not null default now(),
  constraint organization_identity_memberships_pkey primary key (org_id, id),
  constraint organization_identity_memberships_belong_to_identities
    foreign key (org_id, identity_id) references identities (org_id, id),
  constraint organization_identity_membership_ends_after_it_begins check (valid_until >= valid_from),
  constraint organization_identity_membership_closed_has_an_end check (not is_closed or valid_until is not null)
);
create unique index one_open_membership_per_identity_and_organization
  on organization_identity_memberships (org_id, identity_id) where not is_closed;

create view active_organization_identity_memberships as
  select * from organization_identity_memberships
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());

create table organization_identity_role_grants (
  org_id uuid not null,
  id uuid not null,
  membership_id uuid not null,
  role text collate "C" not null,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  constraint organization_identity_role_grants_pkey primary key (org_id, id),
  constraint organization_identity_role_grants_belong_to_memberships
    foreign key (org_id, membership_id) references organization_identity_memberships (org_id, id),
  constraint organization_identity_role_is_known check (role in ('admin', 'member', 'no-access')),
  constraint organization_identity_role_grant_ends_after_it_begins check (valid_until >= valid_from),
  constraint organization_identity_role_grant_closed_has_an_end check (not is_closed or valid_until is not null)
);
create unique index one_open_grant_per_identity_and_role
  on organization_identity_role_grants (org_id, membership_id, role) where not is_closed;

create view active_organization_identity_role_grants as
  select * from organization_identity_role_grants
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());

create table identity_token_auths (
  org_id uuid not null,
  id uuid not null,
  identity_id uuid not null,
  access_token_ttl_seconds bigint not null,
  access_token_max_ttl_seconds bigint not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint identity_token_auths_pkey primary key (org_id, id),
  constraint identity_token_auths_belong_to_identities
    foreign key (org_id, identity_id) references identities (org_id, id),
  constraint one_token_auth_per_identity unique (org_id, identity_id)
);

create table identity_access_tokens (
  org_id uuid not null,
  id uuid not null,
  identity_id uuid not null,
  auth_method text collate "C" not null,
  name text,
  -- Absent: the token does not expire.
  expires_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint identity_access_tokens_pkey primary key (org_id, id),
  constraint identity_access_tokens_belong_to_identities
    foreign key (org_id, identity_id) references identities (org_id, id)
);
create index identity_access_tokens_by_identity on identity_access_tokens (org_id, identity_id, created_at);
