import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, search, timestamp, uuid } from "../http/fields.ts"
import { order, page } from "../http/page.ts"
import * as members from "./all-members.ts"

const UserMember = z.object({
  id: z.string(),
  joinedGroupAt: timestamp.nullable(),
  type: z.literal("user"),
  user: z.object({
    id: uuid,
    firstName: z.string().nullish(),
    lastName: z.string().nullish(),
    email: z.string().nullish(),
    username: z.string(),
  }),
})
const MachineMember = z.object({
  id: z.string(),
  joinedGroupAt: timestamp.nullable(),
  type: z.literal("machineIdentity"),
  machineIdentity: z.object({ id: uuid, name: z.string() }),
})
const Member = z.discriminatedUnion("type", [UserMember, MachineMember])

function present(member: members.MemberOfGroup): z.input<typeof Member> {
  const { id } = member
  const joinedGroupAt = member.joined_at.toISOString()
  if (member.kind === "machineIdentity") {
    return { id, joinedGroupAt, type: member.kind, machineIdentity: { id, name: member.name } }
  }
  const { first_name: firstName, last_name: lastName, email, username } = member
  return { id, joinedGroupAt, type: member.kind, user: { id, firstName, lastName, email, username } }
}

const params = z.object({ id: idParam("The ID of the group.") })
const memberType = z.enum(["users", "machineIdentities"])
const tags: [string] = ["Groups"]

export const allMemberEndpoints = [
  endpoint("listGroupMembers", "GET /api/v1/groups/{id}/members", {
    summary: "List the users and machine identities in a group",
    tags,
    access: { organization: ["read", "groups"] },
    params,
    query: z.object({
      ...page(10, 100),
      search: search(/^[A-Za-z0-9.@-]+$/, "letters, digits, dashes, dots and @")
        .optional()
        .describe("Only members whose name or username contains this."),
      ...order(["name"]),
      memberTypeFilter: z
        .union([z.array(memberType).min(1), memberType.transform((type) => [type])])
        .optional()
        .describe("Only members of these types; may be given more than once."),
    }),
    result: z.object({ members: z.array(Member), totalCount: z.number() }),
    async handle(ctx, { params, query }) {
      const found = await members.listMembers(ctx, params.id, query)
      return { members: found.members.map(present), totalCount: found.totalCount }
    },
  }),
]
