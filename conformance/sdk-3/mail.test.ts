import assert from "node:assert/strict"
import { test } from "node:test"
import * as people from "../../server/test/people.ts"
import { mailing, password } from "../instance.ts"
import { generatedClient, refusal } from "./client.ts"
import { keyMaterial } from "./key-material.ts"

const { server, mailTo } = mailing
const as = (token?: string) => generatedClient(server.address, token)

test("the generated client sets a server up by signing its admin up, once", async () => {
  const request = { email: "ada@example.com", password, firstName: "Ada", ...keyMaterial }
  const made = (await as().apiV1AdminSignupPost({ apiV1AdminSignupPostRequest: request })).data
  assert.deepEqual([made.user.username, made.user.superAdmin], ["ada@example.com", true])
  assert.equal((await as(made.token).apiV1UserGet()).data.user.id, made.user.id)
  const again = as().apiV1AdminSignupPost({ apiV1AdminSignupPostRequest: request })
  assert.equal((await refusal(again)).status, 400)
})

test("somebody signs up with a mailed code and gets an organization, by the generated client", async () => {
  const email = "grace@example.com"
  await as().apiV3SignupEmailSignupPost({ apiV1PasswordEmailPasswordResetPostRequest: { email } })
  const code = /^\d{6}$/m.exec((await mailTo(email)).text.replace(/\r/g, ""))?.[0] ?? ""
  const verified = await as().apiV3SignupEmailVerifyPost({
    apiV1PasswordEmailPasswordResetVerifyPostRequest: { email, code },
  })
  const account = { email, password, firstName: "Grace", organizationName: "Grace's", ...keyMaterial }
  const { token } = (
    await as(verified.data.token).apiV3SignupCompleteAccountSignupPost({
      apiV3SignupCompleteAccountSignupPostRequest: account,
    })
  ).data
  const { organizations } = (await as(token).apiV1OrganizationGet()).data
  assert.deepEqual(
    organizations.map(({ name }) => name),
    ["Grace's"],
  )
})

test("a forgotten password is replaced by a mailed link, by the generated client", async () => {
  const email = "ada@example.com"
  await as().apiV1PasswordEmailPasswordResetPost({ apiV1PasswordEmailPasswordResetPostRequest: { email } })
  const link = /https?:\/\/\S+/.exec((await mailTo(email)).text)?.[0] ?? ""
  const code = new URL(link).searchParams.get("token") ?? ""
  const { token, user } = (
    await as().apiV1PasswordEmailPasswordResetVerifyPost({
      apiV1PasswordEmailPasswordResetVerifyPostRequest: { email, code },
    })
  ).data
  assert.equal(user.username, email)
  const request = { ...keyMaterial, password: "another horse battery" }
  await as(token).apiV1PasswordPasswordResetPost({ apiV1PasswordPasswordResetPostRequest: request })
  const body = { email, password: request.password }
  people.ok(await server.call("POST /api/v3/auth/login", { body }))
})
