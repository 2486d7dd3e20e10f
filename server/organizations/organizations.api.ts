import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { displayName, timestamp, uuid } from "../http/fields.ts"
import * as organizations from "./organizations.ts"

const Organization = z.object({
  id: uuid,
  name: z.string(),
  customerId: z.string().nullable(),
  slug: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
  authEnforced: z.boolean(),
  scimEnabled: z.boolean(),
  defaultMembershipRole: z.string(),
  enforceMfa: z.boolean(),
  shouldUseNewPrivilegeSystem: z.boolean(),
})
const OwnOrganization = Organization.extend({
  orgAuthMethod: z.string(),
  userRole: z.string(),
  userJoinedAt: timestamp,
})

const present = (organization: organizations.Organization): z.input<typeof Organization> => ({
  id: organization.id,
  name: organization.name,
  customerId: null,
  slug: organization.slug,
  createdAt: organization.created_at.toISOString(),
  updatedAt: organization.updated_at.toISOString(),
  authEnforced: false,
  scimEnabled: false,
  defaultMembershipRole: organization.default_role,
  enforceMfa: false,
  shouldUseNewPrivilegeSystem: organization.uses_new_privilege_system,
})

const tags: [string] = ["Organizations"]

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

  endpoint("listMyOrganizations", "GET /api/v2/users/me/organizations", {
    summary: "List the organizations that you have joined, without your place in them",
    tags,
    access: "signedIn",
    callers: ["user"],
    result: z.object({ organizations: z.array(Organization) }),
    handle: async (ctx) => ({ organizations: (await organizations.listOwnOrganizations(ctx)).map(present) }),
  }),

  endpoint("createOrganization", "POST /api/v2/organizations", {
    summary: "Create an organization, of which you become the admin",
    tags,
    access: "signedIn",
    callers: ["user"],
    body: z.object({ name: displayName("Name", 64).describe("The name of the organization.") }),
    result: z.object({ organization: Organization }),
    handle: async (ctx, { body }) => ({
      organization: present(await organizations.createOrganization(ctx, body.name)),
    }),
  }),
]
