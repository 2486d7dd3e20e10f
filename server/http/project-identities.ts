import { z } from "zod"
import { storableText, timestamp, uuid } from "./fields.ts"
import { page } from "./page.ts"
import { GivenRole, presentGivenRole, type ShownRole } from "./project-members.ts"

/** A membership as adding and removing answer it. */
export const ProjectIdentityRow = z.object({
  id: uuid,
  projectId: uuid,
  identityId: uuid,
  createdAt: timestamp,
  updatedAt: timestamp,
})

/** A machine identity in a project. */
export const ProjectIdentity = ProjectIdentityRow.extend({
  lastLoginAuthMethod: z.string().nullable(),
  lastLoginTime: timestamp.nullable(),
  roles: z.array(GivenRole),
  identity: z.object({
    name: z.string(),
    id: uuid,
    orgId: uuid,
    projectId: uuid.nullable(),
    hasDeleteProtection: z.boolean(),
    authMethods: z.array(z.string()),
    metadata: z.array(z.object({ id: uuid, key: z.string(), value: z.string() })),
  }),
  project: z.object({ id: uuid, name: z.string() }),
})

type Row = { id: string; project_id: string; identity_id: string; created_at: Date; updated_at: Date }
type Shown = Row & {
  project_name: string
  identity: {
    org_id: string
    name: string
    has_delete_protection: boolean
    auth_methods: string[]
    metadata: { id: string; key: string; value: string }[]
    last_login_method: string | null
    last_login_at: Date | null
  }
  roles: ShownRole[]
}

export const presentProjectIdentityRow = (row: Row): z.input<typeof ProjectIdentityRow> => ({
  id: row.id,
  projectId: row.project_id,
  identityId: row.identity_id,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
})

export const presentProjectIdentity = (member: Shown): z.input<typeof ProjectIdentity> => ({
  ...presentProjectIdentityRow(member),
  lastLoginAuthMethod: member.identity.last_login_method,
  lastLoginTime: member.identity.last_login_at?.toISOString() ?? null,
  roles: member.roles.map(presentGivenRole),
  identity: {
    name: member.identity.name,
    id: member.identity_id,
    orgId: member.identity.org_id,
    // It belongs to the organization.
    projectId: null,
    hasDeleteProtection: member.identity.has_delete_protection,
    authMethods: member.identity.auth_methods,
    metadata: member.identity.metadata,
  },
  project: { id: member.project_id, name: member.project_name },
})

/** The query of a list of machine identities in a project. */
export const identityListQuery = (defaultLimit: number, max: number) =>
  z.object({
    ...page(defaultLimit, max),
    orderBy: z.enum(["name"]).default("name").describe("What to sort by."),
    orderDirection: z.enum(["asc", "desc"]).default("asc").describe("Which end comes first."),
    search: storableText.trim().max(255).optional().describe("Only those whose name contains this."),
  })
