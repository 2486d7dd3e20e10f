import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam } from "../http/fields.ts"
import {
  addBody,
  changeBody,
  GivenRole,
  inProject,
  presentProjectGroup,
  ProjectGroup,
  projectIdParam,
} from "../http/project-members.ts"
import * as groups from "./group-members.ts"

const tags: [string] = ["Project Groups"]
const params = z.object({ projectId: projectIdParam, groupId: idParam("The ID of the group.") })
const result = z.object({ groupMembership: ProjectGroup })

export const projectGroupEndpoints = [
  endpoint("listProjectGroups", "GET /api/v1/projects/{projectId}/memberships/groups", {
    summary: "List the groups in a project",
    tags,
    access: { project: ["read", "groups"] },
    params: params.pick({ projectId: true }),
    inProject,
    result: z.object({ groupMemberships: z.array(ProjectGroup) }),
    handle: async (ctx) => ({ groupMemberships: (await groups.listGroups(ctx)).map(presentProjectGroup) }),
  }),

  endpoint("addProjectGroup", "POST /api/v1/projects/{projectId}/memberships/groups/{groupId}", {
    summary: "Add a group to a project",
    tags,
    access: { project: ["create", "groups"] },
    params,
    inProject,
    body: addBody(groups.isRange),
    result,
    previews: ({ params }) => ({ where: "project", who: { groups: [params.groupId] } }),
    handle: async (ctx, { params: { groupId }, body }) => ({
      groupMembership: presentProjectGroup(await groups.addGroup(ctx, groupId, body.roles)),
    }),
  }),

  endpoint("updateProjectGroup", "PATCH /api/v1/projects/{projectId}/memberships/groups/{groupId}", {
    summary: "Give a group in a project other roles",
    tags,
    access: { project: ["edit", "groups"] },
    params,
    inProject,
    body: changeBody(groups.isRange),
    result: result.extend({ roles: z.array(GivenRole) }),
    previews: ({ params }) => ({ where: "project", who: { groups: [params.groupId] } }),
    async handle(ctx, { params: { groupId }, body }) {
      const groupMembership = presentProjectGroup(await groups.updateGroup(ctx, groupId, body.roles))
      return { groupMembership, roles: groupMembership.roles }
    },
  }),

  endpoint("getProjectGroup", "GET /api/v1/projects/{projectId}/memberships/groups/{groupId}", {
    summary: "Get a group in a project",
    tags,
    access: { project: ["read", "groups"] },
    params,
    inProject,
    result,
    handle: async (ctx, { params: { groupId } }) => ({
      groupMembership: presentProjectGroup(await groups.getGroup(ctx, groupId)),
    }),
  }),

  endpoint("removeProjectGroup", "DELETE /api/v1/projects/{projectId}/memberships/groups/{groupId}", {
    summary: "Remove a group from a project",
    tags,
    access: { project: ["delete", "groups"] },
    params,
    inProject,
    result,
    previews: ({ params }) => ({ where: "project", who: { groups: [params.groupId] } }),
    handle: async (ctx, { params: { groupId } }) => ({
      groupMembership: presentProjectGroup(await groups.removeGroup(ctx, groupId)),
    }),
  }),
]
