import type { Make } from "./access-cases.ts"
import { freshIdentity } from "./identity-cases.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"

let made = 0

/** Somebody with an account, who is in the organization only. */
async function freshUser(harness: Harness, organization: people.Organization): Promise<string> {
  const email = `managed-${++made}@example.com`
  const token = await people.accept(harness, await people.invite(harness, organization, email))
  const { userId } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    userId: string
  }
  return userId
}

/** The lines of the table of cases for those who administer the instance. */
export const adminCases: Record<string, Make> = {
  getInstanceConfig: async () => ({}),
  updateInstanceConfig: async () => ({ body: { allowSignUp: true, allowedSignUpDomain: "" } }),
  listInstanceUsers: async () => ({}),
  deleteInstanceUser: async (harness, organization) => ({
    path: { userId: await freshUser(harness, organization) },
  }),
  grantInstanceAdmin: async (harness, organization) => ({
    path: { userId: await freshUser(harness, organization) },
  }),
  revokeInstanceAdmin: async (harness, organization) => ({
    path: { userId: await freshUser(harness, organization) },
  }),
  listInstanceIdentities: async () => ({}),
  grantInstanceAdminToIdentity: async (harness, organization) => ({
    path: { identityId: await freshIdentity(harness, organization) },
  }),
  revokeInstanceAdminFromIdentity: async (harness, organization) => ({
    path: { identityId: await freshIdentity(harness, organization) },
  }),
  revokeSuperAdminFromIdentity: async (harness, organization) => ({
    path: { identityId: await freshIdentity(harness, organization) },
  }),
  listInstanceOrganizations: async () => ({}),
}
