/** Every event and what it records. A field that is not named here does not compile. */
export type AuditEvents = {
  "bootstrap-instance": { userId: string; username: string; identityId?: string }
  "create-organization": { name: string; slug: string }
  "update-organization": {
    name?: string
    slug?: string
    defaultMembershipRoleSlug?: string
    enforceMfa?: boolean
    userTokenExpiration?: string
  }
  "upgrade-privilege-system": { name: string; slug: string }
  "delete-organization": { name: string; slug: string }
  "select-organization": { organizationId: string; organizationName: string }
  "invite-organization-members": { members: { membershipId: string; email: string; role: string }[] }
  "accept-organization-invitation": OrganizationMembership
  "resend-organization-invitation": OrganizationMembership
  "decline-organization-invitation": OrganizationMembership
  "delete-user": OrganizationMembership
  "update-organization-membership": OrganizationMembership & {
    role?: string
    isActive?: boolean
    metadata?: { key: string; value: string }[]
  }
  "remove-organization-member": OrganizationMembership
  "leave-organization": OrganizationMembership
  "update-user-email": { userId: string; oldUsername: string; username: string }
  "create-identity": {
    identityId: string
    name: string
    role: string
    hasDeleteProtection: boolean
    metadata: { key: string; value: string }[]
  }
  "update-identity": {
    identityId: string
    name?: string
    role?: string
    hasDeleteProtection?: boolean
    metadata?: { key: string; value: string }[]
  }
  "update-identity-instance-admin": { identityId: string; name: string; isInstanceAdmin: boolean }
  "delete-identity": { identityId: string; name: string }
  "renew-identity-access-token": { identityId: string; tokenId: string }
  "revoke-identity-access-token": { identityId: string; tokenId: string }
  "add-identity-token-auth": AuthMethodSettings
  "update-identity-token-auth": AuthMethodSettings
  "revoke-identity-token-auth": { identityId: string }
  "create-token-identity-token-auth": { identityId: string; tokenId: string }
  "update-token-identity-token-auth": { identityId: string; tokenId: string; name: string | null }
  "revoke-token-identity-token-auth": { identityId: string; tokenId: string }
  "add-identity-universal-auth": UniversalAuthSettings
  "update-identity-universal-auth": UniversalAuthSettings
  "revoke-identity-universal-auth": { identityId: string }
  "create-identity-universal-auth-client-secret": { identityId: string; clientSecretId: string }
  "revoke-identity-universal-auth-client-secret": { identityId: string; clientSecretId: string }
  "login-identity-universal-auth": {
    identityId: string
    identityUniversalAuthId: string
    clientSecretId: string
    identityAccessTokenId: string
  }
  "clear-identity-universal-auth-lockouts": { identityId: string }
  "create-group": { groupId: string; name: string; slug: string; role: string }
  "update-group": {
    groupId: string
    name?: string
    slug?: string
    role?: string
    membershipLifetime?: string | null
  }
  "delete-group": { groupId: string; name: string; slug: string }
  "add-user-to-group": GroupMembership
  "remove-user-from-group": GroupMembership
  "add-identity-to-group": IdentityGroupMembership
  "remove-identity-from-group": IdentityGroupMembership
  "update-user-group-membership": GroupMember & (MovedMembership | { sources: string[] })
  "update-identity-group-membership": GroupIdentity & (MovedMembership | { sources: string[] })
  "create-org-role": RoleContent & { roleId: string }
  "update-org-role": Partial<RoleContent> & { roleId: string }
  "delete-org-role": { roleId: string; slug: string; name: string }
  "create-project": { projectId: string; name: string; slug: string; type: string; template?: string }
  "update-project": {
    projectId: string
    name?: string
    slug?: string
    description?: string | null
    autoCapitalization?: boolean
    hasDeleteProtection?: boolean
    pitVersionLimit?: number
    secretSharing?: boolean
    showSnapshotsLegacy?: boolean
    secretDetectionIgnoreValues?: string[]
    auditLogsRetentionDays?: number
  }
  "create-project-template": TemplateContent & { templateId: string }
  "update-project-template": Partial<TemplateContent> & { templateId: string }
  "delete-project-template": { templateId: string; name: string }
  "create-folder": FolderEvent
  "update-folder": FolderEvent & { oldFolderName: string; oldFolderPath: string }
  "delete-folder": FolderEvent
  "get-folder-snapshot": SecretPlace & { snapshotId: string; numberOfSecrets: number }
  "restore-folder": SecretPlace & {
    snapshotId: string
    secrets: Restored
    folders: Restored
    numberOfImportsCreated: number
    numberOfImportsDeleted: number
  }
  "create-tag": TagEvent
  "update-tag": TagEvent & { oldSlug: string }
  "delete-tag": TagEvent
  "create-service-token": ServiceTokenContent
  "delete-service-token": ServiceTokenContent
  "get-secrets": SecretPlace & {
    numberOfSecrets: number
    imports?: SecretsRead[]
    references?: SecretsRead[]
  }
  "get-secret": SecretPlace & SecretEvent & { references?: SecretReferred[] }
  /** What was answered before to a request with an `Idempotency-Key`, and given again. */
  "replay-secret-values": { projectId: string; operation: string }
  "get-secret-versions": SecretPlace & SecretEvent & { numberOfVersions: number }
  "create-secret": SecretPlace & SecretEvent
  "create-secrets": SecretPlace & { secrets: SecretEvent[] }
  "update-secret": SecretPlace & SecretEvent & { oldSecretKey?: string; restoredVersion?: number }
  "update-secrets": SecretPlace & { secrets: (SecretEvent & { oldSecretKey?: string })[] }
  "delete-secret": SecretPlace & SecretEvent
  "delete-secrets": SecretPlace & { secrets: SecretEvent[] }
  "move-secrets": {
    projectId: string
    sourceEnvironment: string
    sourceSecretPath: string
    destinationEnvironment: string
    destinationSecretPath: string
    secretIds: string[]
    secretKeys: string[]
  }
  "create-secret-import": SecretImportEvent
  "update-secret-import": SecretImportEvent & {
    oldImportedEnvironment: string
    oldImportedPath: string
    oldPosition: number
  }
  "delete-secret-import": SecretImportEvent
  "resync-secret-import": SecretImportEvent
  "delete-project": { projectId: string; name: string; slug: string }
  "create-environment": EnvironmentContent
  "update-environment": EnvironmentContent & { oldName: string; oldSlug: string; oldPosition: number }
  "delete-environment": EnvironmentContent
  "add-project-group": ProjectGroup & { roles: RoleGiven[] }
  "update-project-group": ProjectGroup & { roles: RoleGiven[] }
  "remove-project-group": ProjectGroup
  "create-project-role": RoleContent & { projectId: string; roleId: string }
  "update-project-role": Partial<RoleContent> & { projectId: string; roleId: string }
  "delete-project-role": { projectId: string; roleId: string; slug: string; name: string }
  "create-user-privilege": PrivilegeContent & { userId: string }
  "update-user-privilege": PrivilegeContent & { userId: string }
  "delete-user-privilege": PrivilegeContent & { userId: string }
  "create-identity-privilege": PrivilegeContent & { identityId: string }
  "update-identity-privilege": PrivilegeContent & { identityId: string }
  "delete-identity-privilege": PrivilegeContent & { identityId: string }
  "add-project-members": {
    projectId: string
    members: { userId: string; username: string }[]
    roles: string[]
  }
  "update-user-project-role": ProjectUser & { roles: RoleGiven[] }
  "remove-project-member": ProjectUser
  "create-identity-project-membership": ProjectIdentity & { roles: RoleGiven[] }
  "update-identity-project-membership": ProjectIdentity & { roles: RoleGiven[] }
  "delete-identity-project-membership": ProjectIdentity
  "view-audit-logs": Record<string, never>
  "permission-denied": {
    permissionAction: string
    permissionSubject: string
    permissionSubjectDetails: Record<string, unknown>
    errorName: string
    message: string
    route: string
    method: string
    projectId: string | null
  }
}

