import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, uuid } from "../http/fields.ts"
import { MembershipTime, presentTime, sentTime } from "../http/membership-dates.ts"
import { page } from "../http/page.ts"
import * as memberships from "./memberships.ts"

const Membership = z.discriminatedUnion("type", [
  MembershipTime.extend({ type: z.literal("user"), user: z.object({ id: uuid, username: z.string() }) }),
  MembershipTime.extend({
    type: z.literal("machineIdentity"),
    machineIdentity: z.object({ id: uuid, name: z.string() }),
  }),
])

function present(membership: memberships.Membership): z.input<typeof Membership> {
  const { kind, id } = membership
  const time = presentTime(membership)
  return kind === "user"
    ? { type: kind, user: { id, username: membership.username ?? "" }, ...time }
    : { type: kind, machineIdentity: { id, name: membership.name ?? "" }, ...time }
}

export const membershipEndpoints = [
  endpoint("listGroupMemberships", "GET /api/v1/groups/{id}/memberships", {
    summary: "List who is in a group or is yet to be, from when until when, and whose say it is",
    tags: ["Groups"],
    access: { organization: ["read", "groups"] },
    params: z.object({ id: idParam("The ID of the group.") }),
    isExtension: true,
    query: z.object({
      ...page(20, 100),
      state: z
        .enum(["active", "toCome"])
        .optional()
        .describe("Only those that last, or only those that are yet to begin."),
      endsBefore: sentTime.optional().describe("Only those that end before this time."),
    }),
    result: z.object({ memberships: z.array(Membership), totalCount: z.number() }),
    async handle(ctx, { params, query }) {
      const found = await memberships.listMemberships(ctx, params.id, query)
      return { memberships: found.memberships.map(present), totalCount: found.totalCount }
    },
  }),
]
