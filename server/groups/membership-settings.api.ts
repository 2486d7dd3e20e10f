import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, storableText } from "../http/fields.ts"
import * as settings from "./membership-settings.ts"

/* Apart from the group itself, which answers here as it does elsewhere. */

const MembershipSettings = z.object({ defaultLifetime: z.string().nullable() })

const present = ({ lifetime }: settings.MembershipSettings): z.input<typeof MembershipSettings> => ({
  defaultLifetime: lifetime,
})
const tagOf = (shown: unknown): unknown => shown

const params = z.object({ id: idParam("The ID of the group.") })
const tags: [string] = ["Groups"]

export const membershipSettingEndpoints = [
  endpoint("getGroupMembershipSettings", "GET /api/v1/groups/{id}/membership-settings", {
    summary: "Get for how long memberships in a group last unless something else is asked for",
    tags,
    access: { organization: ["read", "groups"] },
    params,
    isExtension: true,
    result: MembershipSettings,
    tagOf,
    handle: async (ctx, { params }) => present(await settings.getSettings(ctx, params.id)),
  }),

  endpoint("updateGroupMembershipSettings", "PATCH /api/v1/groups/{id}/membership-settings", {
    summary: "Change for how long memberships in a group last unless something else is asked for",
    tags,
    access: { organization: ["edit", "groups"] },
    params,
    isExtension: true,
    body: z.object({
      defaultLifetime: storableText
        .trim()
        .max(64)
        .refine(settings.isLifetime, { error: "Must be a length of time, such as 12h or 30d" })
        .nullable()
        .optional()
        .describe("For how long, such as 12h or 30d, from when a membership begins; null for no end."),
    }),
    result: MembershipSettings,
    tagOf,
    ifMatch: async (ctx, { params }) => present(await settings.lockSettings(ctx, params.id)),
    handle: async (ctx, { params, body }) =>
      present(await settings.updateSettings(ctx, params.id, { lifetime: body.defaultLifetime })),
  }),
]
