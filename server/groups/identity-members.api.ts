import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, search, timestamp, uuid } from "../http/fields.ts"
import { ChangedDates, MembershipDates, MembershipTime, presentTime } from "../http/membership-dates.ts"
import { limit, page } from "../http/page.ts"
import * as members from "./identity-members.ts"

const ListedIdentity = z.object({
  id: uuid,
  name: z.string(),
  isPartOfGroup: z.boolean(),
  joinedGroupAt: timestamp.nullable(),
})

const present = (identity: members.ListedIdentity): z.input<typeof ListedIdentity> => ({
  id: identity.id,
  name: identity.name,
  isPartOfGroup: identity.joined_at !== null,
  joinedGroupAt: identity.joined_at?.toISOString() ?? null,
})

const params = z.object({
  id: idParam("The ID of the group."),
  machineIdentityId: idParam("The ID of the machine identity."),
})
const tags: [string] = ["Groups"]

export const identityMemberEndpoints = [
  endpoint("listGroupMachineIdentities", "GET /api/v1/groups/{id}/machine-identities", {
    summary: "List the machine identities of the organization with their place in a group",
    tags,
    access: { organization: ["read", "groups"] },
    params: z.object({ id: idParam("The ID of the group.") }),
    query: z.object({
      ...page(10, 100),
      limit: limit(100)
        .optional()
        .describe(
          "How many to answer at most. When left out, every member of the group and then others, 10 in all or more.",
        ),
      search: search(/^[A-Za-z0-9-]+$/, "letters, digits and dashes")
        .optional()
        .describe("Only machine identities whose name contains this."),
      filter: z
        .enum(["assignedMachineIdentities", "nonAssignedMachineIdentities"])
        .optional()
        .describe("Only those that are in the group, or only those that are not."),
    }),
    result: z.object({ machineIdentities: z.array(ListedIdentity), totalCount: z.number() }),
    async handle(ctx, { params, query }) {
      const { identities, totalCount } = await members.listIdentities(ctx, params.id, query)
      return { machineIdentities: identities.map(present), totalCount }
    },
  }),

  endpoint("addMachineIdentityToGroup", "POST /api/v1/groups/{id}/machine-identities/{machineIdentityId}", {
    summary: "Add a machine identity to a group",
    tags,
    access: { organization: ["edit", "groups"] },
    params,
    extended: { body: MembershipDates },
    result: z.object({ id: uuid }),
    transaction: false,
    facts: members.identityMemberFacts,
    factValues: ({ params }) => members.identityMemberFactValues(params.id, params.machineIdentityId),
    previews: ({ params }) => ({
      where: { organizationAndProjectsOfGroup: params.id },
      who: { identities: [params.machineIdentityId] },
    }),
    handle: async (ctx, { params, facts, extended }) => ({
      id: await members.addIdentity(ctx, { ...params, facts }, extended.body),
    }),
  }),

  endpoint("updateGroupMachineIdentity", "PATCH /api/v1/groups/{id}/machine-identities/{machineIdentityId}", {
    summary: "Have the membership of a machine identity in a group begin or end at another time",
    tags,
    access: { organization: ["edit", "groups"] },
    params,
    isExtension: true,
    body: ChangedDates,
    result: MembershipTime,
    facts: members.identityMemberFacts,
    factValues: ({ params }) => members.identityMemberFactValues(params.id, params.machineIdentityId),
    previews: ({ params }) => ({
      where: { organizationAndProjectsOfGroup: params.id },
      who: { identities: [params.machineIdentityId] },
    }),
    handle: async (ctx, { params, facts, body }) =>
      presentTime(await members.changeIdentity(ctx, { ...params, facts }, body)),
  }),

  endpoint(
    "removeMachineIdentityFromGroup",
    "DELETE /api/v1/groups/{id}/machine-identities/{machineIdentityId}",
    {
      summary: "Remove a machine identity from a group",
      tags,
      access: { organization: ["edit", "groups"] },
      params,
      result: z.object({ id: uuid }),
      transaction: false,
      facts: members.identityMemberFacts,
      factValues: ({ params }) => members.identityMemberFactValues(params.id, params.machineIdentityId),
      previews: ({ params }) => ({
        where: { organizationAndProjectsOfGroup: params.id },
        who: { identities: [params.machineIdentityId] },
      }),
      handle: async (ctx, { params, facts }) => ({
        id: await members.removeIdentity(ctx, { ...params, facts }),
      }),
    },
  ),
]
