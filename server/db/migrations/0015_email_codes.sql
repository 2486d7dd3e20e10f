-- Codes that are mailed to people, to prove that they read an address: one open code for a purpose and person.

create table email_codes (
  user_id uuid not null,
  purpose text collate "C" not null,
  -- Of this very code; the next one for the same purpose takes its place.
  id uuid not null,
  address text collate "C" not null,
  -- Keyed, since a code of six digits could otherwise be found by trying all of them.
  code_hash text collate "C" not null,
  attempts integer not null default 0,
  created_at timestamptz not null default statement_timestamp(),
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint email_codes_pkey primary key (user_id, purpose),
  constraint email_codes_belong_to_users foreign key (user_id) references users (id) on delete cascade
);
