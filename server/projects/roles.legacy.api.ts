import { z } from "zod"
import type { ProjectContext } from "../context.ts"
import type { ProjectReference } from "../access/project.ts"
import { endpoint } from "../http/endpoint.ts"
import { idParam } from "../http/fields.ts"
import { presentRole, RoleOfProject } from "../http/project.ts"
import { changedRole, newRole } from "../http/project-roles.ts"
import { olderRulesField, rulesField } from "../http/project-rules.ts"
import * as roles from "./roles.ts"

/*
 * Roles of a project as older clients ask: on the second generation of routes by the project's id, on the first by its
 * slug and in the older form of rules.
 */

const tags: [string] = ["Project Roles"]
const one = z.object({ role: RoleOfProject })
/** Older clients read no version where they ask by slug. */
const oneBySlug = z.object({ role: RoleOfProject.omit({ version: true }) })
const many = z.object({ roles: z.array(RoleOfProject.omit({ permissions: true, version: true })) })
const read = { project: ["read", "role"] } as const
const roleId = idParam("The ID of the role.")
const roleSlug = idParam("The slug of the role.")

const ofId = z.object({ projectId: idParam("The ID of the project.") })
const byId = ({ params }: { params: { projectId: string } }): ProjectReference => ({ id: params.projectId })
const rules = rulesField(roles.vocabulary)

const ofSlug = z.object({ projectSlug: idParam("The slug of the project.") })
const bySlug = ({ params }: { params: { projectSlug: string } }): ProjectReference => ({
  slug: params.projectSlug,
})
const olderRules = olderRulesField(roles.vocabulary)

const tagOf = ({ role }: { role: unknown }): unknown => role
const locked = async (ctx: ProjectContext, roleId: string) => presentRole(await roles.lockRole(ctx, roleId))

export const olderProjectRoleEndpoints = [
  endpoint("createRoleOfProject", "POST /api/v2/workspace/{projectId}/roles", {
    summary: "Create a role of a project, as older clients ask",
    tags,
    access: { project: ["create", "role"] },
    params: ofId,
    inProject: byId,
    body: newRole(rules),
    result: one,
    previews: () => ({ where: "project", who: {} }),
    handle: async (ctx, { body }) => ({ role: presentRole(await roles.createRole(ctx, body)) }),
  }),

  endpoint("listRolesOfProject", "GET /api/v2/workspace/{projectId}/roles", {
    summary: "List the roles of a project, as older clients ask",
    tags,
    access: read,
    params: ofId,
    inProject: byId,
    result: many,
    handle: async (ctx) => ({ roles: (await roles.listRoles(ctx)).map(presentRole) }),
  }),

  endpoint("getRoleOfProjectBySlug", "GET /api/v2/workspace/{projectId}/roles/slug/{roleSlug}", {
    summary: "Get a role of a project by its slug, as older clients ask",
    tags,
    access: read,
    params: ofId.extend({ roleSlug }),
    inProject: byId,
    result: oneBySlug,
    tagOf,
    handle: async (ctx, { params }) => ({
      role: presentRole(await roles.getRoleBySlug(ctx, params.roleSlug)),
    }),
  }),

  endpoint("updateRoleOfProject", "PATCH /api/v2/workspace/{projectId}/roles/{roleId}", {
    summary: "Change a role of a project, as older clients ask",
    tags,
    access: { project: ["edit", "role"] },
    params: ofId.extend({ roleId }),
    inProject: byId,
    body: changedRole(rules),
    result: one,
    tagOf,
    ifMatch: (ctx, { params }) => locked(ctx, params.roleId),
    previews: ({ params }) => ({ where: "project", who: { roles: [params.roleId] } }),
    handle: async (ctx, { params, body }) => ({
      role: presentRole(await roles.updateRole(ctx, params.roleId, body)),
    }),
  }),

  endpoint("deleteRoleOfProject", "DELETE /api/v2/workspace/{projectId}/roles/{roleId}", {
    summary: "Delete a role of a project that nobody holds, as older clients ask",
    tags,
    access: { project: ["delete", "role"] },
    params: ofId.extend({ roleId }),
    inProject: byId,
    result: one,
    ifMatch: (ctx, { params }) => locked(ctx, params.roleId),
    previews: ({ params }) => ({ where: "project", who: { roles: [params.roleId] } }),
    handle: async (ctx, { params }) => ({ role: presentRole(await roles.deleteRole(ctx, params.roleId)) }),
  }),

  endpoint("createRoleInWorkspace", "POST /api/v1/workspace/{projectSlug}/roles", {
    summary: "Create a role of a project by the project's slug",
    tags,
    access: { project: ["create", "role"] },
    params: ofSlug,
    inProject: bySlug,
    body: newRole(olderRules),
    result: one,
    previews: () => ({ where: "project", who: {} }),
    handle: async (ctx, { body }) => ({ role: presentRole(await roles.createRole(ctx, body)) }),
  }),

  endpoint("listRolesInWorkspace", "GET /api/v1/workspace/{projectSlug}/roles", {
    summary: "List the roles of a project by the project's slug",
    tags,
    access: read,
    params: ofSlug,
    inProject: bySlug,
    result: many,
    handle: async (ctx) => ({ roles: (await roles.listRoles(ctx)).map(presentRole) }),
  }),

  endpoint("getRoleInWorkspaceBySlug", "GET /api/v1/workspace/{projectSlug}/roles/slug/{roleSlug}", {
    summary: "Get a role of a project by its slug and the project's",
    tags,
    access: read,
    params: ofSlug.extend({ roleSlug }),
    inProject: bySlug,
    result: oneBySlug,
    tagOf,
    handle: async (ctx, { params }) => ({
      role: presentRole(await roles.getRoleBySlug(ctx, params.roleSlug)),
    }),
  }),

  endpoint("updateRoleInWorkspace", "PATCH /api/v1/workspace/{projectSlug}/roles/{roleId}", {
    summary: "Change a role of a project by the project's slug",
    tags,
    access: { project: ["edit", "role"] },
    params: ofSlug.extend({ roleId }),
    inProject: bySlug,
    body: changedRole(olderRules),
    result: one,
    tagOf,
    ifMatch: (ctx, { params }) => locked(ctx, params.roleId),
    previews: ({ params }) => ({ where: "project", who: { roles: [params.roleId] } }),
    handle: async (ctx, { params, body }) => ({
      role: presentRole(await roles.updateRole(ctx, params.roleId, body)),
    }),
  }),

  endpoint("deleteRoleInWorkspace", "DELETE /api/v1/workspace/{projectSlug}/roles/{roleId}", {
    summary: "Delete a role of a project that nobody holds, by the project's slug",
    tags,
    access: { project: ["delete", "role"] },
    params: ofSlug.extend({ roleId }),
    inProject: bySlug,
    result: one,
    ifMatch: (ctx, { params }) => locked(ctx, params.roleId),
    previews: ({ params }) => ({ where: "project", who: { roles: [params.roleId] } }),
    handle: async (ctx, { params }) => ({ role: presentRole(await roles.deleteRole(ctx, params.roleId)) }),
  }),
]
