import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import { addUserToGroup, misfits } from "./contract.ts"
import { startHarness } from "./harness.ts"
import type { Answer, Call } from "./http.ts"
import * as people from "./people.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const member = await people.addPerson(harness, acme, { email: "grace@example.com" })
const nobody = await people.addPerson(harness, acme, { email: "nobody@example.com", role: "no-access" })
const stranger = await people.addPerson(harness, elsewhere, {
  email: "only@elsewhere.example",
  role: "admin",
})
const readers = await people.addGroup(harness, acme, "Readers")

type Operation = Record<string, unknown>
const { route, method, operation } = addUserToGroup

const pathOf = (id: string, username: string): string =>
  `/api/v1/groups/${encodeURIComponent(id)}/users/${encodeURIComponent(username)}`
const add = (id: string, username: string, options: Call = { token: acme.token }) =>
  harness.call(`POST ${pathOf(id, username)}`, options)
const remove = (id: string, username: string, options: Call = { token: acme.token }) =>
  harness.call(`DELETE ${pathOf(id, username)}`, options)
const group = (name: string, role?: string) => people.addGroup(harness, acme, name, role)

/** The answer is this refusal, fits the schema that the contract has for it, and has the envelope's order of keys. */
function assertRefused(answer: Answer, status: number, error: string): void {
  assert.equal(answer.status, status, answer.text)
  assert.equal(answer.body.error, error, answer.text)
  const schema = operation.responses[String(status)]?.content["application/json"].schema
  assert.deepEqual(misfits(answer.body, schema ?? {}), [], answer.text)
  const order = ["reqId", "statusCode", "message", "details", "error"].filter((key) => key in answer.body)
  assert.deepEqual(Object.keys(answer.body), order)
  assert.match(answer.body.reqId, /^req-[A-Za-z0-9]{14}$/)
}

const lastEvent = () =>
  harness.db
    .selectFrom("audit_logs")
    .select(["event_type", "event_metadata", "actor_type"])
    .where("org_id", "=", acme.id)
    .orderBy("created_at", "desc")
    .limit(1)
    .executeTakeFirstOrThrow()

describe("the document", async () => {
  const answer = await harness.call("GET /api/docs/json")
  const documented: Operation = answer.body.paths[route][method]

  test("has the contract's parameters, answers, tags and id, to the letter", () => {
    const { tags, operationId, parameters, responses } = documented
    assert.deepEqual({ tags, operationId, parameters, responses }, operation)
  })

  test("has the keys of the operation and of its answers in the contract's order", () => {
    const keys = Object.keys(documented).filter((key) => key in operation)
    assert.deepEqual(keys, Object.keys(operation))
    for (const [status, { content }] of Object.entries(operation.responses)) {
      const shown = answer.body.paths[route][method].responses[status].content["application/json"].schema
      const expected = Object.keys(content["application/json"].schema.properties ?? {})
      assert.deepEqual(Object.keys(shown.properties), expected)
    }
  })

  test("says nothing besides that a client of the contract does not know", () => {
    const text = JSON.stringify(documented)
    for (const key of ["summary", "pattern", "minLength", "maxLength", "requestBody"]) {
      assert.ok(!text.includes(`"${key}":`), key)
    }
  })

  test("says what it says to everybody: reading it needs no token", () => {
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.body.security, [])
  })
})

