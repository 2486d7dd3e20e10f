import type { Make } from "./access-cases.ts"
import { codeOf } from "./authenticator.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"

let made = 0
const freshAddress = (): string => `account-${++made}@example.com`

/** A newly registered authenticator, in place of any; returns its URL. */
async function freshTotp(harness: Harness, token: string): Promise<string> {
  await harness.call("DELETE /api/v1/user/me/totp", { token })
  return people.ok(await harness.call("POST /api/v1/user/me/totp/register", { token })).otpUrl
}

/** A person whose second factor is due, and a recovery code of theirs. */
async function due(harness: Harness, organization: people.Organization) {
  const factor = await people.addSecondFactor(harness, organization, freshAddress())
  return {
    mfaToken: await people.select(harness, factor.signedInToken, organization.id),
    recoveryCode: factor.recoveryCodes[0] ?? "",
  }
}

/** The lines of the table of cases for what people do with their own accounts. */
export const accountCases: Record<string, Make> = {
  getTotp: async (harness, { signedInToken }) => {
    await freshTotp(harness, signedInToken)
    return {}
  },
  async registerTotp(harness, { signedInToken }) {
    await harness.call("DELETE /api/v1/user/me/totp", { token: signedInToken })
    return {}
  },
  verifyTotp: async (harness, { signedInToken }) => ({
    body: { totp: codeOf(await freshTotp(harness, signedInToken)) },
  }),
  async renewTotpRecoveryCodes(harness, { signedInToken }) {
    const totp = codeOf(await freshTotp(harness, signedInToken))
    const verified = await harness.call("POST /api/v1/user/me/totp/verify", {
      token: signedInToken,
      body: { totp },
    })
    people.ok(verified)
    return {}
  },
  async removeTotp(harness, { signedInToken }) {
    await freshTotp(harness, signedInToken)
    return {}
  },
  setMfa: async () => ({ body: { isMfaEnabled: false, selectedMfaMethod: "totp" } }),
  checkTotp: async (harness, organization) => ({ token: (await due(harness, organization)).mfaToken }),
  sendMfaCode: async (harness, organization) => ({ token: (await due(harness, organization)).mfaToken }),
  async verifyMfa(harness, organization) {
    const { mfaToken, recoveryCode } = await due(harness, organization)
    return { token: mfaToken, body: { mfaToken: recoveryCode, mfaMethod: "totp" } }
  },
}
