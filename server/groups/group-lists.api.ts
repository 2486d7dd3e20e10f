import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, usernameParam, timestamp, uuid } from "../http/fields.ts"
import * as lists from "./group-lists.ts"

const GroupOfOrganization = z.object({
  id: uuid,
  orgId: uuid,
  name: z.string(),
  slug: z.string(),
  role: z.string(),
  roleId: uuid.nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  customRole: z
    .object({
      id: uuid,
      name: z.string(),
      slug: z.string(),
      permissions: z.array(z.unknown()),
      description: z.string().nullable(),
    })
    .optional(),
})
const GroupOfUser = z.object({ id: uuid, name: z.string(), slug: z.string(), orgId: uuid })

const tags: [string] = ["Groups"]

export const groupListEndpoints = [
  endpoint("listOrganizationGroups", "GET /api/v1/organization/{organizationId}/groups", {
    summary: "List the groups of the organization, as older clients ask",
    tags,
    access: { organization: ["read", "groups"] },
    callers: ["user"],
    params: z.object({ organizationId: idParam("The ID of the organization.") }),
    result: z.object({ groups: z.array(GroupOfOrganization) }),
    handle: async (ctx, { params }) => ({
      groups: (await lists.groupsOfOrganization(ctx, params.organizationId)).map((group) => ({
        id: group.id,
        orgId: group.org_id,
        name: group.name,
        slug: group.slug,
        role: group.role,
        roleId: group.custom_role_id,
        createdAt: group.created_at.toISOString(),
        updatedAt: group.updated_at.toISOString(),
        ...(group.customRole ? { customRole: group.customRole } : {}),
      })),
    }),
  }),

  endpoint("listGroupsOfUser", "GET /api/v1/user/me/{username}/groups", {
    summary: "List the groups that a user of the organization is in",
    tags,
    access: { organization: ["read", "groups"] },
    callers: ["user"],
    isOwn: (actor, { params }) => actor.kind === "user" && actor.username === params.username,
    params: z.object({ username: usernameParam("The username of the user.") }),
    result: z.array(GroupOfUser),
    handle: async (ctx, { params }) =>
      (await lists.groupsOfUser(ctx, params.username)).map((group) => ({
        id: group.id,
        name: group.name,
        slug: group.slug,
        orgId: group.org_id,
      })),
  }),
]
