import { randomUUID } from "node:crypto"
import { codeHashOf } from "../users/email-codes.ts"
import type { Make } from "./access-cases.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"

const password = "correct horse battery staple"
let made = 0
const fresh = (what: string): string => `${what}-${++made}`
const freshAddress = (): string => `${fresh("secretive")}@example.com`

async function freshPerson(harness: Harness, organization: people.Organization) {
  const email = freshAddress()
  return { email, token: await people.addPerson(harness, organization, { email }) }
}

/** Opens a code for a person as if it had been mailed; returns it. */
export async function mailedCode(
  { db, server }: Harness,
  email: string,
  { purpose, address = email }: { purpose: "password-reset" | "email-change" | "sign-up"; address?: string },
): Promise<string> {
  const code = fresh("code")
  const { id } = await db
    .selectFrom("users")
    .select("id")
    .where("username", "=", email)
    .executeTakeFirstOrThrow()
  const expires_at = new Date(Date.now() + 60_000)
  const code_hash = codeHashOf(server.services, purpose, code)
  await db
    .insertInto("email_codes")
    .values({ user_id: id, id: randomUUID(), purpose, address, code_hash, expires_at })
    .execute()
  return code
}

/** The lines of the table of cases for passwords and addresses. Each changes an account of its own. */
export const passwordCases: Record<string, Make> = {
  async changePassword(harness, organization) {
    const { token } = await freshPerson(harness, organization)
    return { token, body: { currentPassword: password, password: "another long password" } }
  },
  requestPasswordReset: async (_harness, { adminUsername }) => ({ body: { email: adminUsername } }),
  async verifyPasswordReset(harness, organization) {
    const { email } = await freshPerson(harness, organization)
    return { body: { email, code: await mailedCode(harness, email, { purpose: "password-reset" }) } }
  },
  async resetPassword(harness, organization) {
    const { email } = await freshPerson(harness, organization)
    const body = { email, code: await mailedCode(harness, email, { purpose: "password-reset" }) }
    const route = "POST /api/v1/password/email/password-reset-verify"
    const { token } = people.ok(await harness.call(route, { body }))
    return { token, body: { password: "another long password" } }
  },
  async requestMyEmail(harness, organization) {
    const { token } = await freshPerson(harness, organization)
    return { token, body: { newEmail: freshAddress(), password } }
  },
  async updateMyEmail(harness, organization) {
    const { email, token } = await freshPerson(harness, organization)
    const address = freshAddress()
    const otpCode = await mailedCode(harness, email, { purpose: "email-change", address })
    return { token, body: { newEmail: address, otpCode } }
  },
}
