-- What an organization sets for its members, and its end: a deleted one keeps its row and gives its slug back.

alter table organizations
  add column enforces_mfa boolean not null default false,
  -- As it was set, for example `30d`; absent: the server's own lifetimes.
  add column user_token_expiration text collate "C",
  add column deleted_at timestamptz;

alter table organizations drop constraint organization_slugs_are_unique;
create unique index organization_slugs_are_unique on organizations (slug) where deleted_at is null;
