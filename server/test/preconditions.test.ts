import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { endpoints } from "../endpoints.ts"
import type { Endpoint } from "../http/endpoint.ts"
import { adminTokenFor, caseOf, createWorld, send, type Request } from "./access-cases.ts"
import { watchChanges } from "./changes.ts"
import { startHarness } from "./harness.ts"
import * as people from "./people.ts"

const harness = await startHarness()
const { acme } = await createWorld(harness)
const changes = await watchChanges(harness.db)
const conditional = endpoints.filter(({ ifMatch }) => ifMatch !== undefined)

/** Where what the request changes is read, with its tag. */
function placeOf({ path }: Endpoint, request: Request): string {
  const { id, roleId, projectId, workspaceId, slug } = request.path ?? {}
  if (roleId)
    return path.startsWith("/api/v1/organization/")
      ? `organization/roles/${roleId}`
      : `projects/roles/${roleId}`
  if (path.endsWith("/membership-settings")) return `groups/${id}/membership-settings`
  if (id) return `groups/${id}`
  return slug ? `projects/slug/${slug}` : `projects/${projectId ?? workspaceId}`
}

const read = (place: string) => harness.call(`GET /api/v1/${place}`, { token: acme.token })
async function tagAt(place: string): Promise<string> {
  const answer = await read(place)
  people.ok(answer)
  assert.match(String(answer.headers.etag), /^"[^"]+"$/)
  return String(answer.headers.etag)
}

describe("with If-Match", () => {
  test("groups, roles and projects are changed and deleted", () => {
    assert.equal(conditional.length, 19)
    for (const { method, transaction } of conditional) assert.ok(method !== "GET" && transaction)
  })

  for (const endpoint of conditional) {
    test(`${endpoint.id} is done to the state that was read, and to no other`, async () => {
      const request = await caseOf(endpoint)(harness, acme)
      const token = adminTokenFor(endpoint, acme)
      const sendIf = (tag: string) =>
        send(harness, endpoint, { request, token, headers: { "if-match": tag } })
      const place = placeOf(endpoint, request)
      const tag = await tagAt(place)
      const before = await changes()
      for (const other of ['"another"', `W/${tag}`, tag.slice(1, -1), ""]) {
        const answer = await sendIf(other)
        assert.equal(answer.status, 412, answer.text)
        assert.equal(answer.body.error, "PreconditionFailed")
      }
      assert.deepEqual(await changes(), before)
      const done = await sendIf(`"another", ${tag}`)
      people.ok(done)
      if (endpoint.method === "DELETE") {
        const again = await sendIf(tag)
        assert.equal(again.status, 404, again.text)
        return
      }
      assert.equal(done.headers.etag, await tagAt(place))
      assert.notEqual(done.headers.etag, tag)
      assert.equal((await sendIf(tag)).status, 412)
      people.ok(await sendIf("*"))
    })
  }

  test("a change that is thought out on one state is made by one of many at once", async () => {
    const group = await people.addGroup(harness, acme, "Contended")
    const tag = await tagAt(`groups/${group.id}`)
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, index) =>
        harness.call(`PATCH /api/v1/groups/${group.id}`, {
          token: acme.token,
          body: { name: `Contended ${index}` },
          headers: { "if-match": tag },
        }),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    assert.equal(statuses.filter((status) => status === 200).length, 1)
    assert.equal(statuses.filter((status) => status === 412).length, 15)
  })

  test("nothing is done where it is not looked at", async () => {
    const before = await changes()
    const answer = await harness.call("POST /api/v1/groups", {
      token: acme.token,
      body: { name: "New", role: "no-access" },
      headers: { "if-match": "*" },
    })
    assert.equal(answer.status, 400, answer.text)
    assert.deepEqual(await changes(), before)
  })

  test("strangers and those without the right are turned away before", async () => {
    const group = await people.addGroup(harness, acme, "Guarded")
    const { token } = await people.addIdentity(harness, acme, "no-access")
    const body = { name: "Taken over" }
    const route = `PATCH /api/v1/groups/${group.id}`
    const headers = { "if-match": '"guess"' }
    assert.equal((await harness.call(route, { body, headers })).status, 401)
    assert.equal((await harness.call(route, { token, body, headers })).status, 403)
  })
})
