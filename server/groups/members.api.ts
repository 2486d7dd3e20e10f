import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, search, storableText, timestamp, usernameParam, uuid } from "../http/fields.ts"
import { page } from "../http/page.ts"
import * as members from "./members.ts"

/** A person as adding and removing answer them; key order and optional keys are the contract's. */
const GroupUser = z.object({
  email: z.string().nullish(),
  username: z.string(),
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
  id: uuid,
})

const ListedUser = GroupUser.extend({ isPartOfGroup: z.boolean(), joinedGroupAt: timestamp.nullable() })

const present = (user: members.Member): z.input<typeof GroupUser> => ({
  email: user.email,
  username: user.username,
  firstName: user.first_name,
  lastName: user.last_name,
  id: user.user_id,
})

const presentListed = (user: members.ListedUser): z.input<typeof ListedUser> => ({
  email: user.email,
  username: user.username,
  firstName: user.first_name,
  lastName: user.last_name,
  id: user.id,
  isPartOfGroup: user.joined_at !== null,
  joinedGroupAt: user.joined_at?.toISOString() ?? null,
})

const tags: [string] = ["Groups"]

export const memberEndpoints = [
  endpoint("listGroupUsers", "GET /api/v1/groups/{id}/users", {
    summary: "List the users of the organization with their place in a group",
    tags,
    access: { organization: ["read", "groups"] },
    params: z.object({ id: idParam("The ID of the group.") }),
    query: z.object({
      ...page(10, 100),
      username: storableText
        .trim()
        .optional()
        .describe("Only users whose username contains this. Deprecated: use search."),
      search: search(/^[A-Za-z0-9.@-]+$/, "letters, digits, dashes, dots and @")
        .optional()
        .describe("Only users whose name or username contains this."),
      filter: z
        .enum(["existingMembers", "nonMembers"])
        .optional()
        .describe("Only those who are in the group, or only those who are not."),
    }),
    result: z.object({ users: z.array(ListedUser), totalCount: z.number() }),
    async handle(ctx, { params, query }) {
      const { users, totalCount } = await members.listUsers(ctx, params.id, query)
      return { users: users.map(presentListed), totalCount }
    },
  }),

  endpoint("addUserToGroup", "POST /api/v1/groups/{id}/users/{username}", {
    tags,
    access: { organization: ["edit", "groups"] },
    params: z.object({
      id: idParam("The ID of the group to add the user to."),
      username: usernameParam("The username of the user to add to the group."),
    }),
    result: GroupUser,
    transaction: false,
    facts: members.memberFacts,
    factValues: ({ params }) => members.memberFactValues(params.id, params.username),
    handle: async (ctx, { params, facts }) => present(await members.addUser(ctx, { ...params, facts })),
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
    handle: async (ctx, { params, facts }) => present(await members.removeUser(ctx, { ...params, facts })),
  }),
]
