-- Machine identities in groups, in the manner of people.

create table group_identity_memberships (
  org_id uuid not null,
  id uuid not null,
  group_id uuid not null,
  -- The place in the organization, not the identity.
  membership_id uuid not null,
  valid_from timestamptz not null default statement_timestamp(),
  valid_until timestamptz,
  is_closed boolean not null default false,
  constraint group_identity_memberships_pkey primary key (org_id, id),
  constraint group_identity_memberships_belong_to_groups
    foreign key (org_id, group_id) references groups (org_id, id),
  constraint group_identity_memberships_belong_to_members
    foreign key (org_id, membership_id) references organization_identity_memberships (org_id, id),
  constraint group_identity_membership_ends_after_it_begins check (valid_until >= valid_from),
  constraint group_identity_membership_closed_has_an_end check (not is_closed or valid_until is not null)
);
create unique index one_open_membership_per_identity_and_group
  on group_identity_memberships (org_id, group_id, membership_id) where not is_closed;
create index group_identity_memberships_by_member
  on group_identity_memberships (org_id, membership_id) where not is_closed;

create view active_group_identity_memberships as
  select * from group_identity_memberships
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());
