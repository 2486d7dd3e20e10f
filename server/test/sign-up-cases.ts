import type { Make } from "./access-cases.ts"
import type { Harness } from "./harness.ts"
import { mailedCode } from "./password-cases.ts"
import * as people from "./people.ts"

const password = "correct horse battery staple"
let made = 0
const freshAddress = (): string => `newcomer-${++made}@example.com`

/** What completes the account of a new invitation. */
async function freshInvitation(harness: Harness, organization: people.Organization) {
  const invitation = await people.invite(harness, organization, freshAddress())
  const { token } = people.ok(await harness.call("POST /api/v1/invite-org/verify", { body: invitation }))
  return { token, body: { email: invitation.email, firstName: "Grace", lastName: "Hopper", password } }
}

/** The lines of the table of cases for sign-ups. */
export const signUpCases: Record<string, Make> = {
  requestSignUp: async () => ({ body: { email: freshAddress() } }),
  async verifySignUp(harness, organization) {
    const { email } = await people.invite(harness, organization, freshAddress())
    return { body: { email, code: await mailedCode(harness, email, { purpose: "sign-up" }) } }
  },
  async completeAccount(harness, organization) {
    const { token, body } = await freshInvitation(harness, organization)
    return { token, body: { ...body, type: "email", organizationName: "Not for who was invited" } }
  },
  async completeSignedUpAccount(harness, organization) {
    const { token, body } = await freshInvitation(harness, organization)
    return { token, body: { ...body, organizationName: "Not for who was invited" } }
  },
  completeInvitedAccount: freshInvitation,
}
