import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { displayName, idParam, slug, storableText, timestamp, uuid } from "../http/fields.ts"
import { limit, offset } from "../http/page.ts"
import * as groups from "./groups.ts"

/** A group as every route answers it; `role` and `roleId` are wanted by older clients. */
const Group = z.object({
  id: uuid,
  orgId: uuid,
  name: z.string(),
  slug: z.string(),
  role: z.string(),
  roleId: uuid.nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
})
const GroupDetail = Group.extend({ customRoleSlug: z.string().nullable() })

const present = (group: groups.Group): z.input<typeof Group> => ({
  id: group.id,
  orgId: group.org_id,
  name: group.name,
  slug: group.slug,
  role: group.role,
  roleId: group.custom_role_id,
  createdAt: group.created_at.toISOString(),
  updatedAt: group.updated_at.toISOString(),
})

const detail = (group: groups.Group): z.input<typeof GroupDetail> => ({
  ...present(group),
  customRoleSlug: group.custom_role_slug,
})
const tagOf = (group: unknown): unknown => group

const name = displayName("Name", 255)
const groupSlug = slug(5, 255)
const role = z.string().trim().min(1, "Role must not be empty").max(64, "Role must be at most 64 characters")
const params = z.object({ id: idParam("The ID of the group.") })
const tags: [string] = ["Groups"]

export const groupEndpoints = [
  endpoint("createGroup", "POST /api/v1/groups", {
    summary: "Create a group",
    tags,
    access: { organization: ["create", "groups"] },
    body: z.object({
      name: name.describe("The name of the group."),
      slug: groupSlug.optional().describe("The slug of the group; made from the name when left out."),
      role: role.default("no-access").describe("The role that the group has in the organization."),
    }),
    result: Group,
    previews: () => ({ where: "organization", who: {} }),
    handle: async (ctx, { body }) => present(await groups.createGroup(ctx, body)),
  }),

  endpoint("listGroups", "GET /api/v1/groups", {
    summary: "List the groups of the organization",
    tags,
    access: { organization: ["read", "groups"] },
    query: z.object({
      offset: offset.optional().describe("How many to skip; none when left out."),
      limit: limit(100).optional().describe("How many to answer at most; all of them when left out."),
      search: storableText
        .trim()
        .max(255)
        .optional()
        .describe("Only groups whose name or slug contains this, whatever the case and the accents."),
    }),
    result: z.array(Group),
    handle: async (ctx, { query }) => (await groups.listGroups(ctx, query)).map(present),
  }),

  endpoint("getGroupById", "GET /api/v1/groups/{id}", {
    summary: "Get a group",
    tags,
    access: { organization: ["read", "groups"] },
    params,
    result: GroupDetail,
    facts: groups.groupFacts,
    factValues: ({ params }) => groups.groupFactValues(params.id),
    tagOf,
    handle: async (_ctx, { params, facts }) => detail(groups.readGroup(facts, params.id)),
  }),

  endpoint("updateGroup", "PATCH /api/v1/groups/{id}", {
    summary: "Change the name, slug or role of a group",
    tags,
    access: { organization: ["edit", "groups"] },
    params,
    body: z.object({
      name: name.optional().describe("The new name of the group."),
      slug: groupSlug.optional().describe("The new slug of the group."),
      role: role.optional().describe("The new role of the group in the organization."),
    }),
    result: Group,
    tagOf,
    ifMatch: async (ctx, { params }) => detail(await groups.lockGroup(ctx, params.id)),
    previews: ({ params }) => ({ where: "organization", who: { groups: [params.id] } }),
    handle: async (ctx, { params, body }) => detail(await groups.updateGroup(ctx, params.id, body)),
  }),

  endpoint("deleteGroup", "DELETE /api/v1/groups/{id}", {
    summary: "Delete a group",
    tags,
    access: { organization: ["delete", "groups"] },
    params,
    result: Group,
    ifMatch: async (ctx, { params }) => detail(await groups.lockGroup(ctx, params.id)),
    previews: ({ params }) => ({
      where: { organizationAndProjectsOfGroup: params.id },
      who: { groups: [params.id] },
    }),
    handle: async (ctx, { params }) => present(await groups.deleteGroup(ctx, params.id)),
  }),
]
