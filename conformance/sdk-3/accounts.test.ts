import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { codeOf } from "../../server/test/authenticator.ts"
import * as people from "../../server/test/people.ts"
import { organization, password, server } from "../instance.ts"
import { generatedClient, refusal } from "./client.ts"
import { keyMaterial } from "./key-material.ts"

const as = (token?: string, headers?: Record<string, string>) =>
  generatedClient(server.address, token, headers)
const { id: organizationId } = organization

/** A member with an account, and a token without an organization. */
const newcomer = async (email: string): Promise<string> =>
  people.accept(server, await people.invite(server, organization, email))

describe("invitations, by the generated client", () => {
  test("are made, sent again, shown, and accepted by completing the account", async () => {
    const email = "katherine@example.com"
    const api = as(organization.token)
    const request = { inviteeEmails: [email], organizationId, organizationRoleSlug: "member" }
    const made = (await api.apiV1InviteOrgSignupPost({ apiV1InviteOrgSignupPostRequest: request })).data
    assert.deepEqual(
      made.completeInviteLinks?.map((link) => link.email),
      [email],
    )
    const membershipId = await people.membershipIdOf(server, organization, email)
    const again = (
      await api.apiV1InviteOrgSignupResendPost({ apiV1InviteOrgSignupResendPostRequest: { membershipId } })
    ).data
    const code = new URL(again.signupToken?.link ?? "").searchParams.get("token") ?? ""

    const shown = { apiV1InviteOrgVerifyPostRequest: { email, organizationId, code } }
    const { token, user } = (await as().apiV1InviteOrgVerifyPost(shown)).data
    assert.deepEqual([user.username, user.isAccepted], [email, false])
    const account = { email, password, firstName: "Katherine", lastName: "Johnson", ...keyMaterial }
    const completed = await as(token).apiV3SignupCompleteAccountInvitePost({
      apiV3SignupCompleteAccountInvitePostRequest: account,
    })
    assert.deepEqual([completed.data.user.firstName, completed.data.user.isAccepted], ["Katherine", true])
    const wrong = { apiV1InviteOrgVerifyPostRequest: { email, organizationId, code: "0".repeat(32) } }
    assert.equal((await refusal(as().apiV1InviteOrgVerifyPost(wrong))).status, 400)
  })
})

describe("accounts, by the generated client", () => {
  test("an organization is chosen, and the account is read and changed", async () => {
    const signedIn = await newcomer("alan@example.com")
    const { token, isMfaEnabled } = (
      await as(signedIn).apiV3AuthSelectOrganizationPost({
        apiV3AuthSelectOrganizationPostRequest: { organizationId },
      })
    ).data
    assert.equal(isMfaEnabled, false)
    const api = as(token)
    assert.equal((await api.apiV1AuthCheckAuthPost()).data.message, "Authenticated")
    const { user } = (await api.apiV1UserGet()).data
    assert.equal(user.username, "alan@example.com")
    assert.equal((await api.apiV2UsersMeGet()).data.user.id, user.id)
    const names = { firstName: "Alan", lastName: "Turing" }
    const renamed = (await api.apiV2UsersMeNamePatch({ apiV2UsersMeNamePatchRequest: names })).data.user
    assert.deepEqual([renamed.firstName, renamed.lastName], ["Alan", "Turing"])
    const methods = { apiV2UsersMeAuthMethodsPutRequest: { authMethods: ["email" as const] } }
    assert.deepEqual((await api.apiV2UsersMeAuthMethodsPut(methods)).data.user.authMethods, ["email"])
  })

  test("a session is renewed by its cookie and ended", async () => {
    await newcomer("annie@example.com")
    const { token, cookie } = await people.signInWithCookie(server, "annie@example.com")
    const sessions = (await as(token).apiV2UsersMeSessionsGet()).data
    assert.equal(sessions.length, 2)
    const renewed = (await as(undefined, { cookie }).apiV1AuthTokenPost()).data
    await as(renewed.token).apiV1AuthLogoutPost()
    assert.equal((await refusal(as(renewed.token).apiV1UserGet())).status, 401)

    const other = await people.signIn(server, "annie@example.com")
    await as(other).apiV2UsersMeSessionsDelete()
    assert.equal((await refusal(as(other).apiV1UserGet())).status, 404)
  })

  test("the password is changed when the present one is sent, too", async () => {
    const email = "mary@example.com"
    const api = as(await newcomer(email))
    const changed = { ...keyMaterial, clientProof: "", password: "another horse battery" }
    const withoutProof = api.apiV1PasswordChangePasswordPost({
      apiV1PasswordChangePasswordPostRequest: changed,
    })
    assert.equal((await refusal(withoutProof)).status, 422)
    const request = { ...changed, currentPassword: password }
    await api.apiV1PasswordChangePasswordPost({ apiV1PasswordChangePasswordPostRequest: request })
    const body = { email, password: changed.password }
    people.ok(await server.call("POST /api/v3/auth/login", { body }))
  })

  test("one is deleted by its holder", async () => {
    const token = await newcomer("leaving@example.com")
    const { user } = (await as(token).apiV2UsersMeDelete()).data
    assert.equal(typeof user.id, "string")
    assert.equal((await refusal(as(token).apiV1UserGet())).status, 404)
  })
})

test("the second factor is registered, used and removed by the generated client", async () => {
  const email = "dorothy@example.com"
  const api = as(await newcomer(email))
  const { otpUrl, recoveryCodes } = (await api.apiV1UserMeTotpRegisterPost()).data
  await api.apiV1UserMeTotpVerifyPost({ apiV1UserMeTotpVerifyPostRequest: { totp: codeOf(otpUrl) } })
  await api.apiV1UserMeTotpRecoveryCodesPost()
  const totp = (await api.apiV1UserMeTotpGet()).data
  assert.equal(totp.isVerified, true)
  assert.notDeepEqual(totp.recoveryCodes, recoveryCodes)
  const turnedOn = await api.apiV2UsersMeMfaPatch({
    apiV2UsersMeMfaPatchRequest: { isMfaEnabled: true, selectedMfaMethod: "totp" },
  })
  assert.equal(turnedOn.data.user.isMfaEnabled, true)

  const choice = { apiV3AuthSelectOrganizationPostRequest: { organizationId } }
  const signedIn = as(await people.signIn(server, email))
  const due = (await signedIn.apiV3AuthSelectOrganizationPost(choice)).data
  assert.deepEqual([due.isMfaEnabled, due.mfaMethod], [true, "totp"])
  const pending = as(due.token)
  assert.equal((await pending.apiV2AuthMfaCheckTotpGet()).data.isVerified, true)
  await pending.apiV2AuthMfaSendPost()
  const proved = await pending.apiV2AuthMfaVerifyPost({
    apiV2AuthMfaVerifyPostRequest: { mfaToken: totp.recoveryCodes[0] ?? "", mfaMethod: "totp" },
  })
  const member = as(proved.data.token)
  assert.equal((await member.apiV1UserGet()).data.user.username, email)
  await member.apiV1UserMeTotpDelete()
  assert.equal((await refusal(member.apiV1UserMeTotpGet())).status, 404)
})
