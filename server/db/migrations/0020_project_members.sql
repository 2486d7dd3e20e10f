-- Who is in a project, by which roles, and what somebody may do beside them.
--
-- Dated as everything that is given: ended, never deleted. A temporary role or privilege is an interval like any other,
-- from its beginning to its end, judged by the clock of the database; how it was asked for stands beside the interval.
-- What is open is neither ended by hand nor judged by the clock: it is what lists of grants show.

create table project_user_memberships (
  org_id uuid not null,
  project_id uuid not null,
  id uuid not null,
  -- The place in the organization, not the account: whoever leaves the organization leaves the project.
  membership_id uuid not null,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  updated_at timestamptz not null default now(),
  constraint project_user_memberships_pkey primary key (org_id, id),
  constraint project_user_memberships_belong_to_projects
    foreign key (org_id, project_id) references projects (org_id, id),
  constraint project_user_memberships_belong_to_members
    foreign key (org_id, membership_id) references organization_user_memberships (org_id, id),
  constraint project_user_memberships_are_of_one_project unique (org_id, project_id, id),
  constraint project_user_membership_ends_after_it_begins check (valid_until >= valid_from),
  constraint project_user_membership_closed_has_an_end check (not is_closed or valid_until is not null)
);
create unique index one_open_membership_per_user_and_project
  on project_user_memberships (org_id, project_id, membership_id) where not is_closed;
create index project_user_memberships_by_holder
  on project_user_memberships (org_id, membership_id) where not is_closed;

create view active_project_user_memberships as
  select * from project_user_memberships
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());

create table project_user_role_grants (
  org_id uuid not null,
  project_id uuid not null,
  id uuid not null,
  project_membership_id uuid not null,
  role text collate "C" not null,
  custom_role_id uuid,
  is_temporary boolean not null default false,
  temporary_mode text collate "C",
  temporary_range text collate "C",
  temporary_access_start_time timestamptz,
  temporary_access_end_time timestamptz,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint project_user_role_grants_pkey primary key (org_id, id),
  constraint project_user_role_grants_belong_to_memberships foreign key (org_id, project_id, project_membership_id)
    references project_user_memberships (org_id, project_id, id),
  constraint project_user_role_grants_name_roles foreign key (org_id, project_id, custom_role_id)
    references project_roles (org_id, project_id, id),
  constraint project_user_role_is_known check (role in ('admin', 'member', 'viewer', 'no-access', 'custom')),
  constraint project_user_role_names_its_custom_role check ((role = 'custom') = (custom_role_id is not null)),
  constraint project_user_role_grant_that_is_temporary_has_a_time check (
    is_temporary = (temporary_access_start_time is not null)
    and is_temporary = (temporary_access_end_time is not null)
    and is_temporary = (temporary_range is not null)
    and (not is_temporary or valid_until is not null)
  ),
  constraint project_user_role_grant_ends_after_it_begins check (valid_until >= valid_from),
  constraint project_user_role_grant_closed_has_an_end check (not is_closed or valid_until is not null)
);
create index project_user_role_grants_by_membership
  on project_user_role_grants (org_id, project_membership_id) where not is_closed;
create index project_user_role_grants_by_custom_role
  on project_user_role_grants (org_id, custom_role_id) where not is_closed and custom_role_id is not null;

create view active_project_user_role_grants as
  select * from project_user_role_grants
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());
create view open_project_user_role_grants as select * from project_user_role_grants where not is_closed;

create table project_identity_memberships (
  org_id uuid not null,
  project_id uuid not null,
  id uuid not null,
  membership_id uuid not null,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  updated_at timestamptz not null default now(),
  constraint project_identity_memberships_pkey primary key (org_id, id),
  constraint project_identity_memberships_belong_to_projects
    foreign key (org_id, project_id) references projects (org_id, id),
  constraint project_identity_memberships_belong_to_members
    foreign key (org_id, membership_id) references organization_identity_memberships (org_id, id),
  constraint project_identity_memberships_are_of_one_project unique (org_id, project_id, id),
  constraint project_identity_membership_ends_after_it_begins check (valid_until >= valid_from),
  constraint project_identity_membership_closed_has_an_end check (not is_closed or valid_until is not null)
);
create unique index one_open_membership_per_identity_and_project
  on project_identity_memberships (org_id, project_id, membership_id) where not is_closed;
create index project_identity_memberships_by_holder
  on project_identity_memberships (org_id, membership_id) where not is_closed;

create view active_project_identity_memberships as
  select * from project_identity_memberships
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());

