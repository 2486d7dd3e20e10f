-- People and their sessions. They belong to the instance: one account may be a member of several organizations.

create table users (
  id uuid not null,
  -- The canonical form: see server/users/username.ts.
  username text collate "C" not null,
  email text collate "C",
  first_name text,
  last_name text,
  password_hash text,
  -- False until the person has completed the sign-up.
  is_accepted boolean not null default false,
  is_super_admin boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint users_pkey primary key (id),
  constraint usernames_are_unique unique (username)
);

create table sessions (
  id uuid not null,
  user_id uuid not null,
  ip_address text not null,
  user_agent text not null,
  -- Part of each access token; raising it ends every token of the session.
  access_version integer not null default 1,
  created_at timestamptz not null default now(),
  constraint sessions_pkey primary key (id),
  constraint sessions_belong_to_users foreign key (user_id) references users (id) on delete cascade
);
create index sessions_by_user on sessions (user_id);
