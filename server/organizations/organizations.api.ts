import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { displayName, idParam, slug, timestamp, uuid } from "../http/fields.ts"
import * as deletion from "./deletion.ts"
import * as organizations from "./organizations.ts"

const flag = z.boolean()
const Organization = z.object({
  id: uuid,
  name: z.string(),
  customerId: z.string().nullable(),
  slug: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
  authEnforced: flag,
  scimEnabled: flag,
  kmsDefaultKeyId: uuid.nullable(),
  defaultMembershipRole: z.string(),
  enforceMfa: flag,
  selectedMfaMethod: z.string().nullable(),
  allowSecretSharingOutsideOrganization: flag,
  shouldUseNewPrivilegeSystem: flag,
  privilegeUpgradeInitiatedByUsername: z.string().nullable(),
  privilegeUpgradeInitiatedAt: timestamp.nullable(),
  bypassOrgAuthEnabled: flag,
  userTokenExpiration: z.string().nullable(),
  secretsProductEnabled: flag,
  pkiProductEnabled: flag,
  kmsProductEnabled: flag,
  sshProductEnabled: flag,
  scannerProductEnabled: flag,
  shareSecretsProductEnabled: flag,
  maxSharedSecretLifetime: z.number(),
  maxSharedSecretViewLimit: z.number().nullable(),
})
const OwnOrganization = Organization.extend({
  orgAuthMethod: z.string(),
  userRole: z.string(),
  userJoinedAt: timestamp,
})

/** What every organization has alike; clients read it. */
const alike = {
  customerId: null,
  authEnforced: false,
  scimEnabled: false,
  kmsDefaultKeyId: null,
  selectedMfaMethod: null,
  allowSecretSharingOutsideOrganization: true,
  privilegeUpgradeInitiatedByUsername: null,
  privilegeUpgradeInitiatedAt: null,
  bypassOrgAuthEnabled: false,
  secretsProductEnabled: true,
  pkiProductEnabled: true,
  kmsProductEnabled: true,
  sshProductEnabled: true,
  scannerProductEnabled: true,
  shareSecretsProductEnabled: true,
  maxSharedSecretLifetime: 2_592_000,
  maxSharedSecretViewLimit: null,
}

const present = (organization: organizations.Organization): z.input<typeof Organization> => ({
  ...alike,
  id: organization.id,
  name: organization.name,
  slug: organization.slug,
  createdAt: organization.created_at.toISOString(),
  updatedAt: organization.updated_at.toISOString(),
  defaultMembershipRole: organization.default_role,
  enforceMfa: organization.enforces_mfa,
  shouldUseNewPrivilegeSystem: organization.uses_new_privilege_system,
  userTokenExpiration: organization.user_token_expiration,
})

const tags: [string] = ["Organizations"]
const params = z.object({ organizationId: idParam("The ID of the organization.") })
const name = displayName("Name", 64).describe("The name of the organization.")
const absent = "Can only be false: there is none yet."

