-- Folders of an environment. Each environment has a root, which is made with it and whose path is '/'.

create table folders (
  org_id uuid not null,
  project_id uuid not null,
  environment_id uuid not null,
  id uuid not null,
  parent_id uuid,
  name text collate "C" not null,
  -- Where it lies, from the root on: kept beside the names, so that a path is found by one look into an index.
  path text collate "C" not null,
  description text,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A deleted folder keeps its row, since what lay in it keeps its own.
  ended_at timestamptz,
  constraint folders_pkey primary key (org_id, id),
  constraint folders_are_of_one_environment unique (org_id, environment_id, id),
  constraint folders_are_of_one_project unique (org_id, project_id, environment_id, id),
  constraint folders_belong_to_environments foreign key (org_id, project_id, environment_id)
    references environments (org_id, project_id, id),
  constraint folders_lie_in_folders foreign key (org_id, environment_id, parent_id)
    references folders (org_id, environment_id, id),
  constraint only_roots_lie_in_no_folder check ((parent_id is null) = (path = '/')),
  constraint folder_path_is_of_bounded_length check (octet_length(path) <= 1024)
);
create unique index folder_names_are_unique on folders (org_id, parent_id, name) where ended_at is null;
create unique index folder_paths_are_unique on folders (org_id, environment_id, path) where ended_at is null;

-- By the database, so that whoever makes an environment, and however, makes its root.
create function make_root_folder() returns trigger language plpgsql as $$
begin
  insert into folders (org_id, project_id, environment_id, id, name, path)
  values (new.org_id, new.project_id, new.id, gen_random_uuid(), 'root', '/');
  return null;
end $$;
create trigger environments_have_a_root_folder after insert on environments
  for each row execute function make_root_folder();

insert into folders (org_id, project_id, environment_id, id, name, path)
select org_id, project_id, id, gen_random_uuid(), 'root', '/' from environments;
