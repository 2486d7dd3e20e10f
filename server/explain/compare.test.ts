import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import { watchChanges } from "../test/changes.ts"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject } from "../test/projects.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const changes = await watchChanges(harness.db)

let made = 0
async function person(role = "no-access") {
  const email = `person-${++made}@example.com`
  const token = await people.addPerson(harness, acme, { email, role })
  const { user } = people.ok(await harness.call("GET /api/v1/user", { token }))
  return { email, token, id: user.id as string }
}
type Person = Awaited<ReturnType<typeof person>>

const ask = (token: string, query: Record<string, string>) =>
  harness.call(`GET /api/v1/access/compare?${new URLSearchParams(query).toString()}`, { token })
const two = (one: { id: string }, other: { id: string }, projectId?: string) => ({
  actorType: "user",
  actorId: one.id,
  otherType: "user",
  otherId: other.id,
  ...(projectId ? { projectId } : {}),
})
const compared = async (one: Person, other: Person, projectId?: string, token = acme.token) =>
  people.ok(await ask(token, two(one, other, projectId)))
type Effect = {
  subject: string
  action: string
  environments?: { environment: string; paths: string[]; pathCount: number }[]
  chain: { kind: string; name: string | null; rule?: object }[]
}
const of = (effects: Effect[], subject: string, action: string) =>
  effects.find((each) => each.subject === subject && each.action === action)
const addFolder = async (projectId: string, environment: string, name: string) =>
  people.ok(
    await harness.call("POST /api/v2/folders", { token: acme.token, body: { projectId, environment, name } }),
  )

describe("what two may do", () => {
  test("is told of the organization: what one alone may, and by what, and what both may", async () => {
    const [one, other] = [await person("member"), await person("admin")]
    const { actor, actorOnly, otherOnly, both, mayDiffer, folders } = await compared(one, other)
    assert.deepEqual(
      [actor.id, actor.name, actorOnly, mayDiffer, folders],
      [one.id, one.email, [], [], undefined],
    )
    assert.ok(of(both, "project", "create"))
    assert.equal(of(otherOnly, "project", "create"), undefined)
    assert.deepEqual(
      of(otherOnly, "member", "delete")?.chain.map(({ kind, name }) => [kind, name]),
      [
        ["user", other.email],
        ["role", "Admin"],
      ],
    )
  })

  test("is told of a project, by folder where rules are narrowed", async () => {
    const project = await addProject(harness, acme)
    const [one, other] = [await person(), await person()]
    for (const name of ["app", "web"]) await addFolder(project.id, "dev", name)
    await addProjectRole(harness, project, "app-reader", [
      { subject: "secrets", action: ["readValue"], conditions: { environment: "dev", secretPath: "/app" } },
      { subject: "tags", action: ["read"] },
    ])
    await putInProject(harness, project, { username: one.email }, "app-reader")
    await putInProject(harness, project, { username: other.email }, "viewer")
    const { actorOnly, otherOnly, both, mayDiffer, folders } = await compared(one, other, project.id)
    assert.deepEqual([actorOnly, mayDiffer, folders.isAll], [[], ["secrets"], true])
    assert.deepEqual(of(both, "tags", "read"), { subject: "tags", action: "read" })
    assert.deepEqual(of(both, "secrets", "readValue")?.environments, [
      { environment: "dev", paths: ["/app"], pathCount: 1 },
    ])
    const alone = of(otherOnly, "secrets", "readValue")
    assert.deepEqual(alone?.environments?.[0], { environment: "dev", paths: ["/", "/web"], pathCount: 2 })
    assert.equal(
      alone?.environments?.reduce((sum, { pathCount }) => sum + pathCount, 1),
      folders.count,
    )
    assert.equal(alone?.chain.at(-1)?.name, "Viewer")
    const turned = await compared(other, one, project.id)
    assert.deepEqual([turned.actorOnly, turned.otherOnly, turned.both], [otherOnly, actorOnly, both])
  })

  test("is nothing for who is not in the project, and the answer says why", async () => {
    const project = await addProject(harness, acme)
    const [one, other] = [await person("admin"), await person()]
    await putInProject(harness, project, { username: other.email }, "viewer")
    const { actor, actorOnly, otherOnly, both } = await compared(one, other, project.id)
    assert.deepEqual([actor.missing, actorOnly, both], ["no-place-in-project", [], []])
    assert.ok(of(otherOnly, "secrets", "readValue"))
  })
})

