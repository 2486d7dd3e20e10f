-- The data keys of projects, which seal values. Each is wrapped by a key of the organization.

create table project_keys (
  org_id uuid not null,
  project_id uuid not null,
  id uuid not null,
  -- The highest one seals; those before it still open what they sealed.
  version integer not null,
  organization_key_id uuid not null,
  -- Absent once it is destroyed, and with it all that it sealed.
  wrapped_key bytea,
  -- How many values may have been sealed: servers take their numbers in blocks, and waste the rest of one when they end.
  seals_reserved bigint not null default 0,
  created_at timestamptz not null default now(),
  destroyed_at timestamptz,
  constraint project_keys_pkey primary key (org_id, id),
  constraint one_project_key_per_version unique (org_id, project_id, version),
  constraint project_keys_are_wrapped_by_keys_of_their_organization
    foreign key (org_id, organization_key_id) references organization_keys (org_id, id),
  constraint project_key_is_there_until_destroyed check ((wrapped_key is null) = (destroyed_at is not null))
);
create index project_keys_by_organization_key on project_keys (org_id, organization_key_id);
