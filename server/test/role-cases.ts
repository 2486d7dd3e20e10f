import type { Make } from "./access-cases.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"

let made = 0
const fresh = (what: string): string => `${what}-${++made}`

async function freshRole(
  harness: Harness,
  { token }: people.Organization,
): Promise<{ id: string; slug: string }> {
  const body = { slug: fresh("role"), name: fresh("role"), permissions: [] }
  return people.ok(await harness.call("POST /api/v1/organization/roles", { token, body })).role
}

const roleBody = () => ({
  slug: fresh("role"),
  name: fresh("role"),
  description: "for a test",
  permissions: [{ subject: "groups", action: ["read"] }],
})

/** Requests about custom roles, see `cases` in access-cases.ts. */
export const roleCases: Record<string, Make> = {
  createOrganizationRole: async () => ({ body: roleBody() }),
  listOrganizationRoles: async () => ({}),
  getOrganizationRole: async (harness, organization) => ({
    path: { roleId: (await freshRole(harness, organization)).id },
  }),
  getOrganizationRoleBySlug: async (harness, organization) => ({
    path: { roleSlug: (await freshRole(harness, organization)).slug },
  }),
  updateOrganizationRole: async (harness, organization) => ({
    path: { roleId: (await freshRole(harness, organization)).id },
    body: roleBody(),
  }),
  deleteOrganizationRole: async (harness, organization) => ({
    path: { roleId: (await freshRole(harness, organization)).id },
  }),
  createRoleOfOrganization: async (_harness, { id }) => ({ path: { organizationId: id }, body: roleBody() }),
  listRolesOfOrganization: async (_harness, { id }) => ({ path: { organizationId: id } }),
  getRoleOfOrganization: async (harness, organization) => ({
    path: { organizationId: organization.id, roleId: (await freshRole(harness, organization)).id },
  }),
  updateRoleOfOrganization: async (harness, organization) => ({
    path: { organizationId: organization.id, roleId: (await freshRole(harness, organization)).id },
    body: roleBody(),
  }),
  deleteRoleOfOrganization: async (harness, organization) => ({
    path: { organizationId: organization.id, roleId: (await freshRole(harness, organization)).id },
  }),
}
