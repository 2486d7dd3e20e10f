-- To find who has a built-in role, of which there may be three among a hundred thousand. Custom roles have indexes of
-- their own.

create index organization_user_role_grants_by_role on organization_user_role_grants (org_id, role)
  where not is_closed and role <> 'custom';
create index organization_identity_role_grants_by_role on organization_identity_role_grants (org_id, role)
  where not is_closed and role <> 'custom';
create index group_role_grants_by_role on group_role_grants (org_id, role) where not is_closed and role <> 'custom';

create index project_user_role_grants_by_role on project_user_role_grants (org_id, project_id, role)
  where not is_closed and role <> 'custom';
create index project_identity_role_grants_by_role on project_identity_role_grants (org_id, project_id, role)
  where not is_closed and role <> 'custom';
create index project_group_role_grants_by_role on project_group_role_grants (org_id, project_id, role)
  where not is_closed and role <> 'custom';
