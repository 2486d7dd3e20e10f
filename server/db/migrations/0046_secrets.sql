-- Secrets in folders, and every version that each has had. Values, comments and hidden metadata are there sealed alone.

create table secrets (
  org_id uuid not null,
  project_id uuid not null,
  environment_id uuid not null,
  folder_id uuid not null,
  id uuid not null,
  key text collate "C" not null,
  -- Whose personal override it is; null: the one that all share.
  owner_id uuid,
  -- Part of what the sealed columns are bound to: it grows with each write of the row.
  version integer not null default 1,
  sealed_value bytea not null,
  sealed_comment bytea,
  -- Pairs in their order; a hidden one has no value here.
  metadata jsonb not null default '[]',
  -- The values of the hidden ones, as one list.
  sealed_metadata bytea,
  skips_multiline_encoding boolean not null default false,
  reminder_note text,
  reminder_repeat_days integer,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A deleted secret keeps its row and its versions.
  ended_at timestamptz,
  constraint secrets_pkey primary key (org_id, id),
  constraint secrets_lie_in_folders foreign key (org_id, project_id, environment_id, folder_id)
    references folders (org_id, project_id, environment_id, id),
  constraint personal_secrets_belong_to_users foreign key (owner_id) references users (id)
);
create unique index secret_names_are_unique on secrets (org_id, folder_id, key, owner_id) nulls not distinct
  where ended_at is null;
create index secrets_of_folders on secrets (org_id, folder_id);

create table secret_versions (
  org_id uuid not null,
  project_id uuid not null,
  environment_id uuid not null,
  id uuid not null,
  secret_id uuid not null,
  version integer not null,
  key text collate "C" not null,
  sealed_value bytea not null,
  sealed_comment bytea,
  metadata jsonb not null default '[]',
  sealed_metadata bytea,
  skips_multiline_encoding boolean not null default false,
  reminder_note text,
  reminder_repeat_days integer,
  -- Who wrote it.
  actor_kind text collate "C" not null,
  actor_id uuid not null,
  created_at timestamptz not null default now(),
  constraint secret_versions_pkey primary key (org_id, id),
  constraint secret_versions_are_counted unique (org_id, secret_id, version),
  constraint secret_versions_belong_to_secrets foreign key (org_id, secret_id) references secrets (org_id, id)
);