describe("what is answered", () => {
  test("200: the person, with the contract's keys in its order", async () => {
    const { id } = await group("Two hundred")
    const answer = await add(id, "grace@example.com")
    assert.equal(answer.status, 200, answer.text)
    const schema = operation.responses["200"]?.content["application/json"].schema
    assert.deepEqual(misfits(answer.body, schema ?? {}), [])
    assert.deepEqual(Object.keys(answer.body), ["email", "username", "firstName", "lastName", "id"])
    const { id: userId, ...rest } = answer.body
    const address = "grace@example.com"
    assert.deepEqual(rest, { email: address, username: address, firstName: "Grace", lastName: "Hopper" })
    assert.match(userId, /^[0-9a-f-]{36}$/)
  })

  test("200: an invited person is shown by the address alone", async () => {
    const { id } = await group("Invited")
    await people.invite(harness, acme, "invited@example.com")
    const { body } = await add(id, "invited@example.com")
    assert.deepEqual(
      { ...body, id: "" },
      {
        email: "invited@example.com",
        username: "invited@example.com",
        firstName: null,
        lastName: null,
        id: "",
      },
    )
  })

  test("400: the person is in the group already, invited people too", async () => {
    const { id, slug } = await group("Four hundred")
    people.ok(await add(id, "grace@example.com"))
    const again = await add(id, "grace@example.com")
    assertRefused(again, 400, "BadRequest")
    assert.ok(again.body.message.includes(slug), again.text)
    await people.invite(harness, acme, "pending@example.com")
    people.ok(await add(id, "pending@example.com"))
    assertRefused(await add(id, "pending@example.com"), 400, "BadRequest")
  })

  test("401: no token; and a token without an organization", async () => {
    assertRefused(await add(readers.id, "grace@example.com", {}), 401, "UnauthorizedError")
    const url = pathOf(readers.id, "grace@example.com")
    const answer = await add(readers.id, "grace@example.com", { token: acme.signedInToken })
    assertRefused(answer, 401, `${url} Unauthorized Access, no organization found in request`)
  })

  test("403: a token that is none, and a caller without the right", async () => {
    assertRefused(await add(readers.id, "grace@example.com", { token: "garbage" }), 403, "TokenError")
    const denied = await add(readers.id, "grace@example.com", { token: member })
    assertRefused(denied, 403, "PermissionDenied")
    assert.ok(Array.isArray(denied.body.details))
    assert.equal(denied.body.message, "You are not allowed to edit on groups")
  })

  test("404: no such group, and no such person; each names what was asked for", async () => {
    const id = randomUUID()
    const noGroup = await add(id, "grace@example.com")
    assertRefused(noGroup, 404, "NotFound")
    assert.ok(noGroup.body.message.includes(id))
    const noUser = await add(readers.id, "who@example.com")
    assertRefused(noUser, 404, "NotFound")
    assert.ok(noUser.body.message.includes("who@example.com"))
  })

  test("404: an id that is none is a group that does not exist, not a failure", async () => {
    const ids = [
      "1",
      "readers",
      `${readers.id}0`,
      readers.id.slice(1),
      `{${readers.id}}`,
      "0".repeat(400),
      "null",
    ]
    for (const id of ids) assertRefused(await add(id, "grace@example.com"), 404, "NotFound")
  })

  test("422: a username that nobody can have, as a list of issues", async () => {
    const answer = await add(readers.id, "\0")
    assertRefused(answer, 422, "ValidationFailure")
    assert.deepEqual(answer.body.message[0].path, ["username"])
    assert.equal(typeof answer.body.message[0].code, "string")
    assert.equal(typeof answer.body.message[0].message, "string")
  })

  test("an id in capitals is the same group, and white space around a username does not count", async () => {
    const { id } = await group("Capitals")
    people.ok(await add(id.toUpperCase(), " grace@example.com "))
    assertRefused(await add(id, "grace@example.com"), 400, "BadRequest")
  })

  test("a body is not looked at", async () => {
    const { id } = await group("With a body")
    people.ok(
      await add(id, "grace@example.com", { token: acme.token, body: { username: "ada@example.com" } }),
    )
  })

  test("every refusal has an id of its own", async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => add(readers.id, "x", {})))
    assert.equal(new Set(answers.map(({ body }) => body.reqId)).size, 200)
  })
})

/*
 * The order in which a request is judged. Each step is shown by a request that fails there and at every later step
 * at once: what is answered is the earlier one's refusal.
 */
