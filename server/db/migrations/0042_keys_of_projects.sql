-- Data keys belong to projects, and tell whether what those before them sealed was sealed anew.

alter table project_keys add constraint project_keys_belong_to_projects
  foreign key (org_id, project_id) references projects (org_id, id);

-- Absent: what an earlier key sealed may still be there.
alter table project_keys add column resealed_at timestamptz;
update project_keys set resealed_at = created_at where version = 1;
alter table project_keys add constraint first_project_key_seals_nothing_anew
  check (version > 1 or resealed_at is not null);