type ServiceTokenContent = {
  projectId: string
  serviceTokenId: string
  name: string
  scopes: { environment: string; secretPath: string }[]
  permissions: string[]
  expiresAt: string | null
}
type TagEvent = { projectId: string; tagId: string; slug: string }
/** What was made, changed and ended, by its paths or names. */
type Restored = { created: string[]; updated: string[]; deleted: string[] }
type SecretPlace = { projectId: string; environment: string; secretPath: string }
type SecretEvent = { secretId: string; secretKey: string; secretVersion: number; type: "shared" | "personal" }

/** How many secrets of a place were read beside those that were asked for. */
type SecretsRead = { environment: string; secretPath: string; numberOfSecrets: number }
/** A secret whose value was put in place of a reference. */
type SecretReferred = Omit<SecretPlace, "projectId"> & Omit<SecretEvent, "type">
type SecretImportEvent = SecretPlace & {
  importId: string
  folderId: string
  importedEnvironment: string
  importedPath: string
  position: number
  isReplication?: true
}

type FolderEvent = {
  projectId: string
  environment: string
  folderId: string
  folderName: string
  folderPath: string
}

type OrganizationMembership = { membershipId: string; userId: string; username: string }

type AuthMethodSettings = {
  identityId: string
  accessTokenTTL: number
  accessTokenMaxTTL: number
  accessTokenNumUsesLimit: number
  accessTokenPeriod: number
  accessTokenTrustedIps: TrustedIp[]
}

type TrustedIp = { type: string; prefix?: number; ipAddress: string }

type UniversalAuthSettings = AuthMethodSettings & {
  clientId: string
  clientSecretTrustedIps: TrustedIp[]
  lockoutEnabled: boolean
  lockoutThreshold: number
  lockoutDurationSeconds: number
  lockoutCounterResetSeconds: number
}

type RoleContent = {
  slug: string
  name: string
  description: string | null
  permissions: {
    subject: string
    action: string[]
    conditions?: Record<string, unknown>
    inverted?: boolean
  }[]
}

type TemplateContent = {
  name: string
  description: string | null
  type: string
  roles: { name: string; slug: string; permissions: RoleContent["permissions"] }[]
  environments: { name: string; slug: string; position: number }[]
}

type EnvironmentContent = {
  projectId: string
  environmentId: string
  name: string
  slug: string
  position: number
}

type PrivilegeContent = {
  projectId: string
  privilegeId: string
  slug?: string
  permissions?: RoleContent["permissions"]
  isTemporary?: boolean
  temporaryRange?: string
  temporaryAccessStartTime?: string
}

/** The row of a membership adds its end as `until`, and when it is ended whose say it was as `sources`. */
type GroupMembership = GroupMember & Given
type IdentityGroupMembership = GroupIdentity & Given
type GroupMember = { groupId: string; groupName: string; userId: string; username: string }
type GroupIdentity = { groupId: string; groupName: string; identityId: string }
type Given = { from?: string; until?: string; sources?: string[] }
type MovedMembership = { from: string; until: string | null; oldFrom: string; oldUntil: string | null }

type ProjectGroup = { projectId: string; groupId: string; groupName: string }
type ProjectUser = { projectId: string; userId: string; username: string }
type ProjectIdentity = { projectId: string; identityId: string }
type RoleGiven = { role: string; isTemporary: boolean }

export type AuditEvent = keyof AuditEvents