create table project_identity_role_grants (
  org_id uuid not null,
  project_id uuid not null,
  id uuid not null,
  project_membership_id uuid not null,
  role text collate "C" not null,
  custom_role_id uuid,
  is_temporary boolean not null default false,
  temporary_mode text collate "C",
  temporary_range text collate "C",
  temporary_access_start_time timestamptz,
  temporary_access_end_time timestamptz,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint project_identity_role_grants_pkey primary key (org_id, id),
  constraint project_identity_role_grants_belong_to_memberships foreign key (org_id, project_id, project_membership_id)
    references project_identity_memberships (org_id, project_id, id),
  constraint project_identity_role_grants_name_roles foreign key (org_id, project_id, custom_role_id)
    references project_roles (org_id, project_id, id),
  constraint project_identity_role_is_known check (role in ('admin', 'member', 'viewer', 'no-access', 'custom')),
  constraint project_identity_role_names_its_custom_role check ((role = 'custom') = (custom_role_id is not null)),
  constraint project_identity_role_grant_that_is_temporary_has_a_time check (
    is_temporary = (temporary_access_start_time is not null)
    and is_temporary = (temporary_access_end_time is not null)
    and is_temporary = (temporary_range is not null)
    and (not is_temporary or valid_until is not null)
  ),
  constraint project_identity_role_grant_ends_after_it_begins check (valid_until >= valid_from),
  constraint project_identity_role_grant_closed_has_an_end check (not is_closed or valid_until is not null)
);
create index project_identity_role_grants_by_membership
  on project_identity_role_grants (org_id, project_membership_id) where not is_closed;
create index project_identity_role_grants_by_custom_role
  on project_identity_role_grants (org_id, custom_role_id) where not is_closed and custom_role_id is not null;

create view active_project_identity_role_grants as
  select * from project_identity_role_grants
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());
create view open_project_identity_role_grants as select * from project_identity_role_grants where not is_closed;

create table project_group_memberships (
  org_id uuid not null,
  project_id uuid not null,
  id uuid not null,
  group_id uuid not null,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  updated_at timestamptz not null default now(),
  constraint project_group_memberships_pkey primary key (org_id, id),
  constraint project_group_memberships_belong_to_projects
    foreign key (org_id, project_id) references projects (org_id, id),
  constraint project_group_memberships_belong_to_groups
    foreign key (org_id, group_id) references groups (org_id, id),
  constraint project_group_memberships_are_of_one_project unique (org_id, project_id, id),
  constraint project_group_membership_ends_after_it_begins check (valid_until >= valid_from),
  constraint project_group_membership_closed_has_an_end check (not is_closed or valid_until is not null)
);
create unique index one_open_membership_per_group_and_project
  on project_group_memberships (org_id, project_id, group_id) where not is_closed;
create index project_group_memberships_by_holder
  on project_group_memberships (org_id, group_id) where not is_closed;

create view active_project_group_memberships as
  select * from project_group_memberships
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());

create table project_group_role_grants (
  org_id uuid not null,
  project_id uuid not null,
  id uuid not null,
  project_membership_id uuid not null,
  role text collate "C" not null,
  custom_role_id uuid,
  is_temporary boolean not null default false,
  temporary_mode text collate "C",
  temporary_range text collate "C",
  temporary_access_start_time timestamptz,
  temporary_access_end_time timestamptz,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint project_group_role_grants_pkey primary key (org_id, id),
  constraint project_group_role_grants_belong_to_memberships foreign key (org_id, project_id, project_membership_id)
    references project_group_memberships (org_id, project_id, id),
  constraint project_group_role_grants_name_roles foreign key (org_id, project_id, custom_role_id)
    references project_roles (org_id, project_id, id),
  constraint project_group_role_is_known check (role in ('admin', 'member', 'viewer', 'no-access', 'custom')),
  constraint project_group_role_names_its_custom_role check ((role = 'custom') = (custom_role_id is not null)),
  constraint project_group_role_grant_that_is_temporary_has_a_time check (
    is_temporary = (temporary_access_start_time is not null)
    and is_temporary = (temporary_access_end_time is not null)
    and is_temporary = (temporary_range is not null)
    and (not is_temporary or valid_until is not null)
  ),
  constraint project_group_role_grant_ends_after_it_begins check (valid_until >= valid_from),
  constraint project_group_role_grant_closed_has_an_end check (not is_closed or valid_until is not null)
);
create index project_group_role_grants_by_membership
  on project_group_role_grants (org_id, project_membership_id) where not is_closed;
create index project_group_role_grants_by_custom_role
  on project_group_role_grants (org_id, custom_role_id) where not is_closed and custom_role_id is not null;

create view active_project_group_role_grants as
  select * from project_group_role_grants
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());
create view open_project_group_role_grants as select * from project_group_role_grants where not is_closed;

