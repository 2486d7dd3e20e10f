import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { InfisicalSDK } from "@infisical/sdk"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"

const sdk = () => new InfisicalSDK({ siteUrl: server.address })

/** A machine identity with universal auth whose tokens may be renewed for two hours. */
async function credentials() {
  const { id } = await people.addIdentity(server, organization, "member")
  const settings = { accessTokenTTL: 3600, accessTokenMaxTTL: 7200 }
  return { id, ...(await people.addClientSecret(server, organization, id, { settings })) }
}

const identityOf = async (token: string | null) =>
  people.ok(await server.call("GET /api/v1/identities/details", { token: token ?? "" }))

describe("@infisical/sdk 5", () => {
  test("logs in by universal auth, and its token is good", async () => {
    const { clientId, clientSecret } = await credentials()
    const client = await sdk().auth().universalAuth.login({ clientId, clientSecret })
    const { identityDetails } = await identityOf(client.auth().getAccessToken())
    assert.equal(identityDetails.organization.id, organization.id)
  })

  test("renews its token", async () => {
    const { clientId, clientSecret } = await credentials()
    const client = await sdk().auth().universalAuth.login({ clientId, clientSecret })
    const renewed = await client.auth().universalAuth.renew()
    await identityOf(renewed.auth().getAccessToken())
  })

  test("is told when its token has no time left to be renewed for", async () => {
    // Made with the lifetime that is also its maximum.
    const { token } = await people.addIdentity(server, organization, "member")
    await assert.rejects(sdk().auth().accessToken(token).auth().universalAuth.renew(), {
      message: /\[StatusCode=401\] Your access token cannot be renewed any more: sign in again$/,
    })
  })

  test("tells what the server said when it is refused", async () => {
    const { clientId } = await credentials()
    const answer = await server.call("POST /api/v1/auth/universal-auth/login", {
      body: { clientId, clientSecret: "wrong" },
    })
    assert.ok(answer.status >= 400)
    await assert.rejects(sdk().auth().universalAuth.login({ clientId, clientSecret: "wrong" }), {
      name: "InfisicalSDKRequestError",
      message:
        `[URL=${server.address}/api/v1/auth/universal-auth/login] [Method=POST] [StatusCode=${answer.status}] ` +
        answer.body.message,
    })
    // It looks for a text, and what is wrong with a body is told as a list, as the API has it.
    const malformed = { clientId, clientSecret: 7 as unknown as string }
    await assert.rejects(sdk().auth().universalAuth.login(malformed), {
      name: "InfisicalSDKError",
      message: "Request failed with status 422",
    })
  })
})
