-- Sessions are kept alive by refresh tokens, which are good once each, and end without being forgotten.

alter table sessions
  -- Part of the refresh token; each use raises it, and the token before is good no more.
  add column refresh_version integer not null default 1,
  add column refreshed_at timestamptz,
  -- Written at most once a minute.
  add column last_used_at timestamptz not null default statement_timestamp(),
  add column ended_at timestamptz,
  -- Taken off the list by its person; to the holder of its token it was never there.
  add column is_removed boolean not null default false,
  add constraint sessions_that_are_removed_have_ended check (not is_removed or ended_at is not null);
