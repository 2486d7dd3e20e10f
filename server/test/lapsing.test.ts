import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import * as people from "./people.ts"
import { startTwoServers } from "./two-servers.ts"

/*
 * A membership that is over gives nothing more, whatever was kept of it in whichever process, and although nobody has
 * touched its row: there is nothing that has to run for it to end.
 */
const { left, right, sql, acme } = await startTwoServers()
const admin = (body?: object) => ({ token: acme.token, body })
const { project } = people.ok(await left.call("POST /api/v1/projects", admin({ projectName: "Lapsing" })))
const group = people.ok(await left.call("POST /api/v1/groups", admin({ name: "Readers" })))
const inProject = `/api/v1/projects/${project.id}/memberships/groups/${group.id}` as const
people.ok(await left.call(`POST ${inProject}`, admin({ roles: [{ role: "admin" }] })))
const base = { projectId: project.id, environment: "dev", secretPath: "/" }
people.ok(await left.call("POST /api/v4/secrets/KEPT", admin({ ...base, secretValue: "value" })))

const machine = await people.addIdentity(left, acme, "no-access")
const person = await people.addPerson(left, acme, { email: "shift@example.com", role: "no-access" })
const query = new URLSearchParams(base).toString()
const routes = [`GET /api/v4/secrets/KEPT?${query}`, `GET /api/v4/secrets?${query}`]

/** How each of the tokens is answered by each of the servers, once it may have kept something and once more. */
async function statuses(tokens: readonly string[]): Promise<number[]> {
  const found = new Set<number>()
  for (const token of tokens)
    for (const server of [left, right, left, right])
      for (const route of routes) found.add((await server.call(route, { token })).status)
  return [...found]
}
const rows = async () => {
  const tables = ["group_user_memberships", "group_identity_memberships"]
  const each = tables.map((table) =>
    sql.query<{ xmin: string; is_closed: boolean; is_over: boolean }>(
      `select xmin, is_closed, valid_until <= now() as is_over from ${table} where group_id = $1`,
      [group.id],
    ),
  )
  const found: { xmin: string; is_closed: boolean; is_over: boolean }[] = []
  for (const answer of each) found.push(...(await answer).rows)
  return found
}

test("what a membership gave ends with it, for people and machine identities, in every process", async () => {
  const tokens = [machine.token, person]
  assert.deepEqual(await statuses(tokens), [403])
  const until = Date.now() + 6_000
  const body = { until: new Date(until).toISOString() }
  const inGroup = `/api/v1/groups/${group.id}`
  people.ok(await left.call(`POST ${inGroup}/users/shift@example.com`, admin(body)))
  people.ok(await left.call(`POST ${inGroup}/machine-identities/${machine.id}`, admin(body)))
  const before = await rows()
  assert.deepEqual(await statuses(tokens), [200])
  const scopes = [{ environment: "dev", secretPath: "/" }]
  const asked = { name: "Stays", workspaceId: project.id, scopes, permissions: ["read"], expiresIn: null }
  const made = await left.call("POST /api/v2/service-token", { token: person, body: asked })
  const { serviceToken } = people.ok(made)
  assert.ok(Date.now() < until, "this machine was too slow to look before the end")

  await sleep(until - Date.now() + 50)
  assert.deepEqual(await statuses(tokens), [403])
  const after = await rows()
  assert.deepEqual(
    after.map(({ xmin }) => xmin),
    before.map(({ xmin }) => xmin),
  )
  assert.deepEqual(new Set(after.map((row) => `${row.is_closed} ${row.is_over}`)), new Set(["false true"]))
  // A service token stands for nobody, whoever has made it.
  assert.deepEqual(await statuses([serviceToken]), [200])
})
