import { z } from "zod"
import { rowsOfCsv } from "../http/csv.ts"
import { endpoint } from "../http/endpoint.ts"
import { idParam, usernameParam } from "../http/fields.ts"
import { endsAfterItBegins, membershipDates } from "../http/membership-dates.ts"
import { changeMembers } from "./bulk.ts"

const change = z
  .object({
    action: z.enum(["add", "remove"]).default("add").describe("What to do; adds when left out."),
    username: usernameParam("The username of a user.").optional(),
    machineIdentityId: idParam("The ID of a machine identity.").optional(),
    ...membershipDates,
  })
  .refine(
    ({ username, machineIdentityId }) => (username === undefined) !== (machineIdentityId === undefined),
    {
      error: "Name either a username or a machineIdentityId",
    },
  )
  .refine(...endsAfterItBegins)
  .refine(({ action, from, until }) => action === "add" || (from === undefined && until === undefined), {
    error: "Only who is added is given a time",
  })
  .transform(({ action, username, machineIdentityId, from, until }) => ({
    action,
    dates: { from, until },
    member:
      username === undefined
        ? { kind: "identity" as const, name: machineIdentityId ?? "" }
        : { kind: "user" as const, name: username },
  }))

type Member = z.output<typeof change>["member"]
const named = (changes: readonly { member: Member }[], kind: Member["kind"]): string[] =>
  changes.flatMap(({ member }) => (member.kind === kind ? [member.name] : []))

export const bulkEndpoints = [
  endpoint("changeGroupMembers", "POST /api/v1/groups/{id}/members/bulk", {
    summary: "Add and remove many members of a group at once, as JSON or CSV",
    tags: ["Groups"],
    access: { organization: ["edit", "groups"] },
    params: z.object({ id: idParam("The ID of the group.") }),
    query: z.object({
      mode: z
        .enum(["allOrNothing", "perRow"])
        .default("allOrNothing")
        .describe("Whether a row that cannot be done keeps the others from being done."),
    }),
    body: z.object({
      members: z.array(change).min(1).max(10_000).describe("The changes, up to 10,000."),
    }),
    isExtension: true,
    isBulk: true,
    alsoCsv: (text) => ({ members: rowsOfCsv(text) }),
    result: z.object({
      added: z.number().int(),
      removed: z.number().int(),
      unchanged: z.number().int(),
      failed: z.array(z.object({ row: z.number().int(), message: z.string() })),
    }),
    previews: ({ params, body }) => ({
      where: { organizationAndProjectsOfGroup: params.id },
      who: { usernames: named(body.members, "user"), identities: named(body.members, "identity") },
    }),
    handle: (ctx, { params, query, body }) => changeMembers(ctx, params.id, body.members, query.mode),
  }),
]
