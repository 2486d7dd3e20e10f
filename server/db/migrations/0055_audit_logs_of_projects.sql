-- The events of one project are found in their order, however many others the organization has. An event may name what
-- was deleted since, or nothing.

create index audit_logs_of_projects
  on audit_logs (org_id, ((event_metadata ->> 'projectId') collate "C"), created_at, id)
  where ((event_metadata ->> 'projectId') collate "C") is not null;