export const organizationEndpoints = [
  endpoint("listOwnOrganizations", "GET /api/v1/organization", {
    summary: "List the organizations that you have joined",
    tags,
    access: "signedIn",
    callers: ["user"],
    // Which one to select is to be known before the code is asked for.
    beforeSecondFactor: true,
    result: z.object({ organizations: z.array(OwnOrganization) }),
    handle: async (ctx) => ({
      organizations: (await organizations.listOwnOrganizations(ctx)).map((organization) => ({
        ...present(organization),
        orgAuthMethod: "email",
        userRole: organization.role,
        userJoinedAt: organization.joined_at.toISOString(),
      })),
    }),
  }),

  endpoint("listAccessibleOrganizations", "GET /api/v1/organization/accessible-with-sub-orgs", {
    summary: "List the organizations that you have joined; none has organizations below it",
    tags,
    access: "signedIn",
    callers: ["user"],
    beforeSecondFactor: true,
    result: z.object({
      organizations: z.array(
        z.object({ id: uuid, name: z.string(), slug: z.string(), subOrganizations: z.array(z.unknown()) }),
      ),
    }),
    handle: async (ctx) => ({
      organizations: (await organizations.listOwnOrganizations(ctx)).map(({ id, name, slug }) => ({
        id,
        name,
        slug,
        subOrganizations: [],
      })),
    }),
  }),

  endpoint("listMyOrganizations", "GET /api/v2/users/me/organizations", {
    summary: "List the organizations that you have joined, without your place in them",
    tags,
    access: "signedIn",
    callers: ["user"],
    result: z.object({ organizations: z.array(Organization) }),
    handle: async (ctx) => ({ organizations: (await organizations.listOwnOrganizations(ctx)).map(present) }),
  }),

  endpoint("getOrganization", "GET /api/v1/organization/{organizationId}", {
    summary: "Get the organization",
    tags,
    access: { organization: ["read", "settings"] },
    callers: ["user"],
    params,
    result: z.object({ organization: Organization }),
    handle: async (ctx, { params }) => ({
      organization: present(await organizations.getOwnOrganization(ctx, params.organizationId)),
    }),
  }),

  endpoint("updateOrganization", "PATCH /api/v1/organization/{organizationId}", {
    summary: "Change the name, slug or settings of the organization",
    tags,
    access: { organization: ["edit", "settings"] },
    callers: ["user"],
    params,
    body: z.object({
      name: name.optional(),
      slug: slug(1, 64).optional().describe("The slug of the organization, unique on the instance."),
      defaultMembershipRoleSlug: z
        .string()
        .trim()
        .min(1)
        .max(64)
        .optional()
        .describe("The role of members who are added without one."),
      enforceMfa: flag.optional().describe("Members need a second factor to select the organization."),
      userTokenExpiration: z
        .string()
        .regex(/^[1-9]\d{0,4}[mhdw]$/, "Token expiration must be a number and m, h, d or w, such as 12h")
        .optional()
        .describe("Shortens the lifetime of people's tokens for the organization."),
      scimEnabled: flag.optional().describe(absent),
      authEnforced: flag.optional().describe(absent),
      googleSsoAuthEnforced: flag.optional().describe(absent),
      bypassOrgAuthEnabled: flag.optional().describe(absent),
    }),
    result: z.object({ message: z.string(), organization: Organization }),
    async handle(ctx, { params, body }) {
      const { name, slug, defaultMembershipRoleSlug, enforceMfa, userTokenExpiration, ...fixed } = body
      const settings = { name, slug, defaultMembershipRoleSlug, enforceMfa, userTokenExpiration }
      const changed = await organizations.updateOrganization(ctx, params.organizationId, { settings, fixed })
      return { message: "The organization has been changed", organization: present(changed) }
    },
  }),

  endpoint("createOrganization", "POST /api/v2/organizations", {
    summary: "Create an organization, of which you become the admin",
    tags,
    access: "signedIn",
    callers: ["user"],
    body: z.object({ name }),
    result: z.object({ organization: Organization }),
    handle: async (ctx, { body }) => ({
      organization: present(await organizations.createOrganization(ctx, body.name)),
    }),
  }),

  endpoint("upgradePrivilegeSystem", "POST /api/v2/organizations/privilege-system-upgrade", {
    summary: "Let grants be judged by named actions, in place of comparing roles; there is no way back",
    tags,
    access: { organization: ["edit", "settings"] },
    callers: ["user"],
    result: z.object({ organization: Organization }),
    handle: async (ctx) => ({ organization: present(await organizations.upgradePrivilegeSystem(ctx)) }),
  }),

  endpoint("deleteOrganization", "DELETE /api/v2/organizations/{organizationId}", {
    summary: "Delete the organization with all that belongs to it; its audit log is kept",
    tags,
    access: { organization: ["delete", "settings"] },
    callers: ["user"],
    params,
    answers: "credential",
    result: z.object({ organization: Organization, accessToken: z.string() }),
    async handle(ctx, { params }) {
      const { organization, accessToken } = await deletion.deleteOrganization(ctx, params.organizationId)
      return { organization: present(organization), accessToken }
    },
  }),
]
