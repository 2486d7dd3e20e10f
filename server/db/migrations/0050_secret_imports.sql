-- Imports: a folder answers the secrets of another place of its project beside its own.

create table secret_imports (
  org_id uuid not null,
  project_id uuid not null,
  -- The folder that imports.
  environment_id uuid not null,
  folder_id uuid not null,
  id uuid not null,
  -- What it imports: a path, since the folder may be made later.
  source_environment_id uuid not null,
  source_path text collate "C" not null,
  -- Where it stands among the imports of its folder. Gaps are allowed; what is shown is counted from 1.
  position integer not null,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- An import ends with its folder, and with the folder or environment that it imports.
  ended_at timestamptz,
  constraint secret_imports_pkey primary key (org_id, id),
  constraint secret_imports_lie_in_folders foreign key (org_id, project_id, environment_id, folder_id)
    references folders (org_id, project_id, environment_id, id),
  constraint secret_imports_come_from_environments foreign key (org_id, project_id, source_environment_id)
    references environments (org_id, project_id, id),
  constraint source_path_is_of_bounded_length check (octet_length(source_path) <= 1024)
);
create index secret_imports_of_folders on secret_imports (org_id, folder_id) where ended_at is null;
create index secret_imports_from_places on secret_imports (org_id, source_environment_id, source_path)
  where ended_at is null;
