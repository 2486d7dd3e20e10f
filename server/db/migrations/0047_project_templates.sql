-- What projects of an organization may begin with. A project that was made of one does not follow its changes.

create table project_templates (
  org_id uuid not null,
  id uuid not null,
  name text collate "C" not null,
  description text,
  type text collate "C" not null,
  -- Lists, as they were given: each role has a name, a slug and rules; each environment a name, a slug and a position.
  roles jsonb not null,
  environments jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint project_templates_pkey primary key (org_id, id),
  constraint project_templates_belong_to_organizations foreign key (org_id) references organizations (id),
  -- Whoever names no template names this one.
  constraint project_template_name_is_not_reserved check (name <> 'default')
);
create unique index project_template_names_are_unique on project_templates (org_id, name) where deleted_at is null;
