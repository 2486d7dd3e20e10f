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

const tags: [string] = ["Project Users"]
const ofProject = z.object({ projectId: projectIdParam })
const params = ofProject.extend({ membershipId: idParam("The ID of the membership in the project.") })

const reading = [
  endpoint("listProjectUserMemberships", "GET /api/v1/projects/{projectId}/memberships", {
    summary: "List the people who are in a project by themselves",
    tags,
    access: { project: ["read", "member"] },
    params: ofProject,
    inProject,
    result: z.object({ memberships: z.array(ProjectUser) }),
    handle: async (ctx) => ({ memberships: (await members.listMembers(ctx)).map(presentProjectUser) }),
  }),

  endpoint("listProjectUsers", "GET /api/v1/projects/{projectId}/users", {
    summary: "List the people who are in a project, by themselves or by a group",
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

  endpoint("getProjectUserMembership", "GET /api/v1/projects/{projectId}/memberships/{membershipId}", {
    summary: "Get a person's membership in a project",
    tags,
    access: { project: ["read", "member"] },
    params,
    inProject,
    result: z.object({ membership: ProjectUser }),
    handle: async (ctx, { params: { membershipId } }) => ({
      membership: presentProjectUser(await members.getMember(ctx, { id: membershipId })),
    }),
  }),

  endpoint("getProjectMembershipOfUser", "GET /api/v1/projects/{projectId}/user/{userId}/membership", {
    summary: "Get a person's membership in a project by the ID of the person",
    tags,
    access: { project: ["read", "member"] },
    params: ofProject.extend({ userId: idParam("The ID of the user.") }),
    inProject,
    result: z.object({ membership: ProjectUser }),
    handle: async (ctx, { params: { userId } }) => ({
      membership: presentProjectUser(await members.getMember(ctx, { userId })),
    }),
  }),

  endpoint("getProjectMembershipByUsername", "POST /api/v1/projects/{projectId}/memberships/details", {
    summary: "Get a person's membership in a project by the username",
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
  }),
]

const writing = [
  endpoint("addProjectUsers", "POST /api/v1/projects/{projectId}/memberships", {
    summary: "Add people to a project; addresses that nobody has are invited",
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

  endpoint("updateProjectUserMembership", "PATCH /api/v1/projects/{projectId}/memberships/{membershipId}", {
    summary: "Give a person in a project other roles",
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
  }),

  endpoint("removeProjectUsers", "DELETE /api/v1/projects/{projectId}/memberships", {
    summary: "Remove people from a project",
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

  endpoint("removeProjectUser", "DELETE /api/v1/projects/{projectId}/memberships/{membershipId}", {
    summary: "Remove a person from a project",
    tags,
    access: { project: ["delete", "member"] },
    params,
    inProject,
    result: z.object({ membership: ProjectUserRow }),
    previews: ({ params }) => ({ where: "project", who: { projectMembers: [params.membershipId] } }),
    handle: async (ctx, { params: { membershipId } }) => ({
      membership: presentProjectUser(await members.removeOne(ctx, membershipId)),
    }),
  }),
]

export const projectUserEndpoints = [...reading, ...writing]