create table project_user_privileges (
  org_id uuid not null,
  project_id uuid not null,
  id uuid not null,
  -- The place in the organization: who is in the project by a group has privileges like a direct member.
  membership_id uuid not null,
  slug text collate "C" not null,
  permissions jsonb not null,
  rules_digest text collate "C" not null generated always as (md5(permissions::text)) stored,
  -- Counts for who has been in the project without a break since then: whoever comes back comes back without it.
  given_at timestamptz not null default statement_timestamp(),
  is_temporary boolean not null default false,
  temporary_mode text collate "C",
  temporary_range text collate "C",
  temporary_access_start_time timestamptz,
  temporary_access_end_time timestamptz,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint project_user_privileges_pkey primary key (org_id, id),
  constraint project_user_privileges_belong_to_projects
    foreign key (org_id, project_id) references projects (org_id, id),
  constraint project_user_privileges_belong_to_members
    foreign key (org_id, membership_id) references organization_user_memberships (org_id, id),
  constraint project_user_privilege_that_is_temporary_has_a_time check (
    is_temporary = (temporary_access_start_time is not null)
    and is_temporary = (temporary_access_end_time is not null)
    and is_temporary = (temporary_range is not null)
    and (not is_temporary or valid_until is not null)
  ),
  constraint project_user_privilege_ends_after_it_begins check (valid_until >= valid_from),
  constraint project_user_privilege_closed_has_an_end check (not is_closed or valid_until is not null)
);
create unique index user_privilege_slugs_are_unique
  on project_user_privileges (org_id, project_id, membership_id, slug) where not is_closed;
create index project_user_privileges_by_member on project_user_privileges (org_id, membership_id) where not is_closed;

create view active_project_user_privileges as
  select * from project_user_privileges
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());
create view open_project_user_privileges as select * from project_user_privileges where not is_closed;

create table project_identity_privileges (
  org_id uuid not null,
  project_id uuid not null,
  id uuid not null,
  membership_id uuid not null,
  slug text collate "C" not null,
  permissions jsonb not null,
  rules_digest text collate "C" not null generated always as (md5(permissions::text)) stored,
  -- Counts for who has been in the project without a break since then: whoever comes back comes back without it.
  given_at timestamptz not null default statement_timestamp(),
  is_temporary boolean not null default false,
  temporary_mode text collate "C",
  temporary_range text collate "C",
  temporary_access_start_time timestamptz,
  temporary_access_end_time timestamptz,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint project_identity_privileges_pkey primary key (org_id, id),
  constraint project_identity_privileges_belong_to_projects
    foreign key (org_id, project_id) references projects (org_id, id),
  constraint project_identity_privileges_belong_to_members
    foreign key (org_id, membership_id) references organization_identity_memberships (org_id, id),
  constraint project_identity_privilege_that_is_temporary_has_a_time check (
    is_temporary = (temporary_access_start_time is not null)
    and is_temporary = (temporary_access_end_time is not null)
    and is_temporary = (temporary_range is not null)
    and (not is_temporary or valid_until is not null)
  ),
  constraint project_identity_privilege_ends_after_it_begins check (valid_until >= valid_from),
  constraint project_identity_privilege_closed_has_an_end check (not is_closed or valid_until is not null)
);
create unique index identity_privilege_slugs_are_unique
  on project_identity_privileges (org_id, project_id, membership_id, slug) where not is_closed;
create index project_identity_privileges_by_member on project_identity_privileges (org_id, membership_id) where not is_closed;

create view active_project_identity_privileges as
  select * from project_identity_privileges
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());
create view open_project_identity_privileges as select * from project_identity_privileges where not is_closed;

-- Every way in which a person is in a project now, and since when: a membership of their own, or a group.
create view project_user_places as
  select org_id, project_id, membership_id, 'own' as source_kind, id as source_id, valid_from
  from active_project_user_memberships
  union all
  select gm.org_id, pg.project_id, gm.membership_id, 'group', pg.group_id, greatest(gm.valid_from, pg.valid_from)
  from active_group_user_memberships gm
  join active_project_group_memberships pg on pg.org_id = gm.org_id and pg.group_id = gm.group_id;

