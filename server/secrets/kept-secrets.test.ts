import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { startTwoServers } from "../test/two-servers.ts"

const { left, right, sql, acme } = await startTwoServers()
const admin = (body?: object) => ({ token: acme.token, body })
const { project } = people.ok(await left.call("POST /api/v1/projects", admin({ projectName: "Kept" })))
const inProject = `/api/v1/projects/${project.id}`
const base = { projectId: project.id, environment: "dev", secretPath: "/" }
const permissions = [{ subject: "secrets", action: ["describeSecret"] }]
const namesOnly = { slug: "names-only", name: "Names only", permissions }
people.ok(await left.call(`POST ${inProject}/roles`, admin(namesOnly)))
const ada = { usernames: ["ada@example.com"], roleSlugs: ["admin"] }
people.ok(await left.call(`POST ${inProject}/memberships`, admin(ada)))

async function reader(role: string): Promise<{ id: string; token: string }> {
  const identity = await people.addIdentity(left, acme, "no-access")
  const route = `POST ${inProject}/memberships/identities/${identity.id}` as const
  people.ok(await left.call(route, admin({ roles: [{ role }] })))
  return identity
}
const changing = await reader("viewer")
const readers = {
  admin: acme.token,
  person: acme.adminToken,
  changing: changing.token,
  "names-only": (await reader("names-only")).token,
}

const get = (server: typeof left, token: string, name: string, more: object = {}): Promise<Answer> =>
  server.call(`GET /api/v4/secrets/${name}?${new URLSearchParams({ ...base, ...more }).toString()}`, {
    token,
  })
const change = async (route: string, body: object): Promise<void> =>
  void people.ok(await left.call(route, { token: acme.adminToken, body: { ...base, ...body } }))
const idOf = async (name: string): Promise<string> => people.ok(await get(left, acme.token, name)).secret.id

/** How often a secret of this name was read by somebody, as the audit log knows it. */
async function reads(name: string, actorId: string): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(
    `select count(*) from audit_logs where event_type = 'get-secret' and event_metadata ->> 'secretKey' = $1
     and actor_id = $2`,
    [name, actorId],
  )
  return Number(rows[0]?.count)
}

/** On both servers each reader is answered what a look-up by the ID, which is never kept, says now. */
async function assertFresh(names: string[], when: string): Promise<void> {
  for (const name of names) {
    const id = await idOf(name)
    for (const [who, token] of Object.entries(readers)) {
      for (const viewSecretValue of ["true", "false"]) {
        const query = new URLSearchParams({ viewSecretValue }).toString()
        const fresh = await left.call(`GET /api/v4/secrets/id/${id}?${query}`, { token })
        for (const [index, server] of [left, right, left, right].entries()) {
          const answer = await get(server, token, name, { viewSecretValue })
          const found = [answer.status, answer.body.secret, answer.body.message]
          const expected = [fresh.status, fresh.body.secret, fresh.body.message]
          assert.deepEqual(found, expected, `${name} to ${who}, ${when}, ${index}`)
        }
      }
    }
  }
}

describe("a secret that was asked for before", () => {
  test("is answered as it is now on both servers, to each as they may see it", async () => {
    const tag = { token: acme.token, body: { slug: "red", color: "#f00" } }
    const red = people.ok(await left.call(`POST ${inProject}/tags`, tag)).tag
    await change("POST /api/v4/secrets/ONE", { secretValue: "1", tagIds: [red.id] })
    await change("POST /api/v4/secrets/TWO", { secretValue: "${ONE}" })
    const tagRoute = `${inProject}/tags/${red.id}`
    const changes: Record<string, () => Promise<unknown>> = {
      nothing: () => Promise.resolve(),
      "a new value": () => change("PATCH /api/v4/secrets/ONE", { secretValue: "one" }),
      "a comment": () => change("PATCH /api/v4/secrets/ONE", { secretComment: "what for" }),
      "hidden metadata": () =>
        change("PATCH /api/v4/secrets/ONE", {
          secretMetadata: [{ key: "k", value: "v", isEncrypted: true }],
        }),
      "a tag of another name": () =>
        left.call(`PATCH ${tagRoute}`, { token: acme.token, body: { slug: "green", color: "#0f0" } }),
      "a tag that is gone": () => left.call(`DELETE ${tagRoute}`, { token: acme.token }),
      "the value from before": () => change("PATCH /api/v4/secrets/ONE", { secretValue: "1" }),
      "another role": () =>
        left.call(`PATCH ${inProject}/memberships/identities/${changing.id}`, {
          token: acme.token,
          body: { roles: [{ role: "names-only" }] },
        }),
    }
    for (const [when, make] of Object.entries(changes)) {
      await make()
      await assertFresh(["ONE", "TWO"], when)
    }
  })

  test("has the values of now in place of references", async () => {
    for (const value of ["first", "second"]) {
      await change("PATCH /api/v4/secrets/ONE", { secretValue: value })
      for (const server of [left, right, left, right]) {
        const { secret } = people.ok(await get(server, acme.token, "TWO", { expandSecretReferences: "true" }))
        assert.equal(secret.secretValue, value)
      }
    }
  })

  test("is never kept with the value of another one, whatever its own value becomes", async () => {
    const expanded = async (server: typeof left): Promise<string> =>
      people.ok(await get(server, acme.token, "THREE", { expandSecretReferences: "true" })).secret.secretValue
    await change("POST /api/v4/secrets/THREE", { secretValue: "plain" })
    const steps: [value: string, found: string][] = [
      ["plain", "plain"],
      ["is ${ONE}", "is second"],
      ["is ${FOUR}", "is ${FOUR}"],
      ["plain again", "plain again"],
    ]
    for (const [value, found] of steps) {
      await change("PATCH /api/v4/secrets/THREE", { secretValue: value })
      for (const server of [left, right, left, right]) assert.equal(await expanded(server), found)
    }
    await change("PATCH /api/v4/secrets/THREE", { secretValue: "is ${FOUR}" })
    assert.equal(await expanded(left), "is ${FOUR}")
    await change("POST /api/v4/secrets/FOUR", { secretValue: "there now" })
    for (const server of [left, right, left, right]) assert.equal(await expanded(server), "is there now")
    const { secret } = people.ok(await get(left, acme.token, "THREE"))
    assert.equal(secret.secretValue, "is ${FOUR}")
  })

  test("is the caller's own where that is asked for", async () => {
    await change("POST /api/v4/secrets/ONE", { secretValue: "mine", type: "personal" })
    for (const server of [left, right, left, right]) {
      for (const [type, value] of [
        ["shared", "second"],
        ["personal", "mine"],
      ] as const) {
        const { secret } = people.ok(await get(server, acme.adminToken, "ONE", { type }))
        assert.deepEqual([secret.type, secret.secretValue], [type, value])
      }
    }
  })

  test("is recorded each time, and refused to who left and once it is gone, on both servers", async () => {
    const leaving = await reader("viewer")
    for (let time = 1; time <= 4; time++) {
      people.ok(await get(time % 2 === 0 ? left : right, leaving.token, "TWO"))
      assert.equal(await reads("TWO", leaving.id), time)
    }
    const route = `DELETE ${inProject}/memberships/identities/${leaving.id}` as const
    people.ok(await left.call(route, { token: acme.token }))
    for (const server of [left, right]) {
      assert.equal((await get(server, leaving.token, "TWO")).status, 403)
    }
    assert.equal(await reads("TWO", leaving.id), 4)
    await change("DELETE /api/v4/secrets/TWO", {})
    for (const server of [left, right]) {
      assert.equal((await get(server, acme.token, "TWO")).status, 404)
    }
  })
})
