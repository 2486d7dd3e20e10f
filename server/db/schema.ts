// Generated from the migrated database by "npm run generate"; do not edit.
import type { ColumnType } from "kysely"

type Generated<T> =
  T extends ColumnType<infer S, infer I, infer U>
    ? ColumnType<S, I | undefined, U>
    : ColumnType<T, T | undefined, T>
type Json = ColumnType<unknown, string, string>
type Timestamp = ColumnType<Date, Date | string, Date | string>
type Int8 = ColumnType<string, bigint | number | string, bigint | number | string>

export interface ActiveGroupIdentityMemberships {
  org_id: string
  id: string
  group_id: string
  membership_id: string
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  sources: string[]
}

export interface ActiveGroupRoleGrants {
  org_id: string
  id: string
  group_id: string
  role: string
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  custom_role_id: string | null
}

export interface ActiveGroupUserMemberships {
  org_id: string
  id: string
  group_id: string
  membership_id: string
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  sources: string[]
}

export interface ActiveOrganizationIdentityMemberships {
  org_id: string
  id: string
  identity_id: string
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  updated_at: Timestamp
}

export interface ActiveOrganizationIdentityRoleGrants {
  org_id: string
  id: string
  membership_id: string
  role: string
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  custom_role_id: string | null
}

export interface ActiveOrganizationUserMemberships {
  org_id: string
  id: string
  user_id: string
  username: string
  sort_key: string | null
  search_key: string
  invite_email: string | null
  accepted_at: Timestamp | null
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  updated_at: Timestamp
  deactivated_at: Timestamp | null
  metadata: Json
  last_login_at: Timestamp | null
  last_login_auth_method: string | null
}

export interface ActiveOrganizationUserRoleGrants {
  org_id: string
  id: string
  membership_id: string
  role: string
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  custom_role_id: string | null
}

export interface ActiveProjectGroupMemberships {
  org_id: string
  project_id: string
  id: string
  group_id: string
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  updated_at: Timestamp
}

export interface ActiveProjectGroupRoleGrants {
  org_id: string
  project_id: string
  id: string
  project_membership_id: string
  role: string
  custom_role_id: string | null
  is_temporary: boolean
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  created_at: Timestamp
  updated_at: Timestamp
}

export interface ActiveProjectIdentityMemberships {
  org_id: string
  project_id: string
  id: string
  membership_id: string
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  updated_at: Timestamp
}

export interface ActiveProjectIdentityPrivileges {
  org_id: string
  project_id: string
  id: string
  membership_id: string
  slug: string
  permissions: Json
  rules_digest: string
  given_at: Timestamp
  is_temporary: boolean
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  created_at: Timestamp
  updated_at: Timestamp
}

export interface ActiveProjectIdentityRoleGrants {
  org_id: string
  project_id: string
  id: string
  project_membership_id: string
  role: string
  custom_role_id: string | null
  is_temporary: boolean
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  created_at: Timestamp
  updated_at: Timestamp
}

export interface ActiveProjectUserMemberships {
  org_id: string
  project_id: string
  id: string
  membership_id: string
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  updated_at: Timestamp
}

export interface ActiveProjectUserPrivileges {
  org_id: string
  project_id: string
  id: string
  membership_id: string
  slug: string
  permissions: Json
  rules_digest: string
  given_at: Timestamp
  is_temporary: boolean
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  created_at: Timestamp
  updated_at: Timestamp
}

export interface ActiveProjectUserRoleGrants {
  org_id: string
  project_id: string
  id: string
  project_membership_id: string
  role: string
  custom_role_id: string | null
  is_temporary: boolean
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Timestamp
  valid_until: Timestamp | null
  is_closed: boolean
  created_at: Timestamp
  updated_at: Timestamp
}

export interface AuditLogs {
  org_id: string
  created_at: Generated<Timestamp>
  id: string
  event_type: string
  event_metadata: Json
  actor_type: string
  actor_id: string | null
  actor_metadata: Json
  ip_address: string
  user_agent: string
  user_agent_type: string
}