describe("who may compare", () => {
  test("is whoever may read both, and sees no name of what they may not read", async () => {
    const project = await addProject(harness, acme)
    const [one, other, asking] = [await person(), await person(), await person()]
    await addFolder(project.id, "dev", "hidden-folder")
    await addProjectRole(harness, project, "hidden-role", [
      { subject: "secrets", action: ["readValue"], conditions: { secretPath: "/hidden-folder" } },
    ])
    await addProjectRole(harness, project, "sees-one", [
      { subject: "member", action: ["read"], conditions: { userEmail: one.email } },
    ])
    await addProjectRole(harness, project, "sees-both", [{ subject: "member", action: ["read"] }])
    await putInProject(harness, project, { username: one.email }, "hidden-role")
    await putInProject(harness, project, { username: other.email }, "viewer")
    const before = await changes()
    const refused = await ask(asking.token, two(one, other, project.id))
    assert.deepEqual([refused.status, refused.body.error], [403, "PermissionDenied"])
    assert.deepEqual((await changes()).rest, before.rest)
    await putInProject(harness, project, { username: asking.email }, "sees-one")
    assert.equal((await ask(asking.token, two(one, other, project.id))).status, 404)
    assert.equal((await ask(asking.token, two(other, one, project.id))).status, 404)
    const seer = await person()
    await putInProject(harness, project, { username: seer.email }, "sees-both")
    const answer = await ask(seer.token, two(one, other, project.id))
    const { actorOnly, both, mayDiffer, folders } = people.ok(answer)
    assert.ok(!answer.text.includes("hidden-"), answer.text)
    // Without folders that the caller sees it is told as whether there may be any.
    assert.deepEqual([folders, mayDiffer], [{ count: 0, isAll: true }, ["secrets"]])
    assert.deepEqual([actorOnly, of(both, "secrets", "readValue")?.environments], [[], undefined])
  })

  test("everybody compares themselves with whom they may read", async () => {
    const [one, other] = [await person(), await person("member")]
    assert.equal((await ask(one.token, two(one, other))).status, 403)
    assert.equal((await ask(one.token, two(one, one))).status, 200)
    assert.equal((await ask(other.token, two(other, one))).status, 200)
  })

  test("what is another organization's, and what is not there, is 404 in the same words", async () => {
    const [one, own] = [await person(), await elsewhereMember()]
    const absent = randomUUID()
    for (const order of [two(own, one), two(one, own)]) {
      const answer = await ask(elsewhere.token, order)
      assert.deepEqual(
        [answer.status, answer.body.message],
        [404, `There is no member with the ID ${one.id}`],
      )
    }
    const unknown = await ask(elsewhere.token, two(own, { id: absent }))
    assert.deepEqual(
      [unknown.status, unknown.body.message],
      [404, `There is no member with the ID ${absent}`],
    )
    const odd = await ask(acme.token, { ...two(one, one), otherType: "group" })
    assert.equal(odd.status, 422)
    assert.equal((await ask(acme.token, { ...two(one, { id: "\0" }) })).status, 404)
  })
})

async function elsewhereMember(): Promise<{ id: string }> {
  const { actors } = people.ok(
    await harness.call("GET /api/v1/access/who-can?subject=member&action=read&actorType=user", {
      token: elsewhere.token,
    }),
  )
  return actors[0]
}
