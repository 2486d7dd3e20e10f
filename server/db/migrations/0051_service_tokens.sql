-- Service tokens: programs that read or write the secrets of one project, in some places of it, and do nothing else.

create table service_tokens (
  org_id uuid not null,
  project_id uuid not null,
  id uuid not null,
  name text not null,
  -- A plain hash, since what is hashed has 128 random bits.
  secret_hash text collate "C" not null,
  permissions text[] not null,
  created_by uuid not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A deleted token keeps its row: versions of secrets name it.
  deleted_at timestamptz,
  constraint service_tokens_pkey primary key (org_id, id),
  -- What its holder sends names no organization.
  constraint service_token_ids_are_unique unique (id),
  constraint service_tokens_are_of_one_project unique (org_id, project_id, id),
  constraint service_tokens_belong_to_projects foreign key (org_id, project_id) references projects (org_id, id),
  constraint service_tokens_are_made_by_users foreign key (created_by) references users (id),
  constraint service_token_permissions_are_known
    check (permissions <@ array['read', 'write'] and cardinality(permissions) > 0)
);

-- By the environment, not its slug: who is let into an environment is not let into another that takes its name.
create table service_token_scopes (
  org_id uuid not null,
  project_id uuid not null,
  token_id uuid not null,
  position integer not null,
  environment_id uuid not null,
  secret_path text collate "C" not null,
  constraint service_token_scopes_pkey primary key (org_id, token_id, position),
  constraint service_token_scopes_belong_to_tokens foreign key (org_id, project_id, token_id)
    references service_tokens (org_id, project_id, id),
  constraint service_token_scopes_are_in_environments foreign key (org_id, project_id, environment_id)
    references environments (org_id, project_id, id)
);

-- Those that were not deleted, with the places that are still there. One whose time is over is gone for all but who
-- brings it, who is told so.
create view open_service_tokens as
select t.*, coalesce(t.expires_at <= statement_timestamp(), false) as is_expired,
  array(
    select array[e.slug, s.secret_path] from service_token_scopes s
    join environments e on e.org_id = s.org_id and e.id = s.environment_id and e.deleted_at is null
    where s.org_id = t.org_id and s.token_id = t.id
    order by s.position
  ) as scopes
from service_tokens t where t.deleted_at is null;