export interface Authenticators {
  user_id: string
  sealed_secret: Buffer | null
  sealed_recovery_codes: Buffer | null
  is_verified: Generated<boolean>
  last_used_step: Int8 | null
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
}

export interface EmailCodes {
  user_id: string
  purpose: string
  id: string
  address: string
  code_hash: string
  attempts: Generated<number>
  created_at: Generated<Timestamp>
  expires_at: Timestamp
  used_at: Timestamp | null
}

export interface Environments {
  org_id: string
  project_id: string
  id: string
  name: string
  slug: string
  position: number
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  deleted_at: Timestamp | null
}

export interface FolderChanges {
  org_id: string
  project_id: string
  environment_id: string
  folder_id: string
  id: Generated<string>
  actor_kind: string | null
  actor_id: string | null
  changed_at: Generated<Timestamp>
}

export interface FolderVersions {
  org_id: string
  folder_id: string
  changed_at: Generated<Timestamp>
  name: string
  description: string | null
}

export interface Folders {
  org_id: string
  project_id: string
  environment_id: string
  id: string
  parent_id: string | null
  name: string
  path: string
  description: string | null
  version: Generated<number>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  ended_at: Timestamp | null
  is_reserved: Generated<boolean>
}

export interface GroupIdentityMemberships {
  org_id: string
  id: string
  group_id: string
  membership_id: string
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  sources: Generated<string[]>
}

export interface GroupRoleGrants {
  org_id: string
  id: string
  group_id: string
  role: string
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  custom_role_id: string | null
}

export interface GroupUserMemberships {
  org_id: string
  id: string
  group_id: string
  membership_id: string
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  sources: Generated<string[]>
  end_told: Timestamp | null
}

export interface Groups {
  org_id: string
  id: string
  name: string
  slug: string
  sort_key: string
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  deleted_at: Timestamp | null
  membership_lifetime_text: string | null
  membership_lifetime_ms: Int8 | null
}

export interface HeldIdentityRoles {
  org_id: string | null
  membership_id: string | null
  role_key: string | null
  source_kind: string | null
  source_id: string | null
  valid_from: Timestamp | null
  valid_until: Timestamp | null
}

export interface HeldProjectIdentityRules {
  org_id: string | null
  project_id: string | null
  membership_id: string | null
  source_kind: string | null
  source_id: string | null
  valid_from: Timestamp | null
  valid_until: Timestamp | null
  rules_key: string | null
}

export interface HeldProjectUserRules {
  org_id: string | null
  project_id: string | null
  membership_id: string | null
  source_kind: string | null
  source_id: string | null
  valid_from: Timestamp | null
  valid_until: Timestamp | null
  rules_key: string | null
}

export interface HeldUserRoles {
  org_id: string | null
  membership_id: string | null
  role_key: string | null
  source_kind: string | null
  source_id: string | null
  valid_from: Timestamp | null
  valid_until: Timestamp | null
}

export interface IdempotencyKeys {
  org_id: string
  actor_id: string
  operation: string
  key: string
  request_hash: string
  rights_hash: string
  project_id: string | null
  sealed_answer: Buffer
  made_at: Generated<Timestamp>
}

export interface Identities {
  org_id: string
  id: string
  name: string
  sort_key: string
  has_delete_protection: Generated<boolean>
  is_instance_admin: Generated<boolean>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  deleted_at: Timestamp | null
}

export interface IdentityAccessTokens {
  org_id: string
  id: string
  identity_id: string
  auth_method: string
  name: string | null
  expires_at: Timestamp | null
  revoked_at: Timestamp | null
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  auth_method_id: string
  client_secret_id: string | null
  num_uses: Generated<Int8>
  num_uses_limit: Generated<Int8>
  ttl_seconds: Generated<Int8>
  max_ttl_seconds: Generated<Int8>
  period_seconds: Generated<Int8>
  last_used_at: Timestamp | null
  last_renewed_at: Timestamp | null
}

