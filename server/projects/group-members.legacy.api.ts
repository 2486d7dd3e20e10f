import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam } from "../http/fields.ts"
import { groupUserQuery, GroupUsers, presentListedGroupUser } from "../http/group-users.ts"
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

/*
 * Groups in projects as older clients ask: the same below three prefixes.
 */

const tags: [string] = ["Project Groups"]
const ofProject = z.object({ projectId: projectIdParam })
const params = ofProject.extend({ groupId: idParam("The ID of the group.") })
const result = z.object({ groupMembership: ProjectGroup })
const prefixes = [
  ["V1Projects", "/api/v1/projects"],
  ["V1Workspace", "/api/v1/workspace"],
  ["V2Workspace", "/api/v2/workspace"],
] as const

const reading = prefixes.flatMap(([generation, prefix]) => [
  endpoint(`listProjectGroups${generation}`, `GET ${prefix}/{projectId}/groups`, {
    summary: "List the groups in a project, as older clients ask",
    tags,
    access: { project: ["read", "groups"] },
    params: ofProject,
    inProject,
    result: z.object({ groupMemberships: z.array(ProjectGroup) }),
    handle: async (ctx) => ({ groupMemberships: (await groups.listGroups(ctx)).map(presentProjectGroup) }),
  }),

  endpoint(`getProjectGroup${generation}`, `GET ${prefix}/{projectId}/groups/{groupId}`, {
    summary: "Get a group in a project, as older clients ask",
    tags,
    access: { project: ["read", "groups"] },
    params,
    inProject,
    result,
    handle: async (ctx, { params: { groupId } }) => ({
      groupMembership: presentProjectGroup(await groups.getGroup(ctx, groupId)),
    }),
  }),

  endpoint(`listProjectGroupUsers${generation}`, `GET ${prefix}/{projectId}/groups/{groupId}/users`, {
    summary: "List the people of a group in a project",
    tags,
    access: { project: ["read", "groups"] },
    params,
    inProject,
    query: groupUserQuery,
    result: GroupUsers,
    async handle(ctx, { params: { groupId }, query }) {
      const { users, totalCount } = await groups.listGroupUsers(ctx, groupId, query)
      return { users: users.map(presentListedGroupUser), totalCount }
    },
  }),
])

const writing = prefixes.flatMap(([generation, prefix]) => [
  endpoint(`addProjectGroup${generation}`, `POST ${prefix}/{projectId}/groups/{groupIdOrName}`, {
    summary: "Add a group to a project by its ID or its name, as older clients ask",
    tags,
    access: { project: ["create", "groups"] },
    params: ofProject.extend({ groupIdOrName: idParam("The ID of the group, or its name.") }),
    inProject,
    body: addBody(groups.isRange),
    result,
    previews: ({ params }) => ({ where: "project", who: { groups: [params.groupIdOrName] } }),
    handle: async (ctx, { params: { groupIdOrName }, body }) => ({
      groupMembership: presentProjectGroup(await groups.addGroup(ctx, groupIdOrName, body.roles)),
    }),
  }),

  endpoint(`updateProjectGroup${generation}`, `PATCH ${prefix}/{projectId}/groups/{groupId}`, {
    summary: "Give a group in a project other roles, as older clients ask",
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

  endpoint(`removeProjectGroup${generation}`, `DELETE ${prefix}/{projectId}/groups/{groupId}`, {
    summary: "Remove a group from a project, as older clients ask",
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
])

export const legacyProjectGroupEndpoints = [...reading, ...writing]
