-- Memberships in groups for a time, and who gave them.

-- For how long a membership lasts that is given without an end: as it was sent, and as it is reckoned with.
alter table groups
  add column membership_lifetime_text text,
  add column membership_lifetime_ms bigint,
  add constraint group_membership_lifetime_is_told
    check ((membership_lifetime_text is null) = (membership_lifetime_ms is null)) not valid;

-- Each source that says that somebody belongs to the group. A sync takes away its own alone.
alter table group_user_memberships
  add column sources text[] not null default '{manual}',
  add constraint group_user_membership_sources_are_known
    check (sources <@ '{manual,bulk,scim,oidc,ldap}' and cardinality(sources) > 0) not valid;
alter table group_identity_memberships
  add column sources text[] not null default '{manual}',
  add constraint group_identity_membership_sources_are_known
    check (sources <@ '{manual,bulk,scim,oidc,ldap}' and cardinality(sources) > 0) not valid;

create or replace view active_group_user_memberships as
  select * from group_user_memberships
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());
create or replace view active_group_identity_memberships as
  select * from group_identity_memberships
  where not is_closed
    and valid_from <= statement_timestamp()
    and (valid_until is null or valid_until > statement_timestamp());