describe("the order of the checks", () => {
  const wrongUser = "\0"
  const noGroup = randomUUID()
  const steps: [string, Call, string, string, number, string][] = [
    ["no API key", { headers: { "x-api-key": "a" } }, noGroup, wrongUser, 400, "BadRequest"],
    ["a caller", {}, noGroup, wrongUser, 401, "UnauthorizedError"],
    ["a good token", { token: "garbage" }, noGroup, wrongUser, 403, "TokenError"],
    ["an input that fits", { token: nobody }, noGroup, wrongUser, 422, "ValidationFailure"],
    ["the right to edit", { token: nobody }, noGroup, "who@example.com", 403, "PermissionDenied"],
    [
      "the right to edit, also for members",
      { token: member },
      noGroup,
      "who@example.com",
      403,
      "PermissionDenied",
    ],
    ["the group", { token: acme.token }, noGroup, "who@example.com", 404, "NotFound"],
    ["the person", { token: acme.token }, readers.id, "who@example.com", 404, "NotFound"],
  ]
  for (const [what, options, id, username, status, error] of steps) {
    test(`then comes ${what}`, async () => {
      assertRefused(await add(id, username, options), status, error)
      assertRefused(await remove(id, username, options), status, error)
    })
  }

  test("an organization comes before the input, and the group before the person", async () => {
    const without = await add(noGroup, "\0", { token: acme.signedInToken })
    assert.equal(without.status, 401)
    const { body } = await add(noGroup, "who@example.com")
    assert.ok(body.message.includes(noGroup) && !body.message.includes("who@"), body.message)
  })

  test("no token comes before what is wrong with the body", async () => {
    const rawBody = "{"
    for (const [refused, status] of [
      [await harness.call("POST /api/v1/groups", { rawBody }), 401],
      [await harness.call("POST /api/v1/groups", { body: { name: 1 } }), 401],
      [await harness.call("POST /api/v1/groups", { rawBody, token: acme.token }), 400],
      [await harness.call("POST /api/v1/groups", { body: { name: 1 }, token: acme.token }), 422],
      [await harness.call("POST /api/v1/groups", { body: { name: 1 }, token: nobody }), 422],
      [await harness.call("POST /api/v1/groups", { body: { name: "ok" }, token: nobody }), 403],
    ] as const) {
      assert.equal(refused.status, status, refused.text)
    }
  })

  test("taking out a person who is not in the group is 403, after everything else", async () => {
    const answer = await remove(readers.id, "nobody@example.com")
    assertRefused(answer, 403, "ForbiddenError")
    assert.ok(answer.body.message.includes(readers.slug))
  })

  test("a person of another organization is unknown here, when adding and when taking out", async () => {
    const same = (answer: Answer, name: string) => answer.text.replace(/req-\w+/, "").replace(name, "")
    for (const act of [add, remove]) {
      const foreign = await act(readers.id, "only@elsewhere.example")
      assertRefused(foreign, 404, "NotFound")
      const unknown = await act(readers.id, "none@elsewhere.example")
      assert.equal(same(foreign, "only@elsewhere.example"), same(unknown, "none@elsewhere.example"))
    }
  })

  test("a refused caller is written down; who asks for what does not exist is not", async () => {
    const before = await harness.state()
    await add(noGroup, "grace@example.com")
    await add(readers.id, "who@example.com")
    await add(readers.id, "\0")
    await add(readers.id, "grace@example.com", {})
    await remove(readers.id, "grace@example.com")
    assert.deepEqual(await harness.state(), before)
    await add(readers.id, "grace@example.com", { token: member })
    const { event_type, event_metadata } = await lastEvent()
    assert.equal(event_type, "permission-denied")
    assert.deepEqual(event_metadata, {
      permissionAction: "edit",
      permissionSubject: "groups",
      permissionSubjectDetails: {},
      errorName: "PermissionDenied",
      message: "You are not allowed to edit on groups",
      route,
      method: "POST",
      projectId: null,
    })
  })
})