export interface IdentityAuthMethods {
  org_id: string
  id: string
  identity_id: string
  method: string
  access_token_ttl_seconds: Int8
  access_token_max_ttl_seconds: Int8
  access_token_num_uses_limit: Generated<Int8>
  access_token_period_seconds: Generated<Int8>
  access_token_trusted_ips: Generated<string[]>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  removed_at: Timestamp | null
}

export interface IdentityClientSecrets {
  org_id: string
  id: string
  identity_id: string
  auth_method_id: string
  prefix: string
  secret_hash: string
  description: Generated<string>
  num_uses: Generated<Int8>
  num_uses_limit: Generated<Int8>
  ttl_seconds: Generated<Int8>
  expires_at: Timestamp | null
  revoked_at: Timestamp | null
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
}

export interface IdentityLockouts {
  org_id: string
  identity_id: string
  method: string
  source: string
  failures: number
  last_failed_at: Timestamp
  locked_until: Timestamp | null
}

export interface IdentityMetadata {
  org_id: string
  id: string
  identity_id: string
  key: string
  value: string
  position: number
  removed_at: Timestamp | null
}

export interface IdentityUniversalAuths {
  org_id: string
  id: string
  client_id: string
  client_secret_trusted_ips: Generated<string[]>
  is_lockout_enabled: Generated<boolean>
  lockout_threshold: Generated<number>
  lockout_duration_seconds: Generated<number>
  lockout_counter_reset_seconds: Generated<number>
}

export interface InstanceDataKeys {
  id: string
  version: number
  root_key_id: string
  wrapped_key: Buffer
  created_at: Generated<Timestamp>
}

export interface InstanceEncryption {
  is_only: Generated<boolean>
  instance_id: Generated<string>
  root_key_id: string | null
}

export interface InstanceKeys {
  name: string
  check_value: string
  created_at: Generated<Timestamp>
}

export interface InstanceSettings {
  is_only: Generated<boolean>
  allow_sign_up: Generated<boolean>
  allowed_sign_up_domain: string | null
  updated_at: Generated<Timestamp>
}

export interface InstanceSetup {
  is_done: Generated<boolean>
  done_at: Generated<Timestamp>
}

export interface Invitations {
  org_id: string
  id: string
  membership_id: string
  code_hash: string
  created_at: Generated<Timestamp>
  expires_at: Timestamp
  used_at: Timestamp | null
  inviter_membership_id: string | null
  ended_at: Timestamp | null
}

export interface OpenGroupIdentityMemberships {
  org_id: string | null
  id: string | null
  group_id: string | null
  membership_id: string | null
  valid_from: Timestamp | null
  valid_until: Timestamp | null
  is_closed: boolean | null
  sources: string[] | null
}

export interface OpenGroupUserMemberships {
  org_id: string | null
  id: string | null
  group_id: string | null
  membership_id: string | null
  valid_from: Timestamp | null
  valid_until: Timestamp | null
  is_closed: boolean | null
  sources: string[] | null
  end_told: Timestamp | null
}

export interface OpenProjectGroupRoleGrants {
  org_id: string | null
  project_id: string | null
  id: string | null
  project_membership_id: string | null
  role: string | null
  custom_role_id: string | null
  is_temporary: boolean | null
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Timestamp | null
  valid_until: Timestamp | null
  is_closed: boolean | null
  created_at: Timestamp | null
  updated_at: Timestamp | null
}

export interface OpenProjectIdentityPrivileges {
  org_id: string | null
  project_id: string | null
  id: string | null
  membership_id: string | null
  slug: string | null
  permissions: Json | null
  rules_digest: string | null
  given_at: Timestamp | null
  is_temporary: boolean | null
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Timestamp | null
  valid_until: Timestamp | null
  is_closed: boolean | null
  created_at: Timestamp | null
  updated_at: Timestamp | null
}

