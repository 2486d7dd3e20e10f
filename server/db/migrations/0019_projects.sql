-- Projects of an organization, their environments, and the roles that each makes for itself.

create table projects (
  org_id uuid not null,
  id uuid not null,
  name text not null,
  slug text collate "C" not null,
  sort_key text collate "C" not null,
  description text,
  type text collate "C" not null,
  auto_capitalization boolean not null default false,
  has_delete_protection boolean not null default false,
  pit_version_limit integer not null default 10,
  secret_sharing boolean not null default true,
  shows_legacy_snapshots boolean not null default false,
  audit_logs_retention_days integer,
  secret_detection_ignore_values text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A deleted project keeps its row, since the intervals of its members keep theirs.
  deleted_at timestamptz,
  constraint projects_pkey primary key (org_id, id),
  constraint projects_belong_to_organizations foreign key (org_id) references organizations (id),
  constraint project_pit_version_limit_is_in_range check (pit_version_limit between 1 and 100)
);
create unique index project_slugs_are_unique on projects (org_id, slug) where deleted_at is null;
create index projects_in_order on projects (org_id, sort_key, id) where deleted_at is null;

create table environments (
  org_id uuid not null,
  project_id uuid not null,
  id uuid not null,
  name text not null,
  slug text collate "C" not null,
  -- From 1, without gaps among those that are there.
  position integer not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint environments_pkey primary key (org_id, id),
  constraint environments_belong_to_projects foreign key (org_id, project_id) references projects (org_id, id),
  constraint environments_are_of_one_project unique (org_id, project_id, id),
  constraint environment_position_is_positive check (position > 0)
);
create unique index environment_slugs_are_unique on environments (org_id, project_id, slug)
  where deleted_at is null;

-- Built-in roles are code and have no rows.
create table project_roles (
  org_id uuid not null,
  project_id uuid not null,
  id uuid not null,
  slug text collate "C" not null,
  name text not null,
  description text,
  -- Rules in the order in which they were given, since a later one wins.
  permissions jsonb not null,
  -- Names the rules by what they say, as that of an organization's role does.
  rules_digest text collate "C" not null generated always as (md5(permissions::text)) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint project_roles_pkey primary key (org_id, id),
  constraint project_roles_belong_to_projects foreign key (org_id, project_id) references projects (org_id, id),
  constraint project_roles_are_of_one_project unique (org_id, project_id, id),
  constraint project_role_slug_is_not_reserved
    check (slug not in ('admin', 'member', 'viewer', 'no-access', 'custom'))
);
create unique index project_role_slugs_are_unique on project_roles (org_id, project_id, slug)
  where deleted_at is null;
