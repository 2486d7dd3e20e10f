import assert from "node:assert/strict"
import { after, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { startStdioServer } from "./stdio.ts"

/*
 * Infisical's MCP server, by which an assistant works with secrets, over stdio as an assistant runs it: every tool that
 * it lists is called.
 */
const script = "@infisical/mcp/dist/index.js"
const identity = await people.addIdentity(server, organization, "admin")
const { clientId, clientSecret } = await people.addClientSecret(server, organization, identity.id)
const byUniversalAuth = {
  INFISICAL_AUTH_METHOD: "universal-auth",
  INFISICAL_UNIVERSAL_AUTH_CLIENT_ID: clientId,
  INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET: clientSecret,
  INFISICAL_HOST_URL: server.address,
}
const byToken = {
  INFISICAL_AUTH_METHOD: "access-token",
  INFISICAL_TOKEN: identity.token,
  INFISICAL_HOST_URL: server.address,
}
const mcp = await startStdioServer(script, byUniversalAuth)
after(() => mcp.stop())

const called = new Set<string>()
/** What a tool answers: JSON, behind a sentence or alone. */
async function use(
  name: string,
  parameters: object,
  by = mcp,
): Promise<any /* eslint-disable-line typescript/no-explicit-any */> {
  called.add(name)
  const result = await by.request("tools/call", { name, arguments: parameters })
  const [{ text = "" } = {}] = result["content"] as { text?: string }[]
  const from = text.search(/[[{]/)
  return from < 0 ? text : JSON.parse(text.slice(from))
}

test("@infisical/mcp 0.0.24: every tool", async () => {
  const project = await use("create-project", { projectName: "Of an assistant", type: "secret-manager" })
  const projectId = project.id as string
  const environment = await use("create-environment", { projectId, name: "Quality", slug: "qa", position: 1 })
  assert.deepEqual([environment.slug, environment.position], ["qa", 1])
  const at = { projectId, environmentSlug: "qa" }
  const folder = await use("create-folder", { projectId, environment: "qa", name: "deep" })
  assert.deepEqual([folder.name, folder.envId], ["deep", environment.id])

  const made = await use("create-secret", { ...at, secretName: "TOKEN", secretValue: "one" })
  assert.deepEqual([made.secretKey, made.secretValue, made.version], ["TOKEN", "one", 1])
  const changed = await use("update-secret", { ...at, secretName: "TOKEN", secretValue: "two" })
  assert.equal(changed.version, 2)
  await use("create-secret", { ...at, secretName: "BELOW", secretPath: "/deep", secretValue: "below" })
  assert.equal((await use("get-secret", { ...at, secretName: "TOKEN" })).secretValue, "two")
  for (const [secretPath, secretKey, secretValue] of [
    ["/", "TOKEN", "two"],
    ["/deep", "BELOW", "below"],
  ]) {
    const listed = await use("list-secrets", { ...at, secretPath })
    assert.deepEqual(listed, { secrets: [{ secretKey, secretValue }], imports: [] })
  }
  const deleted = await use("delete-secret", { ...at, secretName: "TOKEN" })
  assert.equal(deleted, "Secret deleted successfully: TOKEN")
  await assert.rejects(use("get-secret", { ...at, secretName: "TOKEN" }), /StatusCode=404/)

  const members = { projectId, emails: [organization.adminUsername], roleSlugs: ["viewer"] }
  const memberships = (await use("invite-members-to-project", members)) as { projectId: string }[]
  assert.deepEqual(
    memberships.map((each) => each.projectId),
    [projectId],
  )
  const projects = (await use("list-projects", { type: "all" })) as { id: string; environments: object[] }[]
  assert.equal(projects.find(({ id }) => id === projectId)?.environments.length, 4)

  const { tools } = await mcp.request("tools/list")
  assert.deepEqual((tools as { name: string }[]).map(({ name }) => name).toSorted(), [...called].toSorted())
})

test("@infisical/mcp 0.0.24, by an access token", async () => {
  const own = await startStdioServer(script, byToken)
  try {
    const projects = (await use("list-projects", {}, own)) as { orgId: string }[]
    assert.ok(projects.every(({ orgId }) => orgId === organization.id))
  } finally {
    await own.stop()
  }
})