describe("the groups around it, as clients know them", () => {
  const create = (body: unknown, token = acme.token) => harness.call("POST /api/v1/groups", { token, body })
  const get = (path: string, token = acme.token) => harness.call(`GET /api/v1/groups${path}`, { token })
  const patch = (id: string, body: unknown, token = acme.token) =>
    harness.call(`PATCH /api/v1/groups/${id}`, { token, body })

  test("a member may look and not touch; without a role not even look", async () => {
    people.ok(await get("", member))
    people.ok(await get(`/${readers.id}`, member))
    people.ok(await get(`/${readers.id}/users`, member))
    const denied = [
      await create({ name: "No" }, member),
      await patch(readers.id, { name: "No" }, member),
      await harness.call(`DELETE /api/v1/groups/${readers.id}`, { token: member }),
      await add(readers.id, "grace@example.com", { token: member }),
      await remove(readers.id, "grace@example.com", { token: member }),
      await get("", nobody),
      await get(`/${readers.id}`, nobody),
    ]
    for (const answer of denied) {
      assertRefused(answer, 403, "PermissionDenied")
      assert.ok(Array.isArray(answer.body.details))
    }
  })

  test("a group has no rights and a slug made from its name unless it is given others", async () => {
    const { role, slug } = people.ok(await create({ name: "Night Watch" }))
    assert.equal(role, "no-access")
    assert.match(slug, /^night-watch-[a-z0-9]{4}$/)
    assert.equal(people.ok(await create({ name: "Chosen", slug: "CHOSEN-Slug" })).slug, "chosen-slug")
  })

  test("names and slugs are given once", async () => {
    people.ok(await create({ name: "Once", slug: "once-only" }))
    assertRefused(await create({ name: "Once" }), 400, "BadRequest")
    assertRefused(await create({ name: "Twice", slug: "once-only" }), 400, "BadRequest")
    people.ok(await harness.call("POST /api/v1/groups", { token: elsewhere.token, body: { name: "Once" } }))
  })

  test("a slug that is too short and a role that does not exist are refused", async () => {
    assertRefused(await create({ name: "Short", slug: "ab" }), 422, "ValidationFailure")
    const unknown = await create({ name: "Unknown role", role: "astronaut" })
    assertRefused(unknown, 404, "NotFound")
    assert.ok(unknown.body.message.includes("astronaut"))
  })

  test("the list is an array, and another organization's group is not there", async () => {
    const list = people.ok(await get(""))
    assert.ok(Array.isArray(list) && list.some(({ id }: { id: string }) => id === readers.id))
    assert.ok(!(await get("", stranger)).text.includes(readers.id))
    assertRefused(await get(`/${readers.id}`, stranger), 404, "NotFound")
  })

  test("a change of nothing is none", async () => {
    const before = await harness.state()
    assert.equal(people.ok(await patch(readers.id, {})).name, "Readers")
    assert.deepEqual(await harness.state(), before)
  })

  test("a person is added, listed, removed, and not removed again", async () => {
    const { id } = await group("In and out")
    const added = people.ok(await add(id, "grace@example.com"))
    const isIn = async () => people.ok(await get(`/${id}/users?filter=existingMembers`)).totalCount === 1
    assert.ok(await isIn())
    assert.deepEqual(people.ok(await remove(id, "grace@example.com")), added)
    assert.ok(!(await isIn()))
    assertRefused(await remove(id, "grace@example.com"), 403, "ForbiddenError")
    people.ok(await add(id, "grace@example.com"))
  })

  test("an invited person is in the group before and after completing the account", async () => {
    const { id } = await group("Coming")
    const invitation = await people.invite(harness, acme, "coming@example.com")
    people.ok(await add(id, invitation.email))
    const listed = async () => people.ok(await get(`/${id}/users?filter=existingMembers`)).users
    const [before] = await listed()
    assert.equal(before.isPartOfGroup, true)
    await people.accept(harness, invitation)
    const [after] = await listed()
    assert.equal(after.isPartOfGroup, true)
    assert.ok(Date.parse(after.joinedGroupAt) > Date.parse(before.joinedGroupAt))
  })

  test("lists take only what they say: limits, filters and letters", async () => {
    const wrong = [
      "limit=0",
      "limit=101",
      "limit=x",
      "offset=-1",
      "filter=some",
      "search=",
      "search=a_b",
      "search=a%20b",
    ]
    for (const query of wrong) {
      assertRefused(await get(`/${readers.id}/users?${query}`), 422, "ValidationFailure")
    }
    for (const query of ["limit=1", "limit=100", "offset=9999", "filter=nonMembers", "search=a.b-c@d"]) {
      people.ok(await get(`/${readers.id}/users?${query}`))
    }
  })

  test("each change is one row of the audit log that tells what was done", async () => {
    const { id, name, slug } = people.ok(await create({ name: "Audited", role: "member" }))
    const told = async () => {
      const { event_type, event_metadata, actor_type } = await lastEvent()
      assert.equal(actor_type, "identity")
      return [event_type, event_metadata]
    }
    assert.deepEqual(await told(), ["create-group", { groupId: id, name, slug, role: "member" }])
    people.ok(await patch(id, { name: "Renamed" }))
    assert.deepEqual(await told(), ["update-group", { groupId: id, name: "Renamed" }])
    const { id: userId, username } = people.ok(await add(id, "grace@example.com"))
    const membership = { groupId: id, groupName: "Renamed", userId, username }
    assert.deepEqual(await told(), ["add-user-to-group", membership])
    people.ok(await remove(id, "grace@example.com"))
    assert.deepEqual(await told(), ["remove-user-from-group", membership])
    people.ok(await harness.call(`DELETE /api/v1/groups/${id}`, { token: acme.token }))
    assert.deepEqual(await told(), ["delete-group", { groupId: id, name: "Renamed", slug }])
    assertRefused(await harness.call(`DELETE /api/v1/groups/${id}`, { token: acme.token }), 404, "NotFound")
    assertRefused(await add(id, "grace@example.com"), 404, "NotFound")
  })
})
