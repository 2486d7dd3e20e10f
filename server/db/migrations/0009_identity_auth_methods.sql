-- The ways in which machine identities sign in: what all of them have in common is one table, what one of them needs
-- besides is a table beside it. A way that was taken away keeps its row, since its tokens keep theirs.

create table identity_auth_methods (
  org_id uuid not null,
  id uuid not null,
  identity_id uuid not null,
  method text collate "C" not null,
  -- Of the tokens that come of it. 0: for ever, without end, any number of times, no period.
  access_token_ttl_seconds bigint not null,
  access_token_max_ttl_seconds bigint not null,
  access_token_num_uses_limit bigint not null default 0,
  access_token_period_seconds bigint not null default 0,
  -- Addresses and networks as they were given, in the order in which they were given.
  access_token_trusted_ips text[] not null default '{0.0.0.0/0,::/0}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  removed_at timestamptz,
  constraint identity_auth_methods_pkey primary key (org_id, id),
  constraint identity_auth_methods_belong_to_identities
    foreign key (org_id, identity_id) references identities (org_id, id),
  constraint identity_auth_method_is_known check (method in ('token-auth', 'universal-auth')),
  constraint identity_auth_method_limits_are_not_negative check (
    least(access_token_ttl_seconds, access_token_max_ttl_seconds, access_token_num_uses_limit,
      access_token_period_seconds) >= 0
  )
);
create unique index one_auth_method_of_a_kind_per_identity
  on identity_auth_methods (org_id, identity_id, method) where removed_at is null;

insert into identity_auth_methods (org_id, id, identity_id, method, access_token_ttl_seconds,
  access_token_max_ttl_seconds, created_at, updated_at)
select org_id, id, identity_id, 'token-auth', access_token_ttl_seconds, access_token_max_ttl_seconds, created_at,
  updated_at
from identity_token_auths;

drop table identity_token_auths;

-- What universal auth has besides, under the id of its auth method.
create table identity_universal_auths (
  org_id uuid not null,
  id uuid not null,
  client_id uuid not null,
  client_secret_trusted_ips text[] not null default '{0.0.0.0/0,::/0}',
  is_lockout_enabled boolean not null default true,
  lockout_threshold integer not null default 3,
  lockout_duration_seconds integer not null default 300,
  lockout_counter_reset_seconds integer not null default 30,
  constraint identity_universal_auths_pkey primary key (org_id, id),
  constraint identity_universal_auths_belong_to_auth_methods
    foreign key (org_id, id) references identity_auth_methods (org_id, id)
);
-- A login names no organization: the only way in that does not start from one.
create unique index client_ids_are_unique on identity_universal_auths (client_id);

create table identity_client_secrets (
  org_id uuid not null,
  id uuid not null,
  identity_id uuid not null,
  auth_method_id uuid not null,
  -- The first four characters, to tell one from another; of the rest there is a keyed hash alone.
  prefix text collate "C" not null,
  secret_hash text collate "C" not null,
  description text not null default '',
  num_uses bigint not null default 0,
  num_uses_limit bigint not null default 0,
  ttl_seconds bigint not null default 0,
  expires_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint identity_client_secrets_pkey primary key (org_id, id),
  constraint identity_client_secrets_belong_to_identities
    foreign key (org_id, identity_id) references identities (org_id, id),
  constraint identity_client_secrets_belong_to_auth_methods
    foreign key (org_id, auth_method_id) references identity_auth_methods (org_id, id),
  constraint identity_client_secret_is_used_at_most_so_often
    check (num_uses_limit = 0 or num_uses <= num_uses_limit)
);
create unique index client_secrets_are_unique on identity_client_secrets (org_id, auth_method_id, secret_hash);

-- Failed logins of one identity by one method from one address, so that nobody locks out anybody elsewhere.
create table identity_lockouts (
  org_id uuid not null,
  identity_id uuid not null,
  method text collate "C" not null,
  source text collate "C" not null,
  failures integer not null,
  last_failed_at timestamptz not null,
  locked_until timestamptz,
  constraint identity_lockouts_pkey primary key (org_id, identity_id, method, source),
  constraint identity_lockouts_belong_to_identities
    foreign key (org_id, identity_id) references identities (org_id, id)
);

create table identity_metadata (
  org_id uuid not null,
  id uuid not null,
  identity_id uuid not null,
  key text not null,
  value text not null,
  position integer not null,
  -- Metadata that was replaced keeps its rows.
  removed_at timestamptz,
  constraint identity_metadata_pkey primary key (org_id, id),
  constraint identity_metadata_belong_to_identities
    foreign key (org_id, identity_id) references identities (org_id, id)
);
create unique index one_value_per_identity_and_key on identity_metadata (org_id, identity_id, key)
  where removed_at is null;

alter table identity_access_tokens
  add column auth_method_id uuid,
  add column client_secret_id uuid,
  add column num_uses bigint not null default 0,
  add column num_uses_limit bigint not null default 0,
  add column ttl_seconds bigint not null default 0,
  add column max_ttl_seconds bigint not null default 0,
  add column period_seconds bigint not null default 0,
  add column last_used_at timestamptz,
  add column last_renewed_at timestamptz;

update identity_access_tokens t
set auth_method_id = a.id,
  ttl_seconds = coalesce(round(extract(epoch from t.expires_at - t.created_at)), 0)::bigint,
  max_ttl_seconds = a.access_token_max_ttl_seconds
from identity_auth_methods a
where a.org_id = t.org_id and a.identity_id = t.identity_id;

alter table identity_access_tokens
  alter column auth_method_id set not null,
  add constraint identity_access_tokens_belong_to_auth_methods
    foreign key (org_id, auth_method_id) references identity_auth_methods (org_id, id),
  add constraint identity_access_tokens_belong_to_client_secrets
    foreign key (org_id, client_secret_id) references identity_client_secrets (org_id, id),
  add constraint identity_access_token_is_used_at_most_so_often
    check (num_uses_limit = 0 or num_uses <= num_uses_limit);
