-- What a folder was at any time. What lies in it is dated, and so are the names and places of that; each change of a
-- folder has a row here, with the time at which its transaction began, as everything has that it wrote.

create table folder_changes (
  org_id uuid not null,
  project_id uuid not null,
  environment_id uuid not null,
  -- Not a foreign key, which would lock the folder after the secret that is changed in it; whoever restores or deletes a
  -- folder locks it first. No folder is ever deleted from its table.
  folder_id uuid not null,
  -- A UUID version 7, so that rows that are made together lie together in the index.
  id uuid not null default (
    lpad(to_hex((extract(epoch from now()) * 1000)::bigint), 12, '0') || '7' || substr(gen_random_uuid()::text, 16)
  )::uuid,
  -- Who made it; null: the folder was just made, perhaps with its environment.
  actor_kind text collate "C",
  actor_id uuid,
  changed_at timestamptz not null default now(),
  constraint folder_changes_pkey primary key (org_id, id),
  constraint folder_changes_are_made_by_somebody check (
    (actor_kind is null) = (actor_id is null) and actor_kind in ('user', 'identity', 'service')
  )
);
create index folder_changes_in_order on folder_changes (org_id, folder_id, changed_at, id);

-- What a folder was called from then on.
create table folder_versions (
  org_id uuid not null,
  folder_id uuid not null,
  changed_at timestamptz not null default now(),
  name text collate "C" not null,
  description text,
  constraint folder_versions_pkey primary key (org_id, folder_id, changed_at),
  constraint folder_versions_belong_to_folders foreign key (org_id, folder_id) references folders (org_id, id)
);

-- What an import imported from then on, and where it stood.
create table secret_import_versions (
  org_id uuid not null,
  import_id uuid not null,
  changed_at timestamptz not null default now(),
  source_environment_id uuid not null,
  source_path text collate "C" not null,
  position integer not null,
  constraint secret_import_versions_pkey primary key (org_id, import_id, changed_at),
  constraint secret_import_versions_belong_to_imports foreign key (org_id, import_id)
    references secret_imports (org_id, id)
);

-- What has ended is looked for, too.
create index folders_in_folders on folders (org_id, parent_id);
create index secret_imports_ever_of_folders on secret_imports (org_id, folder_id);

-- By the database, so that no way to change a folder or an import forgets it.
create function keep_folder_version() returns trigger language plpgsql as $$
begin
  insert into folder_versions (org_id, folder_id, name, description)
  values (new.org_id, new.id, new.name, new.description)
  on conflict (org_id, folder_id, changed_at) do update
    set name = excluded.name, description = excluded.description;
  return null;
end $$;
create trigger folders_keep_their_first_version after insert on folders
  for each row execute function keep_folder_version();
create trigger folders_keep_their_versions after update of name, description on folders
  for each row when (new.name <> old.name or new.description is distinct from old.description)
  execute function keep_folder_version();

create function keep_secret_import_version() returns trigger language plpgsql as $$
begin
  insert into secret_import_versions (org_id, import_id, source_environment_id, source_path, position)
  values (new.org_id, new.id, new.source_environment_id, new.source_path, new.position)
  on conflict (org_id, import_id, changed_at) do update
    set source_environment_id = excluded.source_environment_id, source_path = excluded.source_path,
      position = excluded.position;
  return null;
end $$;
create trigger secret_imports_keep_their_first_version after insert on secret_imports
  for each row execute function keep_secret_import_version();
create trigger secret_imports_keep_their_versions
  after update of source_environment_id, source_path, position on secret_imports
  for each row when (
    (new.source_environment_id, new.source_path, new.position)
    is distinct from (old.source_environment_id, old.source_path, old.position)
  ) execute function keep_secret_import_version();

-- The history of a folder begins when it is made, empty.
create function begin_folder_history() returns trigger language plpgsql as $$
begin
  insert into folder_changes (org_id, project_id, environment_id, folder_id)
  values (new.org_id, new.project_id, new.environment_id, new.id);
  return null;
end $$;
create trigger folders_begin_their_history after insert on folders
  for each row execute function begin_folder_history();

-- What was there before has its history from now on.
insert into folder_versions (org_id, folder_id, changed_at, name, description)
select org_id, id, created_at, name, description from folders;
insert into secret_import_versions (org_id, import_id, changed_at, source_environment_id, source_path, position)
select org_id, id, created_at, source_environment_id, source_path, position from secret_imports;
insert into folder_changes (org_id, project_id, environment_id, folder_id)
select org_id, project_id, environment_id, id from folders where ended_at is null;
