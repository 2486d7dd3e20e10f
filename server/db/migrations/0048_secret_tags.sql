-- Tags of a project, and which of them its secrets have.

create table secret_tags (
  org_id uuid not null,
  project_id uuid not null,
  id uuid not null,
  slug text collate "C" not null,
  color text,
  created_by_kind text collate "C" not null,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A deleted tag keeps its row: versions of secrets name it.
  deleted_at timestamptz,
  constraint secret_tags_pkey primary key (org_id, id),
  constraint secret_tags_belong_to_projects foreign key (org_id, project_id) references projects (org_id, id),
  constraint secret_tags_are_made_by_somebody check (created_by_kind in ('user', 'identity'))
);
create unique index tag_slugs_are_unique on secret_tags (org_id, project_id, slug) where deleted_at is null;

-- Beside the secret, since most have none, and each read of one judges by them. One that was deleted counts for nothing.
alter table secrets add column tag_ids uuid[] not null default '{}';
alter table secret_versions add column tag_ids uuid[] not null default '{}';
