import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { InfisicalClient } from "infisical-sdk-2"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"

/*
 * The SDK that came before: a core in Rust, which other languages' SDKs of that time share. It sends a body along with
 * its reads, and decodes each secret as a whole.
 */
const identity = await people.addIdentity(server, organization, "admin")
const { clientId, clientSecret } = await people.addClientSecret(server, organization, identity.id)
const shared = { siteUrl: server.address, cacheTtl: 0 }
const client = new InfisicalClient({ ...shared, auth: { universalAuth: { clientId, clientSecret } } })

async function freshPlace() {
  const body = { projectName: "Of the core in Rust" }
  const answer = await server.call("POST /api/v1/projects", { token: identity.token, body })
  return { projectId: people.ok(answer).project.id as string, environment: "dev" }
}
const post = async (path: string, body: object) =>
  people.ok(await server.call(`POST ${path}`, { token: identity.token, body }))
const pairs = (secrets: { secretKey: string; secretValue: string }[]) =>
  secrets.map(({ secretKey, secretValue }) => [secretKey, secretValue])

describe("@infisical/sdk 2.3.5", () => {
  test("makes, reads, changes and deletes a secret", async () => {
    const at = await freshPlace()
    const named = { ...at, secretName: "TOKEN", path: "/" }
    const made = await client.createSecret({ ...named, secretValue: "one", secretComment: "why" })
    assert.deepEqual(
      [made.secretKey, made.secretValue, made.version, made.type],
      ["TOKEN", "one", 1, "shared"],
    )
    const read = await client.getSecret(named)
    assert.deepEqual(
      [read.secretValue, read.secretComment, read.environment, read.workspace],
      ["one", "why", "dev", at.projectId],
    )
    const changed = await client.updateSecret({ ...named, secretValue: "two" })
    assert.deepEqual([changed.secretValue, changed.version], ["two", 2])
    assert.equal((await client.deleteSecret(named)).secretKey, "TOKEN")
    await assert.rejects(client.getSecret(named), /TOKEN/)
  })

  test("lists secrets with references, imports and deeper folders, by an access token as well", async () => {
    const at = await freshPlace()
    await post("/api/v2/folders", { ...at, path: "/", name: "deep" })
    const staging = { ...at, environment: "staging" }
    await client.createSecret({ ...staging, secretName: "FAR", secretValue: "far" })
    await client.createSecret({ ...at, secretName: "NEAR", secretValue: "to ${staging.FAR}" })
    await client.createSecret({ ...at, secretName: "BELOW", secretValue: "below", path: "/deep" })
    await post("/api/v2/secret-imports", { ...at, path: "/", import: { environment: "staging", path: "/" } })
    const byToken = new InfisicalClient({ ...shared, auth: { accessToken: identity.token } })
    assert.deepEqual(pairs(await byToken.listSecrets(at)), [["NEAR", "to far"]])
    const raw = await client.listSecrets({ ...at, expandSecretReferences: false })
    assert.deepEqual(pairs(raw), [["NEAR", "to ${staging.FAR}"]])
    const all = await client.listSecrets({ ...at, includeImports: true, recursive: true })
    assert.deepEqual(Object.fromEntries(all.map(({ secretKey, secretPath }) => [secretKey, secretPath])), {
      NEAR: "/",
      BELOW: "/deep",
      FAR: "/",
    })
    const imported = await client.getSecret({ ...at, secretName: "FAR", includeImports: true })
    assert.equal(imported.secretValue, "far")
  })

  test("says what the server said when it is refused", async () => {
    const at = await freshPlace()
    const secret = { ...at, secretName: "TWICE", secretValue: "1" }
    await client.createSecret(secret)
    await assert.rejects(client.createSecret(secret), /There is a secret TWICE already/)
    const wrong = { universalAuth: { clientId, clientSecret: "wrong" } }
    await assert.rejects(
      new InfisicalClient({ ...shared, auth: wrong }).listSecrets(at),
      /Failed to authenticate: The client ID or the client secret is wrong/,
    )
  })
})
