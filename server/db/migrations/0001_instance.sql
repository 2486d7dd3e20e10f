-- The instance itself: what belongs to no organization.

create table instance_keys (
  name text collate "C" not null,
  check_value text not null,
  created_at timestamptz not null default now(),
  constraint instance_keys_pkey primary key (name)
);

create table instance_setup (
  is_done boolean not null default true,
  done_at timestamptz not null default now(),
  constraint instance_is_set_up_once primary key (is_done),
  constraint instance_setup_is_done check (is_done)
);
