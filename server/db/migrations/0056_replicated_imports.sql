-- Replicated imports: what such an import imports is copied, into a folder of its own that nobody can name. The copies
-- are rows of `secrets` like any others; see docs/decisions/0008-replicated-imports.md.

-- Such a folder lies in none. Its path begins with no slash and ends with what nobody is told; where a path is looked up
-- it is left out besides.
alter table folders
  add column is_reserved boolean not null default false,
  drop constraint only_roots_lie_in_no_folder,
  add constraint only_roots_lie_in_no_folder check (
    case when is_reserved then parent_id is null and path like 'replica:%' else (parent_id is null) = (path = '/') end
  );

alter table secret_imports add column is_replication boolean not null default false;
create index replicated_imports_from_places on secret_imports (org_id, source_environment_id, source_path)
  where is_replication and ended_at is null;

-- What a secret is a copy of, and of which version of it.
alter table secrets
  add column replicated_from uuid,
  add column replicated_version integer,
  add constraint copies_are_of_versions check ((replicated_from is null) = (replicated_version is null));

create table secret_replicas (
  org_id uuid not null,
  import_id uuid not null,
  -- The reserved folder that the copies are in.
  folder_id uuid not null,
  -- When all was last copied.
  last_replicated timestamptz,
  -- Null: nothing was tried yet.
  is_success boolean,
  -- Why it failed.
  status text,
  -- How often in a row.
  failures integer not null default 0,
  constraint secret_replicas_pkey primary key (org_id, import_id),
  constraint secret_replicas_have_folders_of_their_own unique (org_id, folder_id),
  constraint secret_replicas_belong_to_imports foreign key (org_id, import_id) references secret_imports (org_id, id),
  constraint secret_replicas_lie_in_folders foreign key (org_id, folder_id) references folders (org_id, id)
);

-- That something is to be copied. Written in the transaction that is the reason, and deleted in the one that copies.
create table secret_replication_jobs (
  org_id uuid not null,
  id uuid not null default gen_random_uuid(),
  import_id uuid not null,
  due_at timestamptz not null default now(),
  -- Whether a transaction that writes at the source may have begun before it could know of the import: what is then
  -- copied is copied once more when all have ended that were under way, which is when no transaction before
  -- `settles_at` is.
  is_unsettled boolean not null default false,
  settles_at xid8,
  constraint secret_replication_jobs_pkey primary key (org_id, id),
  constraint secret_replication_jobs_belong_to_imports foreign key (org_id, import_id)
    references secret_imports (org_id, id)
);
create index secret_replication_jobs_of_imports on secret_replication_jobs (org_id, import_id);
create index secret_replication_jobs_due on secret_replication_jobs (due_at);

-- By the database, so that no way to make, change or end an import forgets it.
create function begin_replica() returns trigger language plpgsql as $$
declare reserved uuid := gen_random_uuid();
begin
  insert into folders (org_id, project_id, environment_id, id, name, path, is_reserved)
  values (new.org_id, new.project_id, new.environment_id, reserved, '__reserve_replication_' || new.id,
    'replica:' || reserved, true);
  insert into secret_replicas (org_id, import_id, folder_id) values (new.org_id, new.id, reserved);
  insert into secret_replication_jobs (org_id, import_id, is_unsettled) values (new.org_id, new.id, true);
  return null;
end $$;
create trigger replicated_imports_begin_replicas after insert on secret_imports
  for each row when (new.is_replication) execute function begin_replica();

create function replicate_import() returns trigger language plpgsql as $$
begin
  insert into secret_replication_jobs (org_id, import_id, is_unsettled) values (new.org_id, new.id, true);
  return null;
end $$;
create trigger replicated_imports_follow_their_sources after update of source_environment_id, source_path on secret_imports
  for each row when (
    new.is_replication and new.ended_at is null
    and (new.source_environment_id, new.source_path) is distinct from (old.source_environment_id, old.source_path)
  ) execute function replicate_import();

-- Whoever copies holds the import while writing, so that what is here is all there is.
create function end_replica() returns trigger language plpgsql as $$
declare reserved uuid := (select folder_id from secret_replicas where org_id = new.org_id and import_id = new.id);
begin
  update secrets set ended_at = new.ended_at
  where org_id = new.org_id and folder_id = reserved and ended_at is null;
  update folders set ended_at = new.ended_at where org_id = new.org_id and id = reserved;
  return null;
end $$;
create trigger replicated_imports_end_replicas after update of ended_at on secret_imports
  for each row when (new.is_replication and old.ended_at is null and new.ended_at is not null)
  execute function end_replica();

-- Every write of shared secrets tells the imports that copy their folder.
create function replicate_secrets() returns trigger language plpgsql as $$
begin
  insert into secret_replication_jobs (org_id, import_id)
  select distinct i.org_id, i.id
  from (select distinct org_id, folder_id from changed where owner_id is null) c
  join folders f on f.org_id = c.org_id and f.id = c.folder_id
  join secret_imports i on i.org_id = f.org_id and i.source_environment_id = f.environment_id
    and i.source_path = f.path and i.is_replication and i.ended_at is null;
  return null;
end $$;
create trigger new_secrets_are_replicated after insert on secrets
  referencing new table as changed for each statement execute function replicate_secrets();
create trigger changed_secrets_are_replicated after update on secrets
  referencing new table as changed for each statement execute function replicate_secrets();

-- So does a folder that comes to a path, and one that goes from it.
create function replicate_folder() returns trigger language plpgsql as $$
begin
  insert into secret_replication_jobs (org_id, import_id, is_unsettled)
  select i.org_id, i.id, true from secret_imports i
  where i.org_id = new.org_id and i.source_environment_id = new.environment_id
    and i.source_path in (new.path, case when tg_op = 'UPDATE' then old.path end)
    and i.is_replication and i.ended_at is null;
  return null;
end $$;
create trigger new_folders_are_replicated after insert on folders
  for each row when (not new.is_reserved) execute function replicate_folder();
create trigger moved_folders_are_replicated after update of path, ended_at on folders
  for each row when (
    not new.is_reserved and (new.path <> old.path or new.ended_at is distinct from old.ended_at)
  ) execute function replicate_folder();

-- A reserved folder has no history.
drop trigger folders_begin_their_history on folders;
create trigger folders_begin_their_history after insert on folders
  for each row when (not new.is_reserved) execute function begin_folder_history();
