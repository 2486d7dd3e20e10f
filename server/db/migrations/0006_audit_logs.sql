-- What was done, and what was refused. Rows are only ever added. There is no foreign key to the organization or
-- to what an event names: the trace outlives what it records.

create table audit_logs (
  org_id uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  id uuid not null,
  event_type text collate "C" not null,
  event_metadata jsonb not null,
  actor_type text collate "C" not null,
  actor_id uuid,
  actor_metadata jsonb not null,
  ip_address text not null,
  user_agent text not null,
  user_agent_type text collate "C" not null,
  constraint audit_logs_pkey primary key (org_id, created_at, id)
);

create function refuse_change_of_audit_logs() returns trigger language plpgsql as $$
begin
  raise exception 'audit logs are only ever added to' using errcode = 'insufficient_privilege';
end
$$;

create trigger audit_logs_are_only_added_to
  before update or delete or truncate on audit_logs
  for each statement execute function refuse_change_of_audit_logs();
