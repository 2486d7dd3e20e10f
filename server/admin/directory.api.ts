import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import { idParam, storableText, timestamp, uuid } from "../http/fields.ts"
import { page } from "../http/page.ts"
import { OwnUser, presentOwnUser } from "../http/user.ts"
import * as directory from "./directory.ts"

const User = z.object({
  id: uuid,
  username: z.string(),
  email: z.string().nullable(),
  firstName: z.string().nullable(),
  lastName: z.string().nullable(),
  isAccepted: z.boolean(),
  superAdmin: z.boolean(),
  createdAt: timestamp,
  updatedAt: timestamp,
})
const Identity = z.object({ id: uuid, name: z.string(), orgId: uuid, isInstanceAdmin: z.boolean() })
const ListedIdentity = Identity.extend({ createdAt: timestamp })
const Organization = z.object({
  id: uuid,
  name: z.string(),
  slug: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
  memberCount: z.number(),
})

const presentUser = (user: directory.UserRow): z.input<typeof User> => ({
  id: user.id,
  username: user.username,
  email: user.email,
  firstName: user.first_name,
  lastName: user.last_name,
  isAccepted: user.is_accepted,
  superAdmin: user.is_super_admin,
  createdAt: user.created_at.toISOString(),
  updatedAt: user.updated_at.toISOString(),
})
const presentIdentity = (
  identity: Pick<directory.IdentityRow, "id" | "name" | "org_id" | "is_instance_admin">,
): z.input<typeof Identity> => ({
  id: identity.id,
  name: identity.name,
  orgId: identity.org_id,
  isInstanceAdmin: identity.is_instance_admin,
})

const tags: [string] = ["Admin"]
const access = "instanceAdmin"
const list = {
  ...page(20, 100),
  searchTerm: storableText.trim().max(255).default("").describe("Only those whose names contain this."),
}
const userParams = z.object({ userId: idParam("The ID of the user.") })
const identityParams = z.object({ identityId: idParam("The ID of the machine identity.") })
const audit = none(
  "Who administers the instance belongs to no organization, and audit logs are an organization's.",
)

export const directoryEndpoints = [
  endpoint("listInstanceUsers", "GET /api/v1/admin/user-management/users", {
    summary: "List everybody who has an account or was invited",
    tags,
    access,
    query: z.object({
      ...list,
      adminsOnly: z.enum(["true", "false"]).default("false").describe("Only who administers the instance."),
    }),
    result: z.object({ users: z.array(User), totalCount: z.number() }),
    async handle(ctx, { query }) {
      const { searchTerm: search, limit, offset } = query
      const adminsOnly = query.adminsOnly === "true"
      const { rows, total } = await directory.users(ctx.db, { search, limit, offset, adminsOnly })
      return { users: rows.map(presentUser), totalCount: total }
    },
  }),

  endpoint("deleteInstanceUser", "DELETE /api/v1/admin/user-management/users/{userId}", {
    summary: "Delete somebody's account",
    tags,
    access,
    params: userParams,
    // Older clients look for the one user under `users`.
    result: z.object({ user: OwnUser, users: OwnUser }),
    async handle(ctx, { params }) {
      const user = presentOwnUser(await directory.deleteUser(ctx, params.userId))
      return { user, users: user }
    },
  }),

  endpoint("grantInstanceAdmin", "PATCH /api/v1/admin/user-management/users/{userId}/admin-access", {
    summary: "Let somebody administer the instance",
    tags,
    access,
    audit,
    params: userParams,
    result: z.object({ user: OwnUser }),
    handle: async (ctx, { params }) => ({
      user: presentOwnUser(await directory.setUserAdmin(ctx, params.userId, true)),
    }),
  }),

  endpoint("revokeInstanceAdmin", "DELETE /api/v1/admin/user-management/users/{userId}/admin-access", {
    summary: "Let somebody administer the instance no more",
    tags,
    access,
    audit,
    params: userParams,
    result: z.object({ user: OwnUser }),
    handle: async (ctx, { params }) => ({
      user: presentOwnUser(await directory.setUserAdmin(ctx, params.userId, false)),
    }),
  }),

  endpoint("listInstanceIdentities", "GET /api/v1/admin/identity-management/identities", {
    summary: "List the machine identities of all organizations",
    tags,
    access,
    query: z.object(list),
    result: z.object({ identities: z.array(ListedIdentity), totalCount: z.number() }),
    async handle(ctx, { query }) {
      const { searchTerm: search, limit, offset } = query
      const { rows, total } = await directory.identities(ctx.db, { search, limit, offset })
      const identities = rows.map((row) => ({
        ...presentIdentity(row),
        createdAt: row.created_at.toISOString(),
      }))
      return { identities, totalCount: total }
    },
  }),

  endpoint(
    "grantInstanceAdminToIdentity",
    "PATCH /api/v1/admin/identity-management/identities/{identityId}/admin-access",
    {
      summary: "Let a machine identity administer the instance",
      tags,
      access,
      params: identityParams,
      result: z.object({ identity: Identity }),
      handle: async (ctx, { params }) => ({
        identity: presentIdentity(await directory.setIdentityAdmin(ctx, params.identityId, true)),
      }),
    },
  ),

  endpoint(
    "revokeInstanceAdminFromIdentity",
    "DELETE /api/v1/admin/identity-management/identities/{identityId}/admin-access",
    {
      summary: "Let a machine identity administer the instance no more",
      tags,
      access,
      params: identityParams,
      result: z.object({ identity: Identity }),
      handle: async (ctx, { params }) => ({
        identity: presentIdentity(await directory.setIdentityAdmin(ctx, params.identityId, false)),
      }),
    },
  ),

  endpoint(
    "revokeSuperAdminFromIdentity",
    "DELETE /api/v1/admin/identity-management/identities/{identityId}/super-admin-access",
    {
      summary: "The same, as older clients call it",
      tags,
      access,
      params: identityParams,
      result: z.object({ identity: Identity }),
      handle: async (ctx, { params }) => ({
        identity: presentIdentity(await directory.setIdentityAdmin(ctx, params.identityId, false)),
      }),
    },
  ),

  endpoint("listInstanceOrganizations", "GET /api/v1/admin/organization-management/organizations", {
    summary: "List all organizations",
    tags,
    access,
    query: z.object(list),
    result: z.object({ organizations: z.array(Organization), totalCount: z.number() }),
    async handle(ctx, { query }) {
      const { searchTerm: search, limit, offset } = query
      const { rows, total } = await directory.organizations(ctx.db, { search, limit, offset })
      const organizations = rows.map((row) => ({
        id: row.id,
        name: row.name,
        slug: row.slug,
        createdAt: row.created_at.toISOString(),
        updatedAt: row.updated_at.toISOString(),
        memberCount: row.member_count,
      }))
      return { organizations, totalCount: total }
    },
  }),
]
