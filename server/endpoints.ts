import { directoryEndpoints } from "./admin/directory.api.ts"
import { instanceEndpoints } from "./admin/instance.api.ts"
import { settingsEndpoints } from "./admin/settings.api.ts"
import { statusEndpoints } from "./admin/status.api.ts"
import { auditEndpoints } from "./audit/audit.api.ts"
import { loginEndpoints } from "./auth/login.api.ts"
import { sessionEndpoints } from "./auth/sessions.api.ts"
import { mfaEndpoints } from "./auth/mfa.api.ts"
import { totpEndpoints } from "./auth/totp.api.ts"
import { explainEndpoints } from "./explain/explain.api.ts"
import { pastEndpoints } from "./past/past.api.ts"
import { folderEndpoints } from "./folders/folders.api.ts"
import { legacyFolderEndpoints } from "./folders/folders.legacy.api.ts"
import { allMemberEndpoints } from "./groups/all-members.api.ts"
import { groupListEndpoints } from "./groups/group-lists.api.ts"
import { groupEndpoints } from "./groups/groups.api.ts"
import { identityMemberEndpoints } from "./groups/identity-members.api.ts"
import { groupProjectEndpoints } from "./groups/projects.api.ts"
import { bulkEndpoints } from "./groups/bulk.api.ts"
import { memberEndpoints } from "./groups/members.api.ts"
import { membershipEndpoints } from "./groups/memberships.api.ts"
import { membershipSettingEndpoints } from "./groups/membership-settings.api.ts"
import type { Endpoint } from "./http/endpoint.ts"
import { clientSecretEndpoints } from "./identities/client-secrets.api.ts"
import { identityEndpoints } from "./identities/identities.api.ts"
import { historyEndpoints } from "./history/history.api.ts"
import { importEndpoints } from "./imports/imports.api.ts"
import { roleEndpoints } from "./roles/roles.api.ts"
import { identityMembershipEndpoints } from "./identities/identity-memberships.api.ts"
import { tokenAuthEndpoints } from "./identities/token-auth.api.ts"
import { tokenRenewalEndpoints } from "./identities/token-renewal.api.ts"
import { universalAuthEndpoints } from "./identities/universal-auth.api.ts"
import { universalLoginEndpoints } from "./identities/universal-login.api.ts"
import { invitationEndpoints } from "./organizations/invitations.api.ts"
import { organizationMemberEndpoints } from "./organizations/members.api.ts"
import { organizationEndpoints } from "./organizations/organizations.api.ts"
import { planEndpoints } from "./organizations/plan.api.ts"
import { environmentEndpoints } from "./projects/environments.api.ts"
import { legacyEnvironmentEndpoints } from "./projects/environments.legacy.api.ts"
import { legacyProjectEndpoints } from "./projects/projects.legacy.api.ts"
import { projectGroupEndpoints } from "./projects/group-members.api.ts"
import { legacyProjectGroupEndpoints } from "./projects/group-members.legacy.api.ts"
import { projectIdentityEndpoints } from "./projects/identity-members.api.ts"
import { legacyProjectIdentityEndpoints } from "./projects/identity-members.legacy.api.ts"
import { projectUserEndpoints } from "./projects/user-members.api.ts"
import { legacyProjectUserEndpoints } from "./projects/user-members.legacy.api.ts"
import { previewEndpoints } from "./preview/preview.api.ts"
import { ownPermissionEndpoints } from "./projects/own-permissions.api.ts"
import { memberProjectEndpoints } from "./projects/projects-of-members.api.ts"
import { templateEndpoints } from "./projects/templates.api.ts"
import { projectEndpoints } from "./projects/projects.api.ts"
import { identityPrivilegeEndpoints } from "./projects/identity-privileges.api.ts"
import { olderIdentityPrivilegeEndpoints } from "./projects/identity-privileges.legacy.api.ts"
import { olderProjectRoleEndpoints } from "./projects/roles.legacy.api.ts"
import { projectRoleEndpoints } from "./projects/roles.api.ts"
import { userPrivilegeEndpoints } from "./projects/user-privileges.api.ts"
import { tagEndpoints } from "./projects/tags.api.ts"
import { legacyTagEndpoints } from "./projects/tags.legacy.api.ts"
import { secretBatchEndpoints } from "./secrets/batches.api.ts"
import { secretChangeEndpoints } from "./secrets/changes.api.ts"
import { secretMoveEndpoints } from "./secrets/moves.api.ts"
import { referenceEndpoints } from "./secrets/references.api.ts"
import { secretEndpoints } from "./secrets/secrets.api.ts"
import { secretTagEndpoints } from "./secrets/tags.api.ts"
import { serviceTokenEndpoints } from "./service-tokens/service-tokens.api.ts"
import { passwordEndpoints } from "./users/passwords.api.ts"
import { profileEndpoints } from "./users/profile.api.ts"
import { signUpEndpoints } from "./users/sign-up.api.ts"

/** Every endpoint there is. Routes, document, access tests and clients are drawn from this list. */
export const endpoints: readonly Endpoint[] = [
  ...statusEndpoints,
  ...instanceEndpoints,
  ...settingsEndpoints,
  ...directoryEndpoints,
  ...loginEndpoints,
  ...sessionEndpoints,
  ...profileEndpoints,
  ...signUpEndpoints,
  ...passwordEndpoints,
  ...totpEndpoints,
  ...mfaEndpoints,
  ...organizationEndpoints,
  ...planEndpoints,
  ...organizationMemberEndpoints,
  ...invitationEndpoints,
  ...identityEndpoints,
  ...identityMembershipEndpoints,
  ...tokenAuthEndpoints,
  ...tokenRenewalEndpoints,
  ...universalAuthEndpoints,
  ...clientSecretEndpoints,
  ...universalLoginEndpoints,
  ...roleEndpoints,
  ...groupEndpoints,
  ...memberEndpoints,
  ...membershipEndpoints,
  ...membershipSettingEndpoints,
  ...bulkEndpoints,
  ...identityMemberEndpoints,
  ...allMemberEndpoints,
  ...groupProjectEndpoints,
  ...groupListEndpoints,
  ...projectEndpoints,
  ...templateEndpoints,
  ...environmentEndpoints,
  ...legacyProjectEndpoints,
  ...legacyEnvironmentEndpoints,
  ...folderEndpoints,
  ...legacyFolderEndpoints,
  ...memberProjectEndpoints,
  ...ownPermissionEndpoints,
  ...projectGroupEndpoints,
  ...legacyProjectGroupEndpoints,
  ...projectRoleEndpoints,
  ...olderProjectRoleEndpoints,
  ...identityPrivilegeEndpoints,
  ...olderIdentityPrivilegeEndpoints,
  ...userPrivilegeEndpoints,
  ...projectUserEndpoints,
  ...legacyProjectUserEndpoints,
  ...projectIdentityEndpoints,
  ...legacyProjectIdentityEndpoints,
  ...tagEndpoints,
  ...legacyTagEndpoints,
  ...secretEndpoints,
  ...secretChangeEndpoints,
  ...secretBatchEndpoints,
  ...secretMoveEndpoints,
  ...secretTagEndpoints,
  ...referenceEndpoints,
  ...importEndpoints,
  ...serviceTokenEndpoints,
  ...historyEndpoints,
  ...auditEndpoints,
  ...explainEndpoints,
  ...previewEndpoints,
  ...pastEndpoints,
]