export interface OpenProjectIdentityRoleGrants {
  org_id: string | null
  project_id: string | null
  id: string | null
  project_membership_id: string | null
  role: string | null
  custom_role_id: string | null
  is_temporary: boolean | null
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Timestamp | null
  valid_until: Timestamp | null
  is_closed: boolean | null
  created_at: Timestamp | null
  updated_at: Timestamp | null
}

export interface OpenProjectUserPrivileges {
  org_id: string | null
  project_id: string | null
  id: string | null
  membership_id: string | null
  slug: string | null
  permissions: Json | null
  rules_digest: string | null
  given_at: Timestamp | null
  is_temporary: boolean | null
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Timestamp | null
  valid_until: Timestamp | null
  is_closed: boolean | null
  created_at: Timestamp | null
  updated_at: Timestamp | null
}

export interface OpenProjectUserRoleGrants {
  org_id: string | null
  project_id: string | null
  id: string | null
  project_membership_id: string | null
  role: string | null
  custom_role_id: string | null
  is_temporary: boolean | null
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Timestamp | null
  valid_until: Timestamp | null
  is_closed: boolean | null
  created_at: Timestamp | null
  updated_at: Timestamp | null
}

export interface OpenServiceTokens {
  org_id: string | null
  project_id: string | null
  id: string | null
  name: string | null
  secret_hash: string | null
  permissions: string[] | null
  created_by: string | null
  expires_at: Timestamp | null
  last_used_at: Timestamp | null
  created_at: Timestamp | null
  updated_at: Timestamp | null
  deleted_at: Timestamp | null
  is_expired: boolean | null
  scopes: string[] | null
}

export interface OrganizationIdentityMemberships {
  org_id: string
  id: string
  identity_id: string
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  updated_at: Generated<Timestamp>
}

export interface OrganizationIdentityRoleGrants {
  org_id: string
  id: string
  membership_id: string
  role: string
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  custom_role_id: string | null
}

export interface OrganizationKeys {
  org_id: string
  id: string
  version: number
  root_key_id: string
  wrapped_key: Buffer | null
  created_at: Generated<Timestamp>
  destroyed_at: Timestamp | null
}

export interface OrganizationRoles {
  org_id: string
  id: string
  slug: string
  name: string
  description: string | null
  permissions: Json
  rules_digest: Generated<string>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  deleted_at: Timestamp | null
}

export interface OrganizationUserMemberships {
  org_id: string
  id: string
  user_id: string
  username: string
  sort_key: string | null
  search_key: string
  invite_email: string | null
  accepted_at: Timestamp | null
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  updated_at: Generated<Timestamp>
  deactivated_at: Timestamp | null
  metadata: Generated<Json>
  last_login_at: Timestamp | null
  last_login_auth_method: string | null
}

export interface OrganizationUserRoleGrants {
  org_id: string
  id: string
  membership_id: string
  role: string
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  custom_role_id: string | null
}

export interface Organizations {
  id: string
  name: string
  slug: string
  default_role: Generated<string>
  uses_new_privilege_system: Generated<boolean>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  enforces_mfa: Generated<boolean>
  user_token_expiration: string | null
  deleted_at: Timestamp | null
}

export interface PasswordAttempts {
  bucket: number
  owner: string
  attempts: number
  began_at: Timestamp
}

export interface ProjectGroupMemberships {
  org_id: string
  project_id: string
  id: string
  group_id: string
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  updated_at: Generated<Timestamp>
}

export interface ProjectGroupRoleGrants {
  org_id: string
  project_id: string
  id: string
  project_membership_id: string
  role: string
  custom_role_id: string | null
  is_temporary: Generated<boolean>
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
}

export interface ProjectIdentityMemberships {
  org_id: string
  project_id: string
  id: string
  membership_id: string
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  updated_at: Generated<Timestamp>
}

export interface ProjectIdentityPlaces {
  org_id: string | null
  project_id: string | null
  membership_id: string | null
  source_kind: string | null
  source_id: string | null
  valid_from: Timestamp | null
}

