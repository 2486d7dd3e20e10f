import { z } from "zod"
import type { ProjectContext } from "../context.ts"
import { endpoint } from "../http/endpoint.ts"
import { idParam } from "../http/fields.ts"
import { presentRole, RoleOfProject } from "../http/project.ts"
import { changedRole, newRole } from "../http/project-roles.ts"
import { rulesField } from "../http/project-rules.ts"
import * as roles from "./roles.ts"

const tags: [string] = ["Project Roles"]
const projectId = idParam("The ID of the project.")
const ofProject = z.object({ projectId })
const params = ofProject.extend({ roleId: idParam("The ID of the role.") })
const inProject = ({ params }: { params: { projectId: string } }) => ({ id: params.projectId })
const rules = rulesField(roles.vocabulary)
const body = newRole(rules)
const changes = changedRole(rules)
const one = z.object({ role: RoleOfProject })
const read = { project: ["read", "role"] } as const
const Listed = RoleOfProject.omit({ permissions: true, version: true })

const tagOf = ({ role }: { role: unknown }): unknown => role
const locked = async (ctx: ProjectContext, roleId: string) => presentRole(await roles.lockRole(ctx, roleId))

export const projectRoleEndpoints = [
  endpoint("createProjectRole", "POST /api/v1/projects/{projectId}/roles", {
    summary: "Create a role of a project",
    tags,
    access: { project: ["create", "role"] },
    params: ofProject,
    inProject,
    body,
    result: one,
    previews: () => ({ where: "project", who: {} }),
    handle: async (ctx, { body }) => ({ role: presentRole(await roles.createRole(ctx, body)) }),
  }),

  endpoint("listProjectRoles", "GET /api/v1/projects/{projectId}/roles", {
    summary: "List the roles of a project, built-in ones first",
    tags,
    access: read,
    params: ofProject,
    inProject,
    result: z.object({ roles: z.array(Listed) }),
    handle: async (ctx) => ({ roles: (await roles.listRoles(ctx)).map(presentRole) }),
  }),

  endpoint("getProjectRoleBySlug", "GET /api/v1/projects/{projectId}/roles/slug/{roleSlug}", {
    summary: "Get a role of a project by its slug",
    tags,
    access: read,
    params: ofProject.extend({ roleSlug: idParam("The slug of the role.") }),
    inProject,
    result: one,
    tagOf,
    handle: async (ctx, { params }) => ({
      role: presentRole(await roles.getRoleBySlug(ctx, params.roleSlug)),
    }),
  }),

  endpoint("getProjectRole", "GET /api/v1/projects/roles/{roleId}", {
    summary: "Get a role that a project has made for itself",
    tags,
    access: read,
    params: z.object({ roleId: params.shape.roleId }),
    inProject: ({ params }) => ({ roleId: params.roleId }),
    result: one,
    tagOf,
    handle: async (ctx, { params }) => ({ role: presentRole(await roles.getRole(ctx, params.roleId)) }),
  }),

  endpoint("updateProjectRole", "PATCH /api/v1/projects/{projectId}/roles/{roleId}", {
    summary: "Change a role of a project, for all who hold it",
    tags,
    access: { project: ["edit", "role"] },
    params,
    inProject,
    body: changes,
    result: one,
    tagOf,
    ifMatch: (ctx, { params }) => locked(ctx, params.roleId),
    previews: ({ params }) => ({ where: "project", who: { roles: [params.roleId] } }),
    handle: async (ctx, { params, body }) => ({
      role: presentRole(await roles.updateRole(ctx, params.roleId, body)),
    }),
  }),

  endpoint("deleteProjectRole", "DELETE /api/v1/projects/{projectId}/roles/{roleId}", {
    summary: "Delete a role of a project that nobody holds",
    tags,
    access: { project: ["delete", "role"] },
    params,
    inProject,
    result: one,
    ifMatch: (ctx, { params }) => locked(ctx, params.roleId),
    previews: ({ params }) => ({ where: "project", who: { roles: [params.roleId] } }),
    handle: async (ctx, { params }) => ({ role: presentRole(await roles.deleteRole(ctx, params.roleId)) }),
  }),
]
