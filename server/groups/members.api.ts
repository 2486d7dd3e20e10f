import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, usernameParam } from "../http/fields.ts"
import { groupUserQuery, GroupUser, GroupUsers, presentListedGroupUser } from "../http/group-users.ts"
import { ChangedDates, MembershipDates, MembershipTime, presentTime } from "../http/membership-dates.ts"
import * as members from "./members.ts"

const present = (user: members.Person): z.input<typeof GroupUser> => ({
  email: user.email,
  username: user.username,
  firstName: user.firstName,
  lastName: user.lastName,
  id: user.userId,
})

const tags: [string] = ["Groups"]

export const memberEndpoints = [
  endpoint("listGroupUsers", "GET /api/v1/groups/{id}/users", {
    summary: "List the users of the organization with their place in a group",
    tags,
    access: { organization: ["read", "groups"] },
    params: z.object({ id: idParam("The ID of the group.") }),
    query: groupUserQuery,
    result: GroupUsers,
    async handle(ctx, { params, query }) {
      const { users, totalCount } = await members.listUsers(ctx, params.id, query)
      return { users: users.map(presentListedGroupUser), totalCount }
    },
  }),

  endpoint("addUserToGroup", "POST /api/v1/groups/{id}/users/{username}", {
    tags,
    access: { organization: ["edit", "groups"] },
    params: z.object({
      id: idParam("The ID of the group to add the user to."),
      username: usernameParam("The username of the user to add to the group."),
    }),
    extended: { body: MembershipDates },
    result: GroupUser,
    transaction: false,
    facts: members.memberFacts,
    factValues: ({ params }) => members.memberFactValues(params.id, params.username),
    previews: ({ params: { id, username } }) => ({
      where: { organizationAndProjectsOfGroup: id },
      who: { usernames: [username] },
    }),
    handle: async (ctx, { params, facts, extended }) =>
      present(await members.addUser(ctx, { ...params, facts }, extended.body)),
  }),

  endpoint("updateGroupUser", "PATCH /api/v1/groups/{id}/users/{username}", {
    summary: "Have the membership of a user in a group begin or end at another time",
    tags,
    access: { organization: ["edit", "groups"] },
    params: z.object({
      id: idParam("The ID of the group."),
      username: usernameParam("The username of a user who is in the group, or is yet to be."),
    }),
    isExtension: true,
    body: ChangedDates,
    result: MembershipTime,
    facts: members.memberFacts,
    factValues: ({ params }) => members.memberFactValues(params.id, params.username),
    previews: ({ params: { id, username } }) => ({
      where: { organizationAndProjectsOfGroup: id },
      who: { usernames: [username] },
    }),
    handle: async (ctx, { params, facts, body }) =>
      presentTime(await members.changeUser(ctx, { ...params, facts }, body)),
  }),

  endpoint("removeUserFromGroup", "DELETE /api/v1/groups/{id}/users/{username}", {
    summary: "Remove a user from a group",
    tags,
    access: { organization: ["edit", "groups"] },
    params: z.object({
      id: idParam("The ID of the group to remove the user from."),
      username: usernameParam("The username of the user to remove from the group."),
    }),
    result: GroupUser,
    transaction: false,
    facts: members.memberFacts,
    factValues: ({ params }) => members.memberFactValues(params.id, params.username),
    previews: ({ params: { id, username } }) => ({
      where: { organizationAndProjectsOfGroup: id },
      who: { usernames: [username] },
    }),
    handle: async (ctx, { params, facts }) => present(await members.removeUser(ctx, { ...params, facts })),
  }),
]
