-- How often a password was tried for an account from one source, known or not. A table of fixed size, in which a
-- newcomer takes the place of whoever has the same number: nobody fills it up, and no address can be read from it.
-- What it counts is worth little after a crash, so it is not logged.

create unlogged table password_attempts (
  bucket integer not null,
  -- Keyed hash of account and source.
  owner text collate "C" not null,
  attempts integer not null,
  began_at timestamptz not null,
  constraint password_attempts_pkey primary key (bucket)
);
