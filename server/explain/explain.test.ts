import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { sql } from "kysely"
import { watchChanges } from "../test/changes.ts"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { addPrivilege, addProject, addProjectRole, putInProject } from "../test/projects.ts"

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
async function groupWith(email: string, role = "no-access") {
  const group = await people.addGroup(harness, acme, `Group ${++made}`, role)
  people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/${email}`, { token: acme.token }))
  return group
}

const ask = (token: string, query: Record<string, string>) =>
  harness.call(`GET /api/v1/access/explain?${new URLSearchParams(query).toString()}`, { token })
const about = ({ id }: { id: string }, right: Record<string, string>) => ({
  actorType: "user",
  actorId: id,
  ...right,
})
const explained = async (one: Person, right: Record<string, string>, token = acme.token) =>
  people.ok(await ask(token, about(one, right)))
type Link = { kind: string; id: string; name: string | null; endsAt: string | null; rule?: object }
const kindsOf = (chain: Link[]) => chain.map(({ kind }) => kind)
const reads = (projectId: string) => ({
  projectId,
  environment: "dev",
  secretPath: "/app",
  subject: "secrets",
  action: "readValue",
})
const now = async (): Promise<string> => {
  await sleep(5)
  const { rows } = await sql<{ now: Date }>`select statement_timestamp() as now`.execute(harness.db)
  await sleep(5)
  return rows[0]?.now.toISOString() ?? ""
}

describe("why somebody may", () => {
  test("is the way by a group into a project, to the rule of the role", async () => {
    const project = await addProject(harness, acme)
    const one = await person()
    const group = await groupWith(one.email)
    const rule = { subject: "secrets", action: ["readValue"], conditions: { environment: "dev" } }
    await addProjectRole(harness, project, "reader", [{ subject: "tags", action: ["read"] }, rule])
    await putInProject(harness, project, { groupId: group.id }, "reader")
    const { allowed, chain, missing } = await explained(one, reads(project.id))
    assert.equal(allowed, true)
    assert.equal(missing, undefined)
    assert.deepEqual(kindsOf(chain), ["user", "group", "project-membership", "role"])
    const [first, second, , last] = chain
    assert.deepEqual([first.id, first.name], [one.id, one.email])
    assert.deepEqual([second.id, second.name], [group.id, group.name])
    assert.deepEqual([last.name, last.rule], ["reader", { ...rule, inverted: false }])
  })

  test("is the shortest of several ways, and says when it ends", async () => {
    const project = await addProject(harness, acme)
    const one = await person()
    const group = await groupWith(one.email)
    await putInProject(harness, project, { groupId: group.id }, "viewer")
    await putInProject(harness, project, { username: one.email }, { role: "viewer", range: "1h" })
    const { chain } = await explained(one, reads(project.id))
    assert.deepEqual(kindsOf(chain), ["user", "project-membership", "role"])
    assert.equal(chain[2].name, "Viewer")
    assert.ok(Date.parse(chain[2].endsAt) > Date.now())
  })

  test("is a privilege where no role gives it", async () => {
    const project = await addProject(harness, acme)
    const one = await person()
    await putInProject(harness, project, { username: one.email }, "no-access")
    await addPrivilege(harness, project, { username: one.email }, [
      { subject: "secrets", action: ["readValue"] },
    ])
    assert.deepEqual(kindsOf((await explained(one, reads(project.id))).chain), [
      "user",
      "project-membership",
      "privilege",
    ])
  })

  test("is two rules where the one gives half of it and the other the other half", async () => {
    const project = await addProject(harness, acme)
    const one = await person()
    const group = await groupWith(one.email)
    await addProjectRole(harness, project, "sees", [{ subject: "secrets", action: ["describeSecret"] }])
    await addProjectRole(harness, project, "opens", [{ subject: "secrets", action: ["readValue"] }])
    await putInProject(harness, project, { groupId: group.id }, "sees")
    await putInProject(harness, project, { username: one.email }, "opens")
    const { allowed, chain } = await explained(one, { ...reads(project.id), action: "read" })
    assert.equal(allowed, true)
    assert.deepEqual(chain.flatMap(({ kind, name }: Link) => (kind === "role" ? name : [])).toSorted(), [
      "opens",
      "sees",
    ])
  })

  test("is explained in the organization, too", async () => {
    const one = await person()
    const group = await groupWith(one.email, "member")
    const right = { subject: "project", action: "create" }
    const { allowed, chain } = await explained(one, right)
    assert.equal(allowed, true)
    assert.deepEqual(kindsOf(chain), ["user", "group", "role"])
    assert.deepEqual([chain[1].id, chain[2].name], [group.id, "Member"])
    const { missing } = await explained(one, { subject: "member", action: "delete" })
    assert.deepEqual(missing, { reason: "no-rule" })
  })
})

describe("why somebody may not", () => {
  test("is that they are not in the project", async () => {
    const project = await addProject(harness, acme)
    assert.deepEqual((await explained(await person("admin"), reads(project.id))).missing, {
      reason: "no-place-in-project",
    })
  })

  test("is that no rule of theirs speaks of it", async () => {
    const project = await addProject(harness, acme)
    const one = await person()
    await putInProject(harness, project, { username: one.email }, "no-access")
    const { allowed, chain, missing } = await explained(one, reads(project.id))
    assert.deepEqual([allowed, chain, missing], [false, [], { reason: "no-rule" }])
  })

  test("is a rule that forbids it, and where that comes from", async () => {
    const project = await addProject(harness, acme)
    const one = await person()
    const group = await groupWith(one.email)
    const conditions = { secretPath: { $glob: "/app/**" } }
    const rule = { subject: "secrets", action: ["readValue"], conditions, inverted: true }
    await addProjectRole(harness, project, "closes", [rule])
    await putInProject(harness, project, { username: one.email }, "viewer")
    await putInProject(harness, project, { groupId: group.id }, "closes")
    const inside = { ...reads(project.id), secretPath: "/app/x" }
    const { allowed, missing } = await explained(one, inside)
    assert.deepEqual([allowed, missing.reason], [false, "forbidden"])
    assert.deepEqual(kindsOf(missing.forbiddenBy), ["user", "group", "project-membership", "role"])
    assert.deepEqual(missing.forbiddenBy[3].rule, rule)
    assert.equal((await explained(one, { ...inside, secretPath: "/other" })).allowed, true)
  })

  test("is an invitation that was not accepted, a member set inactive, or that they have left", async () => {
    const right = { subject: "project", action: "create" }
    const { email } = await people.invite(harness, acme, `invited-${++made}@example.com`, "member")
    const { id } = await harness.db
      .selectFrom("users")
      .select("id")
      .where("email", "=", email)
      .executeTakeFirstOrThrow()
    const reasonOf = async (of: { id: string }) =>
      people.ok(await ask(acme.token, about(of, right))).missing?.reason
    assert.equal(await reasonOf({ id }), "invitation-not-accepted")
    const one = await person("member")
    assert.equal(await reasonOf(one), undefined)
    const membershipId = await people.membershipIdOf(harness, acme, one.email)
    const route = `/api/v2/organizations/${acme.id}/memberships/${membershipId}`
    people.ok(await harness.call(`PATCH ${route}`, { token: acme.token, body: { isActive: false } }))
    assert.equal(await reasonOf(one), "inactive")
    people.ok(await harness.call(`DELETE ${route}`, { token: acme.token }))
    assert.equal(await reasonOf(one), "no-place-in-organization")
  })
})

describe("an earlier time", () => {
  test("is answered from the intervals of what was given then", async () => {
    const project = await addProject(harness, acme)
    const one = await person()
    const before = await now()
    const group = await groupWith(one.email)
    await putInProject(harness, project, { groupId: group.id }, "viewer")
    const during = await now()
    const route = `/api/v1/groups/${group.id}/users/${one.email}`
    people.ok(await harness.call(`DELETE ${route}`, { token: acme.token }))
    assert.equal((await explained(one, reads(project.id))).missing.reason, "no-place-in-project")
    const then = await explained(one, { ...reads(project.id), at: during })
    assert.deepEqual([then.allowed, then.at], [true, during])
    assert.equal(then.chain[1].name, group.name)
    assert.ok(Date.parse(then.chain[1].endsAt) >= Date.parse(during))
    const earlier = await explained(one, { ...reads(project.id), at: before })
    assert.deepEqual([earlier.allowed, earlier.missing.reason], [false, "no-place-in-project"])
    const first = await explained(one, { ...reads(project.id), at: "2020-01-01T00:00:00Z" })
    assert.equal(first.missing.reason, "no-place-in-organization")
  })

  test("is refused where a role or a privilege was changed since, and the content then is not kept", async () => {
    const project = await addProject(harness, acme)
    const one = await person()
    await addProjectRole(harness, project, "changed", [{ subject: "secrets", action: ["readValue"] }])
    await putInProject(harness, project, { username: one.email }, "changed")
    const at = await now()
    assert.equal((await explained(one, { ...reads(project.id), at })).allowed, true)
    const { role } = people.ok(
      await harness.call(`GET /api/v1/projects/${project.id}/roles/slug/changed`, { token: acme.token }),
    )
    const body = { permissions: [{ subject: "tags", action: ["read"] }] }
    people.ok(
      await harness.call(`PATCH /api/v1/projects/${project.id}/roles/${role.id}`, {
        token: acme.token,
        body,
      }),
    )
    const answer = await ask(acme.token, about(one, { ...reads(project.id), at }))
    assert.equal(answer.status, 400)
    assert.match(answer.body.message, /a role that they had then was changed since/)
  })

  test("is refused where it has not come yet", async () => {
    const at = new Date(Date.now() + 3_600_000).toISOString()
    const answer = await ask(acme.token, about(await person(), { subject: "project", action: "create", at }))
    assert.deepEqual(
      [answer.status, answer.body.message],
      [400, "What will be is not known: ask about a time that has passed"],
    )
  })
})

describe("who may ask", () => {
  test("everybody about themselves, and sees no name of what they may not read", async () => {
    const project = await addProject(harness, acme)
    const one = await person()
    const group = await groupWith(one.email)
    await addProjectRole(harness, project, "secret-role", [{ subject: "secrets", action: ["readValue"] }])
    await putInProject(harness, project, { groupId: group.id }, "secret-role")
    const { allowed, chain } = await explained(one, reads(project.id), one.token)
    assert.equal(allowed, true)
    assert.deepEqual(
      chain.map(({ name }: Link) => name),
      [one.email, null, null, null],
    )
    assert.equal(chain[1].id, group.id)
    assert.ok(!("rule" in chain[3]))
  })

  test("about others only whoever may read them, which is recorded otherwise", async () => {
    const project = await addProject(harness, acme)
    const [one, other] = [await person(), await person()]
    await putInProject(harness, project, { username: other.email }, "viewer")
    for (const id of [other.id, randomUUID()]) {
      const before = await changes()
      const answer = await ask(one.token, about({ id }, reads(project.id)))
      const after = await changes()
      assert.deepEqual([answer.status, answer.body.error], [403, "PermissionDenied"])
      assert.deepEqual(after.rest, before.rest)
      assert.equal(after.audit - before.audit, 1)
    }
    await putInProject(harness, project, { username: one.email }, "viewer")
    assert.equal((await explained(other, reads(project.id), one.token)).allowed, true)
    assert.equal((await ask(one.token, about(other, { subject: "project", action: "create" }))).status, 403)
    // Who is not in the project is nobody to those who may read its members alone.
    const stranger = await person()
    const answer = await ask(one.token, about(stranger, reads(project.id)))
    assert.equal(answer.status, 404)
  })

  test("what is another organization's, and what is not there, is 404 in the same words", async () => {
    const one = await person()
    const right = { subject: "project", action: "create" }
    const absent = randomUUID()
    const [answer, unknown] = [
      await ask(elsewhere.token, about(one, right)),
      await ask(elsewhere.token, about({ id: absent }, right)),
    ]
    assert.deepEqual([answer.status, unknown.status], [404, 404])
    assert.equal(answer.body.message.replace(one.id, ""), unknown.body.message.replace(absent, ""))
    const project = await addProject(harness, acme)
    const ofProject = await ask(elsewhere.token, about(one, reads(project.id)))
    assert.equal(ofProject.body.message, `There is no project with the ID ${project.id}`)
  })
})

test("what there is no right to is refused", async () => {
  const one = await person()
  const project = await addProject(harness, acme)
  const cases: [Record<string, string>, number][] = [
    [{ subject: "secrets", action: "read" }, 400],
    [{ subject: "project", action: "create", projectId: project.id }, 400],
    [{ subject: "toString", action: "read" }, 400],
    [{ subject: "project", action: "create", environment: "dev" }, 400],
    [{ subject: "secrets", action: "read", projectId: project.id, secretPath: "/" }, 400],
    [{ subject: "project", action: "create", at: "yesterday" }, 422],
    [{ subject: "project" }, 422],
  ]
  for (const [right, status] of cases) {
    const answer = await ask(acme.token, about(one, right))
    assert.equal(answer.status, status, answer.text)
  }
})
