-- The second factor of people: codes of an authenticator app (TOTP, RFC 6238), and recovery codes in its place.

alter table users
  add column is_mfa_enabled boolean not null default false,
  -- Codes tried since the last right one, in the ten minutes that begin with the first of them.
  add column consecutive_failed_mfa_attempts integer not null default 0,
  add column mfa_attempts_since timestamptz;

-- When the person proved the second factor in this session; what its tokens say about that counts for nothing.
alter table sessions add column mfa_verified_at timestamptz;

create table authenticators (
  user_id uuid not null,
  -- Sealed under a key that the database does not know; absent once the person has removed the authenticator.
  sealed_secret bytea,
  -- A list; one that was used is taken out of it.
  sealed_recovery_codes bytea,
  -- True once a code of it has been shown.
  is_verified boolean not null default false,
  -- The period of the last code that was used: no code of it or of an earlier one is good any more.
  last_used_step bigint,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint authenticators_pkey primary key (user_id),
  constraint authenticators_belong_to_users foreign key (user_id) references users (id) on delete cascade,
  constraint authenticator_secret_comes_with_recovery_codes
    check ((sealed_secret is null) = (sealed_recovery_codes is null)),
  constraint authenticator_verified_has_a_secret check (not is_verified or sealed_secret is not null)
);
