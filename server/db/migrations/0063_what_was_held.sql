-- What was held at an earlier time is looked for as what is held now is: by its holder, and by where it is held. These
-- indexes have closed rows alone, so that they cost when something ends and not when it begins. The end comes last, by
-- which all that had ended before is passed over.

create index organization_user_memberships_closed
  on organization_user_memberships (org_id, user_id, valid_until) where is_closed;
create index organization_identity_memberships_closed
  on organization_identity_memberships (org_id, identity_id, valid_until) where is_closed;

create index organization_user_role_grants_closed
  on organization_user_role_grants (org_id, membership_id, valid_until) where is_closed;
create index organization_identity_role_grants_closed
  on organization_identity_role_grants (org_id, membership_id, valid_until) where is_closed;
create index group_role_grants_closed on group_role_grants (org_id, group_id, valid_until) where is_closed;

create index group_user_memberships_closed_by_member
  on group_user_memberships (org_id, membership_id, valid_until) where is_closed;
create index group_user_memberships_closed_by_group
  on group_user_memberships (org_id, group_id, valid_until) where is_closed;
create index group_identity_memberships_closed_by_member
  on group_identity_memberships (org_id, membership_id, valid_until) where is_closed;
create index group_identity_memberships_closed_by_group
  on group_identity_memberships (org_id, group_id, valid_until) where is_closed;

create index project_user_memberships_closed_by_holder
  on project_user_memberships (org_id, membership_id, valid_until) where is_closed;
create index project_user_memberships_closed_by_project
  on project_user_memberships (org_id, project_id, valid_until) where is_closed;
create index project_identity_memberships_closed_by_holder
  on project_identity_memberships (org_id, membership_id, valid_until) where is_closed;
create index project_identity_memberships_closed_by_project
  on project_identity_memberships (org_id, project_id, valid_until) where is_closed;
create index project_group_memberships_closed_by_holder
  on project_group_memberships (org_id, group_id, valid_until) where is_closed;
create index project_group_memberships_closed_by_project
  on project_group_memberships (org_id, project_id, valid_until) where is_closed;

create index project_user_role_grants_closed
  on project_user_role_grants (org_id, project_membership_id, valid_until) where is_closed;
create index project_identity_role_grants_closed
  on project_identity_role_grants (org_id, project_membership_id, valid_until) where is_closed;
create index project_group_role_grants_closed
  on project_group_role_grants (org_id, project_membership_id, valid_until) where is_closed;

create index project_user_privileges_closed_by_holder
  on project_user_privileges (org_id, membership_id, valid_until) where is_closed;
create index project_user_privileges_closed_by_project
  on project_user_privileges (org_id, project_id, valid_until) where is_closed;
create index project_identity_privileges_closed_by_holder
  on project_identity_privileges (org_id, membership_id, valid_until) where is_closed;
create index project_identity_privileges_closed_by_project
  on project_identity_privileges (org_id, project_id, valid_until) where is_closed;
