import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import { idParam, idText, storableText, timestamp, uuid } from "../http/fields.ts"
import { page } from "../http/page.ts"
import * as memberships from "./identity-memberships.ts"

/** A machine identity with its place in the organization; key order is the contract's. */
const Membership = z.object({
  id: uuid,
  role: z.string(),
  roleId: uuid.nullable(),
  orgId: uuid,
  createdAt: timestamp,
  updatedAt: timestamp,
  identityId: uuid,
  lastLoginAuthMethod: z.string().nullable(),
  lastLoginTime: timestamp.nullable(),
  customRole: z
    .object({ id: uuid, name: z.string(), slug: z.string(), description: z.string().nullable() })
    .optional(),
  metadata: z.array(z.object({ id: uuid, key: z.string(), value: z.string() })),
  identity: z.object({
    name: z.string(),
    id: uuid,
    orgId: uuid,
    hasDeleteProtection: z.boolean(),
    authMethods: z.array(z.string()),
    activeLockoutAuthMethods: z.array(z.string()),
  }),
})

const present = (row: memberships.IdentityMembership): z.input<typeof Membership> => ({
  id: row.id,
  role: row.role,
  roleId: row.custom_role_id,
  orgId: row.org_id,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  identityId: row.identity_id,
  lastLoginAuthMethod: row.last_login_method,
  lastLoginTime: row.last_login_at?.toISOString() ?? null,
  ...(row.custom_role_id === null
    ? {}
    : {
        customRole: {
          id: row.custom_role_id,
          name: row.custom_role_name ?? "",
          slug: row.custom_role_slug ?? "",
          description: row.custom_role_description,
        },
      }),
  metadata: row.metadata,
  identity: {
    name: row.name,
    id: row.identity_id,
    orgId: row.org_id,
    hasDeleteProtection: row.has_delete_protection,
    authMethods: row.auth_methods,
    activeLockoutAuthMethods: row.locked_methods,
  },
})

const tags: [string] = ["Identities"]
const access = { organization: ["read", "identity"] } as const
const params = z.object({ identityId: idParam("The ID of the machine identity.") })

const orderBy = z.enum(["name"]).default("name").describe("What to sort by.")
const orderDirection = z.enum(["asc", "desc"]).default("asc").describe("Which end comes first.")
const part = storableText.trim().max(255)
const listQuery = {
  orderBy,
  orderDirection,
  search: part.optional().describe("Only those whose name contains this."),
}

const text = part
const either = { $eq: text.optional(), $in: z.array(text).max(100).optional() }
const wanted = {
  name: z.union([text, z.object({ ...either, $contains: text.optional() })]).optional(),
  role: z.union([text, z.object(either)]).optional(),
}

const Page = z.object({ identities: z.array(Membership), totalCount: z.number() })

export const identityMembershipEndpoints = [
  endpoint("listIdentities", "GET /api/v1/identities", {
    summary: "List the machine identities of an organization by name",
    tags,
    access,
    query: z.object({
      orgId: idText.max(64).describe("The ID of the organization."),
      ...page(20_000, 20_000),
      ...listQuery,
    }),
    result: Page,
    async handle(ctx, { query }) {
      const { identities, totalCount } = await memberships.listIdentities(ctx, query.orgId, query)
      return { identities: identities.map(present), totalCount }
    },
  }),

  endpoint("searchIdentities", "POST /api/v1/identities/search", {
    summary: "Find machine identities by name and role",
    tags,
    access,
    audit: none("It reads: the search is in the body because it is too long for a query."),
    transaction: false,
    body: z
      .object({
        orderBy,
        orderDirection,
        limit: z.number().int().min(1).max(100).default(50).describe("How many to answer at most."),
        offset: z.number().int().min(0).max(2_147_483_647).default(0).describe("How many to skip."),
        search: z
          .object({ ...wanted, $or: z.array(z.object(wanted)).max(5).optional() })
          .default({})
          .describe("What names and roles must be."),
      })
      .prefault({}),
    result: Page,
    async handle(ctx, { body }) {
      const { identities, totalCount } = await memberships.searchIdentities(ctx, body)
      return { identities: identities.map(present), totalCount }
    },
  }),

  endpoint("getIdentityDetails", "GET /api/v1/identities/details", {
    summary: "Say who the machine identity of the token is, and in which organization",
    tags,
    access: "signedIn",
    callers: ["machine"],
    result: z.object({
      identityDetails: z.object({
        organization: z.object({ id: uuid, name: z.string(), slug: z.string() }),
        identity: z.object({ id: uuid, name: z.string(), authMethod: z.string() }),
      }),
    }),
    handle: async (ctx) => ({ identityDetails: await memberships.ownDetails(ctx) }),
  }),

  endpoint("getIdentity", "GET /api/v1/identities/{identityId}", {
    summary: "Get a machine identity with its place in the organization",
    tags,
    access,
    params,
    result: z.object({ identity: Membership }),
    handle: async (ctx, { params: { identityId } }) => ({
      identity: present(await memberships.getIdentityMembership(ctx, identityId)),
    }),
  }),

  endpoint("listOrganizationIdentities", "GET /api/v2/organizations/{orgId}/identity-memberships", {
    summary: "List the machine identities of an organization by name",
    tags: ["Organizations"],
    access,
    params: z.object({ orgId: idParam("The ID of the organization.") }),
    query: z.object({ ...page(100, 20_000), ...listQuery }),
    result: z.object({ identityMemberships: z.array(Membership), totalCount: z.number() }),
    async handle(ctx, { params: { orgId }, query }) {
      const { identities, totalCount } = await memberships.listIdentities(ctx, orgId, query)
      return { identityMemberships: identities.map(present), totalCount }
    },
  }),
]
