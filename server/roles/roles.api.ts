import { z } from "zod"
import type { Context } from "../context.ts"
import { endpoint } from "../http/endpoint.ts"
import { displayName, idParam, slug, storableText, timestamp, uuid } from "../http/fields.ts"
import * as roles from "./roles.ts"

const connection = z.string().min(1).max(255)
const pattern = connection.superRefine((text, context) => {
  const message = roles.globFault(text)
  if (message) context.addIssue({ code: "custom", message })
})
const actions: Record<string, readonly string[]> = roles.organizationActions

/** A rule of a role. Of an organization's subjects only app connections know conditions and inversion. */
const permissionRule = z
  .object({
    subject: z.enum(Object.keys(actions) as [string, ...string[]]).describe("What the rule is about."),
    action: z
      .union([z.string(), z.array(z.string()).min(1).max(50)])
      .transform((action) => [action].flat())
      .describe("What may be done with it."),
    conditions: z
      .strictObject({
        connectionId: z.union([
          connection,
          z
            .strictObject({
              $eq: connection,
              $ne: connection,
              $in: z.array(connection).min(1).max(100),
              $glob: pattern,
            })
            .partial(),
        ]),
      })
      .partial()
      .optional()
      .describe("Narrows the rule to some app connections."),
    inverted: z.boolean().optional().describe("True forbids what the rule names."),
  })
  .superRefine(({ subject, action, conditions, inverted }, context) => {
    const unknown = action.filter((each) => !actions[subject]?.includes(each))
    if (unknown.length > 0) {
      const known = actions[subject]?.join(", ")
      const message = `${subject} knows no ${unknown.join(", ")}; it knows ${known}`
      context.addIssue({ code: "custom", path: ["action"], message })
    }
    if (subject === "app-connections") return
    const message = `Rules about ${subject} cannot be narrowed or inverted`
    if (conditions) context.addIssue({ code: "custom", path: ["conditions"], message })
    if (inverted) context.addIssue({ code: "custom", path: ["inverted"], message })
  })
  .transform(({ subject, action, conditions, inverted }) => ({
    subject,
    action,
    ...(conditions ? { conditions } : {}),
    ...(inverted ? { inverted } : {}),
  }))

const reserved = new Set(["admin", "member", "no-access", "custom"])
const fields = {
  slug: slug(1, 64)
    .refine((text) => !reserved.has(text), { error: "This slug is reserved" })
    .describe("The slug of the role."),
  name: displayName("Name", 255).describe("The name of the role."),
  description: storableText.max(1_000).nullable().describe("What the role is for."),
  permissions: z.array(permissionRule).max(500).describe("What the role allows, in order."),
}

const rule = z.object({
  subject: z.string(),
  action: z.array(z.string()),
  inverted: z.boolean(),
  conditions: z.record(z.string(), z.unknown()).optional(),
})
const Role = z.object({
  id: uuid,
  name: z.string(),
  description: z.string().nullable(),
  slug: z.string(),
  permissions: z.array(rule),
  createdAt: timestamp,
  updatedAt: timestamp,
  orgId: uuid,
})
/** Older clients are given the rules of built-in roles packed, and those of custom roles as they are. */
const OlderRole = Role.extend({ permissions: z.array(z.unknown()) })

type Shown = Omit<roles.Role, "isBuiltIn">

const present = (role: Shown): z.input<typeof Role> => ({
  id: role.id,
  name: role.name,
  description: role.description,
  slug: role.slug,
  permissions: role.permissions.map(({ subject, action, inverted = false, conditions }) => ({
    subject,
    action: [action].flat(),
    inverted,
    ...(conditions ? { conditions } : {}),
  })),
  createdAt: role.created_at.toISOString(),
  updatedAt: role.updated_at.toISOString(),
  orgId: role.org_id,
})

const presentOlder = (role: roles.Role): z.input<typeof OlderRole> => ({
  ...present(role),
  ...(role.isBuiltIn ? { permissions: roles.packed(role.permissions) } : {}),
})

const tags: [string] = ["Organization Roles"]
const params = z.object({ roleId: idParam("The ID of the role.") })
const organizationId = idParam("The ID of the organization.")
const olderParams = params.extend({ organizationId })
const body = z.object({ ...fields, description: fields.description.default(null) })
const changes = z.object(fields).partial()
const one = z.object({ role: Role })
const olderOne = z.object({ role: OlderRole })
const read = { organization: ["read", "role"] } as const
const tagOf = ({ role }: { role: unknown }): unknown => role
const locked = async (ctx: Context, roleId: string) => present(await roles.lockRole(ctx, roleId))