export interface ProjectIdentityPrivileges {
  org_id: string
  project_id: string
  id: string
  membership_id: string
  slug: string
  permissions: Json
  rules_digest: Generated<string>
  given_at: Generated<Timestamp>
  is_temporary: Generated<boolean>
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
}

export interface ProjectIdentityRoleGrants {
  org_id: string
  project_id: string
  id: string
  project_membership_id: string
  role: string
  custom_role_id: string | null
  is_temporary: Generated<boolean>
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
}

export interface ProjectKeys {
  org_id: string
  project_id: string
  id: string
  version: number
  organization_key_id: string
  wrapped_key: Buffer | null
  seals_reserved: Generated<Int8>
  created_at: Generated<Timestamp>
  destroyed_at: Timestamp | null
  resealed_at: Timestamp | null
}

export interface ProjectRoles {
  org_id: string
  project_id: string
  id: string
  slug: string
  name: string
  description: string | null
  permissions: Json
  rules_digest: Generated<string>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  deleted_at: Timestamp | null
}

export interface ProjectTemplates {
  org_id: string
  id: string
  name: string
  description: string | null
  type: string
  roles: Json
  environments: Json
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  deleted_at: Timestamp | null
}

export interface ProjectUserMemberships {
  org_id: string
  project_id: string
  id: string
  membership_id: string
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  updated_at: Generated<Timestamp>
}

export interface ProjectUserPlaces {
  org_id: string | null
  project_id: string | null
  membership_id: string | null
  source_kind: string | null
  source_id: string | null
  valid_from: Timestamp | null
}

export interface ProjectUserPrivileges {
  org_id: string
  project_id: string
  id: string
  membership_id: string
  slug: string
  permissions: Json
  rules_digest: Generated<string>
  given_at: Generated<Timestamp>
  is_temporary: Generated<boolean>
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
}

export interface ProjectUserRoleGrants {
  org_id: string
  project_id: string
  id: string
  project_membership_id: string
  role: string
  custom_role_id: string | null
  is_temporary: Generated<boolean>
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Generated<Timestamp>
  valid_until: Timestamp | null
  is_closed: Generated<boolean>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
}

export interface Projects {
  org_id: string
  id: string
  name: string
  slug: string
  sort_key: string
  description: string | null
  type: string
  auto_capitalization: Generated<boolean>
  has_delete_protection: Generated<boolean>
  pit_version_limit: Generated<number>
  secret_sharing: Generated<boolean>
  shows_legacy_snapshots: Generated<boolean>
  audit_logs_retention_days: number | null
  secret_detection_ignore_values: Generated<string[]>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  deleted_at: Timestamp | null
}

export interface SchemaMigrations {
  version: number
  name: string
  applied_at: Generated<Timestamp>
}

export interface SecretImportVersions {
  org_id: string
  import_id: string
  changed_at: Generated<Timestamp>
  source_environment_id: string
  source_path: string
  position: number
}

export interface SecretImports {
  org_id: string
  project_id: string
  environment_id: string
  folder_id: string
  id: string
  source_environment_id: string
  source_path: string
  position: number
  version: Generated<number>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  ended_at: Timestamp | null
  is_replication: Generated<boolean>
}

export interface SecretReplicas {
  org_id: string
  import_id: string
  folder_id: string
  last_replicated: Timestamp | null
  is_success: boolean | null
  status: string | null
  failures: Generated<number>
}

export interface SecretReplicationJobs {
  org_id: string
  id: Generated<string>
  import_id: string
  due_at: Generated<Timestamp>
  is_unsettled: Generated<boolean>
  settles_at: string | null
}

export interface SecretTags {
  org_id: string
  project_id: string
  id: string
  slug: string
  color: string | null
  created_by_kind: string
  created_by: string
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  deleted_at: Timestamp | null
}

