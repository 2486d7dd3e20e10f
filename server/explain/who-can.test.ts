import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import { watchChanges } from "../test/changes.ts"
import { startHarness } from "../test/harness.ts"
import { freshIdentity } from "../test/identity-cases.ts"
import * as people from "../test/people.ts"
import { addPrivilege, addProject, addProjectRole, putInProject } from "../test/projects.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const changes = await watchChanges(harness.db)

let made = 0
async function person(role = "no-access") {
  const email = `person-${String(++made).padStart(3, "0")}@example.com`
  const token = await people.addPerson(harness, acme, { email, role })
  const { user } = people.ok(await harness.call("GET /api/v1/user", { token }))
  return { email, token, id: user.id as string }
}
async function groupWith(...members: { email: string }[]) {
  const group = await people.addGroup(harness, acme, `Group ${++made}`, "no-access")
  for (const { email } of members)
    people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/${email}`, { token: acme.token }))
  return group
}

const ask = (token: string, query: Record<string, string>) =>
  harness.call(`GET /api/v1/access/who-can?${new URLSearchParams(query).toString()}`, { token })
const list = async (query: Record<string, string>, token = acme.token) => people.ok(await ask(token, query))
const reads = (projectId: string) => ({
  projectId,
  environment: "dev",
  secretPath: "/app",
  subject: "secrets",
  action: "readValue",
})
type Actor = { actorType: string; id: string; name: string; endsAt: string | null; sources: Link[][] }
type Link = { kind: string; id: string; name: string | null; rule?: object }
const namesOf = ({ actors }: { actors: Actor[] }) => actors.map(({ name }) => name)
/** A project without those who made it. */
async function emptyProject() {
  const project = await addProject(harness, acme)
  const own = namesOf(await list(reads(project.id)))
  const without = async (query: Record<string, string> = {}, token = acme.token) =>
    namesOf(await list({ ...reads(project.id), ...query }, token)).filter((name) => !own.includes(name))
  return { ...project, own, without }
}

describe("who may do something", () => {
  test("are people before machine identities, each by name, with all ways that there are", async () => {
    const project = await emptyProject()
    const [one, other, none] = [await person(), await person(), await person()]
    const group = await groupWith(one, other)
    const identityId = await freshIdentity(harness, acme)
    await putInProject(harness, project, { groupId: group.id }, "viewer")
    await putInProject(harness, project, { username: one.email }, { role: "member", range: "1h" })
    await putInProject(harness, project, { username: none.email }, "no-access")
    await putInProject(harness, project, { identityId }, { role: "viewer", range: "2h" })
    const { actors, actorTypes, nextCursor } = await list(reads(project.id))
    const byId = new Map<string, Actor & { sourceCount: number }>(
      actors.map((each: Actor) => [each.id, each]),
    )
    assert.deepEqual([actorTypes, nextCursor], [["user", "identity"], null])
    const kinds = actors.map(({ actorType }: Actor) => actorType)
    assert.deepEqual(kinds, kinds.toSorted().toReversed())
    const users = actors.filter(({ actorType }: Actor) => actorType === "user").map(({ name }: Actor) => name)
    assert.deepEqual(users, users.toSorted())
    assert.equal(byId.get(none.id), undefined)
    const first = byId.get(one.id)
    assert.equal(first?.sourceCount, 2)
    assert.deepEqual(
      first?.sources.map((chain) => chain.map(({ kind }) => kind)),
      [
        ["user", "project-membership", "role"],
        ["user", "group", "project-membership", "role"],
      ],
    )
    // The way by the group stays when the other is over.
    assert.deepEqual([first?.endsAt, byId.get(other.id)?.sourceCount], [null, 1])
    assert.ok(Date.parse(byId.get(identityId)?.endsAt ?? "") > Date.now())
  })

  test("are those whom no rule forbids it, and to whom a rule that names them gives it", async () => {
    const project = await emptyProject()
    const [one, other, third] = [await person(), await person(), await person()]
    const group = await groupWith(one, other, third)
    const conditions = { secretPath: { $glob: "/app/{{identity.id}}" } }
    await addProjectRole(harness, project, "own", [{ subject: "secrets", action: ["readValue"], conditions }])
    await putInProject(harness, project, { groupId: group.id }, "own")
    await putInProject(harness, project, { username: other.email }, "viewer")
    await addPrivilege(harness, project, { username: other.email }, [
      {
        subject: "secrets",
        action: ["readValue"],
        inverted: true,
        conditions: { environment: "dev", secretPath: "/app" },
      },
    ])
    await addPrivilege(harness, project, { username: third.email }, [
      { subject: "secrets", action: ["read"], conditions: { environment: "dev" } },
    ])
    assert.deepEqual(await project.without(), [third.email])
    const secretPath = `/app/${one.id}`
    assert.deepEqual(await project.without({ secretPath }), [one.email, other.email, third.email])
    assert.deepEqual(await project.without({ environment: "prod" }), [other.email])
  })

  test("are told of the organization, too, and who is set inactive is not", async () => {
    const [one, other] = [await person("admin"), await person("admin")]
    const membershipId = await people.membershipIdOf(harness, acme, other.email)
    const route = `/api/v2/organizations/${acme.id}/memberships/${membershipId}`
    const right = { subject: "member", action: "delete" }
    assert.ok(namesOf(await list(right)).includes(other.email))
    people.ok(await harness.call(`PATCH ${route}`, { token: acme.token, body: { isActive: false } }))
    const { actors } = await list(right)
    assert.ok(namesOf({ actors }).includes(one.email))
    assert.ok(!namesOf({ actors }).includes(other.email))
    for (const { sources } of actors as Actor[]) assert.equal(sources[0]?.at(-1)?.name, "Admin")
  })

  test("are found by a part of their name, and of one kind alone", async () => {
    const project = await emptyProject()
    const [one, other] = [await person(), await person()]
    await putInProject(harness, project, { groupId: (await groupWith(one, other)).id }, "viewer")
    const search = other.email.slice(0, 10).toUpperCase()
    assert.deepEqual(await project.without({ search }), [other.email])
    const machines = await list({ ...reads(project.id), actorType: "identity" })
    assert.deepEqual(machines.actorTypes, ["identity"])
    assert.ok(machines.actors.every(({ actorType }: Actor) => actorType === "identity"))
  })

  test("are told in pages, which no change of others moves", async () => {
    const project = await emptyProject()
    const all = [await person(), await person(), await person(), await person(), await person()]
    const group = await groupWith(...all)
    await putInProject(harness, project, { groupId: group.id }, "viewer")
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const query = { ...reads(project.id), limit: "2", ...(cursor ? { cursor } : {}) }
      const page = await list(query)
      assert.ok(page.actors.length <= 2)
      seen.push(...namesOf(page).filter((name) => !project.own.includes(name)))
      cursor = page.nextCursor ?? undefined
      const [gone] = all
      const route = `/api/v1/groups/${group.id}/users/${gone?.email}`
      // Who was told of already, and leaves.
      if (seen.length === 2) people.ok(await harness.call(`DELETE ${route}`, { token: acme.token }))
    } while (cursor)
    assert.deepEqual(
      seen,
      all.map(({ email }) => email),
    )
  })
})

describe("who may have the list", () => {
  test("are those who may read members, in the organization or in the project, which is recorded otherwise", async () => {
    const project = await emptyProject()
    const [one, other] = [await person(), await person()]
    await putInProject(harness, project, { username: other.email }, "viewer")
    for (const query of [reads(project.id), { ...reads(project.id), actorType: "identity" }]) {
      const before = await changes()
      const answer = await ask(one.token, query)
      const after = await changes()
      assert.deepEqual([answer.status, answer.body.error], [403, "PermissionDenied"])
      assert.deepEqual(after.rest, before.rest)
      assert.equal(after.audit - before.audit, 1)
    }
    await putInProject(harness, project, { username: one.email }, "viewer")
    assert.deepEqual(await project.without({}, one.token), [one.email, other.email])
    assert.equal((await ask(one.token, { subject: "member", action: "delete" })).status, 403)
  })

  test("see nobody whom their rules leave out, and no name of what they may not read", async () => {
    const project = await emptyProject()
    const [one, hidden, known] = [await person(), await person(), await person()]
    const group = await groupWith(one, hidden, known)
    await addProjectRole(harness, project, "sees-some", [
      { subject: "member", action: ["read"], conditions: { userEmail: { $in: [known.email] } } },
    ])
    await addProjectRole(harness, project, "secret-role", [{ subject: "secrets", action: ["readValue"] }])
    await putInProject(harness, project, { groupId: group.id }, "secret-role")
    await putInProject(harness, project, { username: one.email }, "sees-some")
    const answer = await ask(one.token, { ...reads(project.id), limit: "1" })
    assert.ok(!answer.text.includes(group.name) && !answer.text.includes("secret-role"))
    const { actors, actorTypes, nextCursor } = people.ok(answer)
    assert.deepEqual([namesOf({ actors }), actorTypes], [[one.email], ["user"]])
    const [[, inGroup, , role]] = actors[0].sources
    assert.deepEqual([inGroup.id, inGroup.name, role.name, "rule" in role], [group.id, null, null, false])
    const cursor = nextCursor as string
    assert.ok(!Buffer.from(cursor, "base64url").toString("latin1").includes("person-"))
    const rest = await list({ ...reads(project.id), cursor }, one.token)
    assert.deepEqual([namesOf(rest), rest.nextCursor], [[known.email], null])
  })

  test("get another organization's project as one that there is not, and nobody of another one", async () => {
    const project = await emptyProject()
    const [answer, unknown] = [
      await ask(elsewhere.token, reads(project.id)),
      await ask(elsewhere.token, reads(randomUUID())),
    ]
    assert.deepEqual([answer.status, unknown.status], [404, 404])
    assert.equal(answer.body.message, `There is no project with the ID ${project.id}`)
    const own = await list({ subject: "member", action: "delete" }, elsewhere.token)
    const ours = await list({ subject: "member", action: "delete" })
    const ids = new Set(ours.actors.map(({ id }: Actor) => id))
    assert.ok(own.actors.length > 0)
    assert.ok(
      own.actors
        .filter(({ actorType }: Actor) => actorType === "identity")
        .every(({ id }: Actor) => !ids.has(id)),
    )
    const { nextCursor } = await list({ subject: "project", action: "create", limit: "1" })
    const moved = await ask(elsewhere.token, { subject: "project", action: "create", cursor: nextCursor })
    assert.equal(moved.status, 400, moved.text)
  })
})

test("what there is no right to, and what no page ended with, is refused", async () => {
  const right = { subject: "member", action: "delete" }
  const cases: [Record<string, string>, number][] = [
    [{ subject: "secrets", action: "read" }, 400],
    [{ ...right, secretPath: "/" }, 400],
    [{ ...right, cursor: "" }, 400],
    [{ ...right, cursor: "AAAA" }, 400],
    [{ ...right, cursor: Buffer.from('["user","",""]').toString("base64url") }, 400],
    [{ ...right, limit: "0" }, 422],
    [{ ...right, limit: "101" }, 422],
    [{ ...right, actorType: "service" }, 422],
    [{ ...right, search: "\0" }, 422],
  ]
  const before = await changes()
  for (const [query, status] of cases) {
    const answer = await ask(acme.token, query)
    assert.equal(answer.status, status, `${JSON.stringify(query)}: ${answer.text}`)
  }
  assert.deepEqual((await changes()).rest, before.rest)
})
