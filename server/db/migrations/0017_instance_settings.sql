-- What the instance's admins decide for all of it: one row.

create table instance_settings (
  is_only boolean not null default true,
  allow_sign_up boolean not null default true,
  -- Domains joined by commas; absent: addresses of any domain may sign up.
  allowed_sign_up_domain text,
  updated_at timestamptz not null default now(),
  constraint instance_settings_pkey primary key (is_only),
  constraint instance_settings_are_one_row check (is_only)
);
insert into instance_settings default values;