export interface SecretVersions {
  org_id: string
  project_id: string
  environment_id: string
  id: string
  secret_id: string
  version: number
  key: string
  sealed_value: Buffer
  sealed_comment: Buffer | null
  metadata: Generated<Json>
  sealed_metadata: Buffer | null
  skips_multiline_encoding: Generated<boolean>
  reminder_note: string | null
  reminder_repeat_days: number | null
  actor_kind: string
  actor_id: string
  created_at: Generated<Timestamp>
  tag_ids: Generated<string[]>
}

export interface Secrets {
  org_id: string
  project_id: string
  environment_id: string
  folder_id: string
  id: string
  key: string
  owner_id: string | null
  version: Generated<number>
  sealed_value: Buffer
  sealed_comment: Buffer | null
  metadata: Generated<Json>
  sealed_metadata: Buffer | null
  skips_multiline_encoding: Generated<boolean>
  reminder_note: string | null
  reminder_repeat_days: number | null
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  ended_at: Timestamp | null
  tag_ids: Generated<string[]>
  replicated_from: string | null
  replicated_version: number | null
}

export interface ServiceTokenScopes {
  org_id: string
  project_id: string
  token_id: string
  position: number
  environment_id: string
  secret_path: string
}

export interface ServiceTokens {
  org_id: string
  project_id: string
  id: string
  name: string
  secret_hash: string
  permissions: string[]
  created_by: string
  expires_at: Timestamp | null
  last_used_at: Timestamp | null
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  deleted_at: Timestamp | null
}

export interface Sessions {
  id: string
  user_id: string
  ip_address: string
  user_agent: string
  access_version: Generated<number>
  created_at: Generated<Timestamp>
  refresh_version: Generated<number>
  refreshed_at: Timestamp | null
  last_used_at: Generated<Timestamp>
  ended_at: Timestamp | null
  is_removed: Generated<boolean>
  mfa_verified_at: Timestamp | null
}

export interface StandingProjectIdentityPrivileges {
  org_id: string | null
  project_id: string | null
  id: string | null
  membership_id: string | null
  slug: string | null
  permissions: Json | null
  rules_digest: string | null
  given_at: Timestamp | null
  is_temporary: boolean | null
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Timestamp | null
  valid_until: Timestamp | null
  is_closed: boolean | null
  created_at: Timestamp | null
  updated_at: Timestamp | null
  project_membership_id: string | null
}

export interface StandingProjectUserPrivileges {
  org_id: string | null
  project_id: string | null
  id: string | null
  membership_id: string | null
  slug: string | null
  permissions: Json | null
  rules_digest: string | null
  given_at: Timestamp | null
  is_temporary: boolean | null
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Timestamp | null
  temporary_access_end_time: Timestamp | null
  valid_from: Timestamp | null
  valid_until: Timestamp | null
  is_closed: boolean | null
  created_at: Timestamp | null
  updated_at: Timestamp | null
  project_membership_id: string | null
}

export interface Users {
  id: string
  username: string
  email: string | null
  first_name: string | null
  last_name: string | null
  password_hash: string | null
  is_accepted: Generated<boolean>
  is_super_admin: Generated<boolean>
  created_at: Generated<Timestamp>
  updated_at: Generated<Timestamp>
  is_mfa_enabled: Generated<boolean>
  consecutive_failed_mfa_attempts: Generated<number>
  mfa_attempts_since: Timestamp | null
  deleted_at: Timestamp | null
}