-- Every set of rules that a person has in a project now, with where it comes from and how long it is good, by a
-- key that says what it means: the slug of a built-in role, or an id with the digest of the rules.
create view held_project_user_rules as
  select g.org_id, g.project_id, g.membership_id, g.source_kind, g.source_id, g.valid_from, g.valid_until,
    coalesce('project-role:' || c.id || ':' || c.rules_digest, g.role) as rules_key
  from (
    select m.org_id, m.project_id, m.membership_id, 'own' as source_kind, m.id as source_id,
      r.role, r.custom_role_id, r.valid_from, r.valid_until
    from active_project_user_memberships m
    join active_project_user_role_grants r on r.org_id = m.org_id and r.project_membership_id = m.id
    union all
    select gm.org_id, pg.project_id, gm.membership_id, 'group', gm.group_id,
      r.role, r.custom_role_id, r.valid_from, r.valid_until
    from active_group_user_memberships gm
    join active_project_group_memberships pg on pg.org_id = gm.org_id and pg.group_id = gm.group_id
    join active_project_group_role_grants r on r.org_id = pg.org_id and r.project_membership_id = pg.id
  ) g
  left join project_roles c on c.org_id = g.org_id and c.id = g.custom_role_id
  union all
  select p.org_id, p.project_id, p.membership_id, 'privilege', p.id, p.valid_from, p.valid_until,
    'user-privilege:' || p.id || ':' || p.rules_digest
  from active_project_user_privileges p
  where exists (
    select from project_user_places place
    where place.org_id = p.org_id and place.project_id = p.project_id and place.membership_id = p.membership_id
      and place.valid_from <= p.given_at
  );

-- Every way in which a machine identity is in a project now, and since when: a membership of their own, or a group.
create view project_identity_places as
  select org_id, project_id, membership_id, 'own' as source_kind, id as source_id, valid_from
  from active_project_identity_memberships
  union all
  select gm.org_id, pg.project_id, gm.membership_id, 'group', pg.group_id, greatest(gm.valid_from, pg.valid_from)
  from active_group_identity_memberships gm
  join active_project_group_memberships pg on pg.org_id = gm.org_id and pg.group_id = gm.group_id;

-- Every set of rules that a machine identity has in a project now, with where it comes from and how long it is good, by a
-- key that says what it means: the slug of a built-in role, or an id with the digest of the rules.
create view held_project_identity_rules as
  select g.org_id, g.project_id, g.membership_id, g.source_kind, g.source_id, g.valid_from, g.valid_until,
    coalesce('project-role:' || c.id || ':' || c.rules_digest, g.role) as rules_key
  from (
    select m.org_id, m.project_id, m.membership_id, 'own' as source_kind, m.id as source_id,
      r.role, r.custom_role_id, r.valid_from, r.valid_until
    from active_project_identity_memberships m
    join active_project_identity_role_grants r on r.org_id = m.org_id and r.project_membership_id = m.id
    union all
    select gm.org_id, pg.project_id, gm.membership_id, 'group', gm.group_id,
      r.role, r.custom_role_id, r.valid_from, r.valid_until
    from active_group_identity_memberships gm
    join active_project_group_memberships pg on pg.org_id = gm.org_id and pg.group_id = gm.group_id
    join active_project_group_role_grants r on r.org_id = pg.org_id and r.project_membership_id = pg.id
  ) g
  left join project_roles c on c.org_id = g.org_id and c.id = g.custom_role_id
  union all
  select p.org_id, p.project_id, p.membership_id, 'privilege', p.id, p.valid_from, p.valid_until,
    'identity-privilege:' || p.id || ':' || p.rules_digest
  from active_project_identity_privileges p
  where exists (
    select from project_identity_places place
    where place.org_id = p.org_id and place.project_id = p.project_id and place.membership_id = p.membership_id
      and place.valid_from <= p.given_at
  );

-- The same of the roles in an organization: where each comes from, and how long it is good.
create or replace view held_user_roles as
  select g.org_id, g.membership_id,
    coalesce('custom:' || c.id || ':' || c.rules_digest, g.role) as role_key,
    g.source_kind, g.source_id, g.valid_from, g.valid_until
  from (
    select org_id, membership_id, role, custom_role_id, 'own' as source_kind, id as source_id, valid_from, valid_until
    from active_organization_user_role_grants
    union all
    select gm.org_id, gm.membership_id, r.role, r.custom_role_id, 'group', gm.group_id, r.valid_from, r.valid_until
    from active_group_user_memberships gm
    join active_group_role_grants r on r.org_id = gm.org_id and r.group_id = gm.group_id
  ) g
  left join organization_roles c on c.org_id = g.org_id and c.id = g.custom_role_id;

create or replace view held_identity_roles as
  select g.org_id, g.membership_id,
    coalesce('custom:' || c.id || ':' || c.rules_digest, g.role) as role_key,
    g.source_kind, g.source_id, g.valid_from, g.valid_until
  from (
    select org_id, membership_id, role, custom_role_id, 'own' as source_kind, id as source_id, valid_from, valid_until
    from active_organization_identity_role_grants
    union all
    select gm.org_id, gm.membership_id, r.role, r.custom_role_id, 'group', gm.group_id, r.valid_from, r.valid_until
    from active_group_identity_memberships gm
    join active_group_role_grants r on r.org_id = gm.org_id and r.group_id = gm.group_id
  ) g
  left join organization_roles c on c.org_id = g.org_id and c.id = g.custom_role_id;
