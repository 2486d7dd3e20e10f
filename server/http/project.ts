import { z } from "zod"
import type { Rule } from "../access/roles.ts"
import { timestamp, uuid } from "./fields.ts"
import { presentRules, RuleOfProject } from "./project-rules.ts"

/** A project without its environments, as changes are answered on older routes. */
export const ProjectRow = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  type: z.string(),
  slug: z.string(),
  autoCapitalization: z.boolean(),
  orgId: uuid,
  createdAt: timestamp,
  updatedAt: timestamp,
  version: z.number(),
  upgradeStatus: z.string().nullable(),
  pitVersionLimit: z.number(),
  kmsCertificateKeyId: uuid.nullable(),
  auditLogsRetentionDays: z.number().nullable(),
  hasDeleteProtection: z.boolean(),
  secretSharing: z.boolean(),
  showSnapshotsLegacy: z.boolean(),
  secretDetectionIgnoreValues: z.array(z.string()),
})

/** A project in its public form. */
export const Project = ProjectRow.extend({
  _id: z.string(),
  environments: z.array(z.object({ name: z.string(), slug: z.string(), id: z.string() })),
  kmsSecretManagerKeyId: z.string().nullable(),
})

type Shown = {
  id: string
  org_id: string
  name: string
  slug: string
  description: string | null
  type: string
  auto_capitalization: boolean
  has_delete_protection: boolean
  pit_version_limit: number
  secret_sharing: boolean
  shows_legacy_snapshots: boolean
  audit_logs_retention_days: number | null
  secret_detection_ignore_values: string[]
  created_at: Date
  updated_at: Date
  environments: { id: string; name: string; slug: string }[]
}

/** A project in its public form. The keys that it may have with a key manager are not there. */
export const presentProject = (project: Shown): z.input<typeof Project> => ({
  id: project.id,
  name: project.name,
  description: project.description,
  type: project.type,
  slug: project.slug,
  autoCapitalization: project.auto_capitalization,
  orgId: project.org_id,
  createdAt: project.created_at.toISOString(),
  updatedAt: project.updated_at.toISOString(),
  // What the format of its secrets is called; clients read it.
  version: 3,
  upgradeStatus: null,
  pitVersionLimit: project.pit_version_limit,
  kmsCertificateKeyId: null,
  auditLogsRetentionDays: project.audit_logs_retention_days,
  hasDeleteProtection: project.has_delete_protection,
  secretSharing: project.secret_sharing,
  showSnapshotsLegacy: project.shows_legacy_snapshots,
  secretDetectionIgnoreValues: project.secret_detection_ignore_values,
  _id: project.id,
  environments: project.environments,
  kmsSecretManagerKeyId: null,
})

/** A role of a project, built in or its own. */
export const RoleOfProject = z.object({
  id: uuid,
  name: z.string(),
  description: z.string().nullable(),
  slug: z.string(),
  permissions: z.array(RuleOfProject),
  createdAt: timestamp,
  updatedAt: timestamp,
  projectId: z.string(),
  version: z.number(),
})

type ShownRole = {
  id: string
  slug: string
  name: string
  description: string | null
  project_id: string
  permissions: readonly Rule[]
  created_at: Date
  updated_at: Date
}

export const presentRole = (role: ShownRole): z.input<typeof RoleOfProject> => ({
  id: role.id,
  name: role.name,
  description: role.description,
  slug: role.slug,
  permissions: presentRules(role.permissions),
  createdAt: role.created_at.toISOString(),
  updatedAt: role.updated_at.toISOString(),
  projectId: role.project_id,
  version: 1,
})