export interface DB {
  active_group_identity_memberships: ActiveGroupIdentityMemberships
  active_group_role_grants: ActiveGroupRoleGrants
  active_group_user_memberships: ActiveGroupUserMemberships
  active_organization_identity_memberships: ActiveOrganizationIdentityMemberships
  active_organization_identity_role_grants: ActiveOrganizationIdentityRoleGrants
  active_organization_user_memberships: ActiveOrganizationUserMemberships
  active_organization_user_role_grants: ActiveOrganizationUserRoleGrants
  active_project_group_memberships: ActiveProjectGroupMemberships
  active_project_group_role_grants: ActiveProjectGroupRoleGrants
  active_project_identity_memberships: ActiveProjectIdentityMemberships
  active_project_identity_privileges: ActiveProjectIdentityPrivileges
  active_project_identity_role_grants: ActiveProjectIdentityRoleGrants
  active_project_user_memberships: ActiveProjectUserMemberships
  active_project_user_privileges: ActiveProjectUserPrivileges
  active_project_user_role_grants: ActiveProjectUserRoleGrants
  audit_logs: AuditLogs
  authenticators: Authenticators
  email_codes: EmailCodes
  environments: Environments
  folder_changes: FolderChanges
  folder_versions: FolderVersions
  folders: Folders
  group_identity_memberships: GroupIdentityMemberships
  group_role_grants: GroupRoleGrants
  group_user_memberships: GroupUserMemberships
  groups: Groups
  held_identity_roles: HeldIdentityRoles
  held_project_identity_rules: HeldProjectIdentityRules
  held_project_user_rules: HeldProjectUserRules
  held_user_roles: HeldUserRoles
  idempotency_keys: IdempotencyKeys
  identities: Identities
  identity_access_tokens: IdentityAccessTokens
  identity_auth_methods: IdentityAuthMethods
  identity_client_secrets: IdentityClientSecrets
  identity_lockouts: IdentityLockouts
  identity_metadata: IdentityMetadata
  identity_universal_auths: IdentityUniversalAuths
  instance_data_keys: InstanceDataKeys
  instance_encryption: InstanceEncryption
  instance_keys: InstanceKeys
  instance_settings: InstanceSettings
  instance_setup: InstanceSetup
  invitations: Invitations
  open_group_identity_memberships: OpenGroupIdentityMemberships
  open_group_user_memberships: OpenGroupUserMemberships
  open_project_group_role_grants: OpenProjectGroupRoleGrants
  open_project_identity_privileges: OpenProjectIdentityPrivileges
  open_project_identity_role_grants: OpenProjectIdentityRoleGrants
  open_project_user_privileges: OpenProjectUserPrivileges
  open_project_user_role_grants: OpenProjectUserRoleGrants
  open_service_tokens: OpenServiceTokens
  organization_identity_memberships: OrganizationIdentityMemberships
  organization_identity_role_grants: OrganizationIdentityRoleGrants
  organization_keys: OrganizationKeys
  organization_roles: OrganizationRoles
  organization_user_memberships: OrganizationUserMemberships
  organization_user_role_grants: OrganizationUserRoleGrants
  organizations: Organizations
  password_attempts: PasswordAttempts
  project_group_memberships: ProjectGroupMemberships
  project_group_role_grants: ProjectGroupRoleGrants
  project_identity_memberships: ProjectIdentityMemberships
  project_identity_places: ProjectIdentityPlaces
  project_identity_privileges: ProjectIdentityPrivileges
  project_identity_role_grants: ProjectIdentityRoleGrants
  project_keys: ProjectKeys
  project_roles: ProjectRoles
  project_templates: ProjectTemplates
  project_user_memberships: ProjectUserMemberships
  project_user_places: ProjectUserPlaces
  project_user_privileges: ProjectUserPrivileges
  project_user_role_grants: ProjectUserRoleGrants
  projects: Projects
  schema_migrations: SchemaMigrations
  secret_import_versions: SecretImportVersions
  secret_imports: SecretImports
  secret_replicas: SecretReplicas
  secret_replication_jobs: SecretReplicationJobs
  secret_tags: SecretTags
  secret_versions: SecretVersions
  secrets: Secrets
  service_token_scopes: ServiceTokenScopes
  service_tokens: ServiceTokens
  sessions: Sessions
  standing_project_identity_privileges: StandingProjectIdentityPrivileges
  standing_project_user_privileges: StandingProjectUserPrivileges
  users: Users
}
