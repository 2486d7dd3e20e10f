import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import { idParam, usernameParam } from "../http/fields.ts"
import { GivenRole, inProject, projectIdParam } from "../http/project-members.ts"
import {
  addUsersBody,
  allNamedIn,
  changeUserBody,
  listed,
  namedIn,
  presentProjectUser,
  ProjectUser,
  ProjectUserRow,
  removeUsersBody,
  userListQuery,
} from "../http/project-users.ts"
import * as members from "./user-members.ts"

/*
 * People in projects as older clients ask.
 */

const tags: [string] = ["Project Users"]
const ofProject = z.object({ projectId: projectIdParam })
const params = ofProject.extend({ membershipId: idParam("The ID of the membership in the project.") })

export const legacyProjectUserEndpoints = [
  endpoint("listProjectUserMembershipsV1Workspace", "GET /api/v1/workspace/{projectId}/memberships", {
    summary: "List the people who are in a project by themselves, as older clients ask",
    tags,
    access: { project: ["read", "member"] },
    params: ofProject,
    inProject,
    result: z.object({ memberships: z.array(ProjectUser) }),
    handle: async (ctx) => ({ memberships: (await members.listMembers(ctx)).map(presentProjectUser) }),
  }),

  endpoint("listProjectUsersV1Workspace", "GET /api/v1/workspace/{projectId}/users", {
    summary: "List the people who are in a project, by themselves or by a group, as older clients ask",
    tags,
    access: { project: ["read", "member"] },
    callers: ["user"],
    params: ofProject,
    inProject,
    query: userListQuery,
    result: z.object({ users: z.array(ProjectUser) }),
    handle: async (ctx, { query }) => ({
      users: (await members.listUsers(ctx, listed(query))).map(presentProjectUser),
    }),
  }),

  endpoint(
    "getProjectUserMembershipV1Workspace",
    "GET /api/v1/workspace/{projectId}/memberships/{membershipId}",
    {
      summary: "Get a person's membership in a project, as older clients ask",
      tags,
      access: { project: ["read", "member"] },
      params,
      inProject,
      result: z.object({ membership: ProjectUser }),
      handle: async (ctx, { params: { membershipId } }) => ({
        membership: presentProjectUser(await members.getMember(ctx, { id: membershipId })),
      }),
    },
  ),

  endpoint(
    "getProjectMembershipByUsernameV1Workspace",
    "POST /api/v1/workspace/{projectId}/memberships/details",
    {
      summary: "Get a person's membership in a project by the username, as older clients ask",
      tags,
      access: { project: ["read", "member"] },
      transaction: false,
      audit: none("It reads: the username is in the body, since it may be an address."),
      params: ofProject,
      inProject,
      body: z.object({ username: usernameParam("The username of the person.") }),
      result: z.object({ membership: ProjectUser }),
      handle: async (ctx, { body: { username } }) => ({
        membership: presentProjectUser(await members.getMember(ctx, { username })),
      }),
    },
  ),

  endpoint(
    "updateProjectUserMembershipV1Workspace",
    "PATCH /api/v1/workspace/{projectId}/memberships/{membershipId}",
    {
      summary: "Give a person in a project other roles, as older clients ask",
      tags,
      access: { project: ["edit", "member"] },
      params,
      inProject,
      body: changeUserBody(members.isRange),
      result: z.object({ roles: z.array(GivenRole) }),
      previews: ({ params }) => ({ where: "project", who: { projectMembers: [params.membershipId] } }),
      handle: async (ctx, { params: { membershipId }, body: { roles } }) => ({
        roles: presentProjectUser(await members.updateMember(ctx, membershipId, roles)).roles,
      }),
    },
  ),

  endpoint(
    "removeProjectUserV1Workspace",
    "DELETE /api/v1/workspace/{projectId}/memberships/{membershipId}",
    {
      summary: "Remove a person from a project, as older clients ask",
      tags,
      access: { project: ["delete", "member"] },
      params,
      inProject,
      result: z.object({ membership: ProjectUserRow }),
      previews: ({ params }) => ({ where: "project", who: { projectMembers: [params.membershipId] } }),
      handle: async (ctx, { params: { membershipId } }) => ({
        membership: presentProjectUser(await members.removeOne(ctx, membershipId)),
      }),
    },
  ),

  endpoint("addProjectUsersV2Workspace", "POST /api/v2/workspace/{projectId}/memberships", {
    summary: "Add people to a project; addresses that nobody has are invited, as older clients ask",
    tags,
    access: { project: ["create", "member"] },
    params: ofProject,
    inProject,
    body: addUsersBody,
    result: z.object({ memberships: z.array(ProjectUserRow) }),
    previews: ({ body }) => ({ where: "project", who: { usernames: allNamedIn(body) } }),
    handle: async (ctx, { body }) => ({
      memberships: (await members.addMembers(ctx, namedIn(body), body.roleSlugs)).map(presentProjectUser),
    }),
  }),

  endpoint("removeProjectUsersV2Workspace", "DELETE /api/v2/workspace/{projectId}/memberships", {
    summary: "Remove people from a project, as older clients ask",
    tags,
    access: { project: ["delete", "member"] },
    params: ofProject,
    inProject,
    body: removeUsersBody,
    result: z.object({ memberships: z.array(ProjectUserRow) }),
    previews: ({ body }) => ({ where: "project", who: { usernames: allNamedIn(body) } }),
    handle: async (ctx, { body }) => ({
      memberships: (await members.removeMany(ctx, namedIn(body))).map(presentProjectUser),
    }),
  }),
]