export const roleEndpoints = [
  endpoint("createOrganizationRole", "POST /api/v1/organization/roles", {
    summary: "Create a role",
    tags,
    access: { organization: ["create", "role"] },
    body,
    result: one,
    previews: () => ({ where: "organization", who: {} }),
    handle: async (ctx, { body }) => ({ role: present(await roles.createRole(ctx, body)) }),
  }),

  endpoint("listOrganizationRoles", "GET /api/v1/organization/roles", {
    summary: "List the roles of the organization, built-in ones first",
    tags,
    access: read,
    result: z.object({ roles: z.array(Role) }),
    handle: async (ctx) => ({ roles: (await roles.listRoles(ctx)).map(present) }),
  }),

  endpoint("getOrganizationRole", "GET /api/v1/organization/roles/{roleId}", {
    summary: "Get a role",
    tags,
    access: read,
    params,
    result: one,
    tagOf,
    handle: async (ctx, { params }) => ({ role: present(await roles.getRole(ctx, params.roleId)) }),
  }),

  endpoint("getOrganizationRoleBySlug", "GET /api/v1/organization/roles/slug/{roleSlug}", {
    summary: "Get a role by its slug",
    tags,
    access: read,
    params: z.object({ roleSlug: idParam("The slug of the role.") }),
    result: one,
    tagOf,
    handle: async (ctx, { params }) => ({ role: present(await roles.getRoleBySlug(ctx, params.roleSlug)) }),
  }),

  endpoint("updateOrganizationRole", "PATCH /api/v1/organization/roles/{roleId}", {
    summary: "Change a role, for all who hold it",
    tags,
    access: { organization: ["edit", "role"] },
    params,
    body: changes,
    result: one,
    tagOf,
    ifMatch: (ctx, { params }) => locked(ctx, params.roleId),
    previews: ({ params }) => ({ where: "organization", who: { roles: [params.roleId] } }),
    handle: async (ctx, { params, body }) => ({
      role: present(await roles.updateRole(ctx, params.roleId, body)),
    }),
  }),

  endpoint("deleteOrganizationRole", "DELETE /api/v1/organization/roles/{roleId}", {
    summary: "Delete a role that nobody holds",
    tags,
    access: { organization: ["delete", "role"] },
    params,
    result: one,
    ifMatch: (ctx, { params }) => locked(ctx, params.roleId),
    previews: ({ params }) => ({ where: "organization", who: { roles: [params.roleId] } }),
    handle: async (ctx, { params }) => ({ role: present(await roles.deleteRole(ctx, params.roleId)) }),
  }),

  endpoint("createRoleOfOrganization", "POST /api/v1/organization/{organizationId}/roles", {
    summary: "Create a role, as older clients ask",
    tags,
    access: { organization: ["create", "role"] },
    params: z.object({ organizationId }),
    body,
    result: one,
    previews: () => ({ where: "organization", who: {} }),
    async handle(ctx, { params, body }) {
      roles.requireOwnOrganization(ctx, params.organizationId)
      return { role: present(await roles.createRole(ctx, body)) }
    },
  }),

  endpoint("listRolesOfOrganization", "GET /api/v1/organization/{organizationId}/roles", {
    summary: "List the roles of the organization, as older clients ask",
    tags,
    access: read,
    params: z.object({ organizationId }),
    result: z.object({ data: z.object({ roles: z.array(OlderRole) }) }),
    async handle(ctx, { params }) {
      roles.requireOwnOrganization(ctx, params.organizationId)
      return { data: { roles: (await roles.listRoles(ctx)).map(presentOlder) } }
    },
  }),

  endpoint("getRoleOfOrganization", "GET /api/v1/organization/{organizationId}/roles/{roleId}", {
    summary: "Get a role, as older clients ask",
    tags,
    access: read,
    params: olderParams,
    result: olderOne,
    tagOf,
    async handle(ctx, { params }) {
      roles.requireOwnOrganization(ctx, params.organizationId)
      return { role: presentOlder(await roles.getRole(ctx, params.roleId)) }
    },
  }),

  endpoint("updateRoleOfOrganization", "PATCH /api/v1/organization/{organizationId}/roles/{roleId}", {
    summary: "Change a role, as older clients ask",
    tags,
    access: { organization: ["edit", "role"] },
    params: olderParams,
    body: changes,
    result: one,
    tagOf,
    ifMatch: (ctx, { params }) => locked(ctx, params.roleId),
    previews: ({ params }) => ({ where: "organization", who: { roles: [params.roleId] } }),
    async handle(ctx, { params, body }) {
      roles.requireOwnOrganization(ctx, params.organizationId)
      return { role: present(await roles.updateRole(ctx, params.roleId, body)) }
    },
  }),

  endpoint("deleteRoleOfOrganization", "DELETE /api/v1/organization/{organizationId}/roles/{roleId}", {
    summary: "Delete a role that nobody holds, as older clients ask",
    tags,
    access: { organization: ["delete", "role"] },
    params: olderParams,
    result: one,
    ifMatch: (ctx, { params }) => locked(ctx, params.roleId),
    previews: ({ params }) => ({ where: "organization", who: { roles: [params.roleId] } }),
    async handle(ctx, { params }) {
      roles.requireOwnOrganization(ctx, params.organizationId)
      return { role: present(await roles.deleteRole(ctx, params.roleId)) }
    },
  }),
]
