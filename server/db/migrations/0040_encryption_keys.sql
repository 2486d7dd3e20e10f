-- The keys by which values are encrypted, each wrapped by the one above it: the root key, which the database never
-- sees, wraps the instance's own data key and the keys of organizations.

create table instance_encryption (
  is_only boolean not null default true,
  -- Wrapped keys are good on this instance alone.
  instance_id uuid not null default gen_random_uuid(),
  -- The root key by which all keys are wrapped; absent until the first start. A row lock on it keeps keys from being
  -- made while the root key is replaced.
  root_key_id text collate "C",
  constraint instance_encryption_pkey primary key (is_only),
  constraint instance_encryption_is_one_row check (is_only)
);
insert into instance_encryption default values;

-- For what belongs to no organization, such as the second factors of people.
create table instance_data_keys (
  id uuid not null,
  version integer not null,
  root_key_id text collate "C" not null,
  wrapped_key bytea not null,
  created_at timestamptz not null default now(),
  constraint instance_data_keys_pkey primary key (id),
  constraint one_instance_data_key_per_version unique (version)
);

create table organization_keys (
  org_id uuid not null,
  id uuid not null,
  -- The highest one wraps new keys; those before it still unwrap what they wrapped.
  version integer not null,
  root_key_id text collate "C" not null,
  -- Absent once it is destroyed, and with it all that it wrapped.
  wrapped_key bytea,
  created_at timestamptz not null default now(),
  destroyed_at timestamptz,
  constraint organization_keys_pkey primary key (org_id, id),
  constraint organization_keys_belong_to_organizations foreign key (org_id) references organizations (id),
  constraint one_organization_key_per_version unique (org_id, version),
  constraint organization_key_is_there_until_destroyed check ((wrapped_key is null) = (destroyed_at is not null))
);
