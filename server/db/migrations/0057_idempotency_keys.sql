-- What was done under an Idempotency-Key: one row for each key of a caller in an organization and for a route, written in
-- the transaction of what it stands for. Rows older than a day count for nothing, and are taken away.
create table idempotency_keys (
  org_id uuid not null references organizations (id),
  -- The person, machine identity or service token.
  actor_id uuid not null,
  operation text collate "C" not null,
  key text collate "C" not null,
  -- Keyed hashes: of method, address and body, and of the rights of the caller at that time.
  request_hash text collate "C" not null,
  rights_hash text collate "C" not null,
  -- The answer, sealed: by the project's data key where it may have values of secrets, else by that of the instance.
  project_id uuid,
  sealed_answer bytea not null,
  made_at timestamptz not null default statement_timestamp(),
  constraint idempotency_keys_pkey primary key (org_id, actor_id, operation, key)
);
create index idempotency_keys_by_age on idempotency_keys (made_at);
