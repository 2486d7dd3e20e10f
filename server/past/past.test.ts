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

const call = async (route: string, body?: unknown) =>
  people.ok(await harness.call(route, { token: acme.token, ...(body === undefined ? {} : { body }) }))
const join = (group: { id: string }, { email }: Person) =>
  call(`POST /api/v1/groups/${group.id}/users/${email}`)
const leave = (group: { id: string }, { email }: Person) =>
  call(`DELETE /api/v1/groups/${group.id}/users/${email}`)
const group = (role = "no-access") => people.addGroup(harness, acme, `Group ${++made}`, role)

const ask = (what: "as-of" | "difference", query: Record<string, string>, token = acme.token) =>
  harness.call(`GET /api/v1/access/${what}?${new URLSearchParams(query).toString()}`, { token })
const about = (subjectType: string, { id }: { id: string }, more: Record<string, string> = {}) => ({
  subjectType,
  subjectId: id,
  ...more,
})
type Shown = {
  what: string
  change?: string
  holder: { type: string; id: string; name: string | null }
  place: { type: string; id: string; name: string | null }
  group: { id: string; name: string | null } | null
  role: { id: string; slug: string | null; name: string | null; isChangedSince: boolean } | null
  privilege: { slug: string | null; isChangedSince: boolean } | null
  since: string
  until: string | null
}
/** Each as one line: what, where, by which group. */
const lines = (shown: Shown[]): string[] =>
  shown.map(({ what, change, holder, place, group: by, role, privilege }) =>
    [
      change,
      holder.type,
      what,
      role?.slug ?? privilege?.slug,
      place.type === "organization" ? undefined : place.name,
      by && `by ${by.name}`,
    ]
      .filter(Boolean)
      .join(" "),
  )
const heldBy = async (type: string, one: { id: string }, more: Record<string, string> = {}) =>
  people.ok(await ask("as-of", about(type, one, more)))
const changesOf = async (type: string, one: { id: string }, from: string, to?: string) =>
  people.ok(await ask("difference", about(type, one, { from, ...(to ? { to } : {}) })))
const now = async (): Promise<string> => {
  await sleep(5)
  const { rows } = await sql<{ now: Date }>`select statement_timestamp() as now`.execute(harness.db)
  await sleep(5)
  return rows[0]?.now.toISOString() ?? ""
}

const stateful = async () => {
  const { audit, rest } = await changes()
  return { audit, rest }
}

describe("what a person had", () => {
  test("is their place, their groups, and projects and roles with the way to each", async () => {
    const one = await person("member")
    const [team, byTeam, own] = [
      await group("admin"),
      await addProject(harness, acme),
      await addProject(harness, acme),
    ]
    await join(team, one)
    await putInProject(harness, byTeam, { groupId: team.id }, "viewer")
    await putInProject(harness, own, { username: one.email }, "member", { role: "admin", range: "1h" })
    await addPrivilege(harness, own, { username: one.email }, [{ subject: "tags", action: ["read"] }])
    const token = acme.adminToken
    const { subject, holdings, totalCount } = people.ok(await ask("as-of", about("user", one), token))
    const { email: name, id } = one
    assert.deepEqual(subject, { type: "user", id, name, isThere: true, hasAccepted: true, isActive: true })
    const privilege = holdings.find(({ what }: Shown) => what === "privilege")?.privilege.slug
    assert.deepEqual(lines(holdings), [
      "user membership",
      "user role member",
      `user role admin by ${team.name}`,
      `user membership ${byTeam.name} by ${team.name}`,
      `user role viewer ${byTeam.name} by ${team.name}`,
      `user membership ${own.name}`,
      `user role admin ${own.name}`,
      `user role member ${own.name}`,
      `user privilege ${privilege} ${own.name}`,
      `user membership ${team.name}`,
    ])
    assert.equal(totalCount, holdings.length)
    const temporary = holdings.filter(({ until }: Shown) => until !== null)
    assert.deepEqual(lines(temporary), [`user role admin ${own.name}`])
    const part = people.ok(await ask("as-of", about("user", one, { placeType: "group" })))
    assert.deepEqual(lines(part.holdings), [`user membership ${team.name}`])
    const page = people.ok(await ask("as-of", about("user", one, { limit: "2", offset: "1" })))
    assert.deepEqual([page.holdings, page.totalCount], [holdings.slice(1, 3), totalCount])
    const beyond = people.ok(await ask("as-of", about("user", one, { offset: "1000" })))
    assert.deepEqual([beyond.holdings, beyond.totalCount], [[], totalCount])
  })

  test("is told of a time before they came and after they left, and of groups and projects that are no more", async () => {
    const before = await now()
    const one = await person()
    const [team, project] = [await group(), await addProject(harness, acme)]
    await join(team, one)
    await putInProject(harness, project, { groupId: team.id }, "viewer")
    const during = await now()
    await call(`DELETE /api/v1/projects/${project.id}`)
    await call(`DELETE /api/v1/groups/${team.id}`)
    const membershipId = await people.membershipIdOf(harness, acme, one.email)
    await call(`DELETE /api/v2/organizations/${acme.id}/memberships/${membershipId}`)
    const then = await heldBy("user", one, { at: during })
    assert.deepEqual(lines(then.holdings), [
      "user membership",
      "user role no-access",
      `user role no-access by ${team.name}`,
      // Whose name is known to those who are in it, and nobody is.
      `user membership by ${team.name}`,
      `user role viewer by ${team.name}`,
      `user membership ${team.name}`,
    ])
    for (const at of [before, await now()]) {
      const { subject, holdings } = await heldBy("user", one, { at })
      assert.deepEqual([subject.isThere, holdings], [false, []])
    }
    const [ofGroup, ofProject] = [
      await heldBy("group", team, { at: during }),
      await heldBy("project", project, { at: during }),
    ]
    assert.deepEqual(lines(ofGroup.holdings), [
      "group role no-access",
      "group membership",
      "group role viewer",
      `user membership ${team.name}`,
    ])
    assert.ok(lines(ofProject.holdings).includes("group role viewer"))
    assert.deepEqual([ofGroup.subject.isThere, ofProject.subject.isThere], [true, true])
    assert.equal((await heldBy("group", team)).subject.isThere, false)
    assert.equal((await heldBy("project", project)).totalCount, 0)
  })

  test("is there from the instant in which it began, and no more in that in which it ended", async () => {
    const one = await person()
    const team = await group()
    await join(team, one)
    const [from, until] = [new Date(Date.now() - 7_200_000), new Date(Date.now() - 3_600_000)]
    await harness.db
      .updateTable("organization_user_memberships")
      .set({ valid_from: new Date(0) })
      .where("user_id", "=", one.id)
      .execute()
    await harness.db
      .updateTable("group_user_memberships")
      .set({ valid_from: from, valid_until: until, is_closed: true })
      .where("group_id", "=", team.id)
      .execute()
    await harness.db.updateTable("groups").set({ created_at: from }).where("id", "=", team.id).execute()
    const countAt = async (time: Date, shift: number) => {
      const at = new Date(time.getTime() + shift).toISOString()
      return [
        (await heldBy("user", one, { at, placeType: "group" })).totalCount,
        (await heldBy("group", team, { at, placeType: "group" })).totalCount,
      ]
    }
    assert.deepEqual(await countAt(from, -1), [0, 0])
    assert.deepEqual(await countAt(from, 0), [1, 1])
    assert.deepEqual(await countAt(until, -1), [1, 1])
    assert.deepEqual(await countAt(until, 0), [0, 0])
    const iso = (time: Date, shift: number) => new Date(time.getTime() + shift).toISOString()
    const changesIn = async (first: string, second: string) =>
      (await changesOf("group", team, first, second)).changes.filter(
        ({ place }: Shown) => place.type === "group",
      )
    const words = async (first: string, second: string) =>
      (await changesIn(first, second)).map(({ change }: Shown) => change)
    assert.deepEqual(await words(iso(from, -1), iso(from, 0)), ["gained"])
    assert.deepEqual(await words(iso(from, 0), iso(until, -1)), [])
    assert.deepEqual(await words(iso(from, 0), iso(until, 0)), ["lost"])
    assert.deepEqual(await words(iso(from, -1), iso(until, 0)), ["passed"])
    assert.deepEqual(await words(iso(until, 0), iso(until, 1)), [])
    // What was closed before it began was never there.
    await harness.db
      .updateTable("group_user_memberships")
      .set({ valid_from: new Date(Date.now() + 3_600_000), valid_until: new Date(Date.now() + 7_200_000) })
      .where("group_id", "=", team.id)
      .execute()
    assert.equal((await heldBy("group", team, { placeType: "group" })).totalCount, 0)
  })

  test("says of roles and privileges that were changed since that their content is not known", async () => {
    const project = await addProject(harness, acme)
    const one = await person()
    await addProjectRole(harness, project, "changed", [{ subject: "secrets", action: ["readValue"] }])
    await putInProject(harness, project, { username: one.email }, "changed")
    await addPrivilege(harness, project, { username: one.email }, [{ subject: "tags", action: ["read"] }])
    const at = await now()
    const flags = async () => {
      const { holdings } = await heldBy("user", one, { at, placeType: "project" })
      return holdings.flatMap(({ role, privilege }: Shown) => (role ?? privilege)?.isChangedSince ?? [])
    }
    assert.deepEqual(await flags(), [false, false])
    const changedAt = sql<Date>`statement_timestamp()`
    for (const table of ["project_roles", "project_user_privileges"] as const)
      await harness.db
        .updateTable(table)
        .set({ updated_at: changedAt })
        .where("project_id", "=", project.id)
        .execute()
    assert.deepEqual(await flags(), [true, true])
    // A privilege whose time was changed since was there, whatever its time was.
    await harness.db
      .updateTable("project_user_privileges")
      .set({ valid_from: new Date(Date.now() + 3_600_000) })
      .where("project_id", "=", project.id)
      .execute()
    assert.deepEqual(await flags(), [true, true])
  })
})

describe("what changed between two times", () => {
  test("is what was gained and lost in its order, and what passed; a role that is given again was not lost", async () => {
    const one = await person("member")
    const [team, other, project] = [await group(), await group(), await addProject(harness, acme)]
    await join(team, one)
    await putInProject(harness, project, { username: one.email }, "viewer")
    const from = await now()
    await leave(team, one)
    await join(other, one)
    await leave(other, one)
    const { memberships } = await call(`GET /api/v1/projects/${project.id}/memberships`)
    const place = memberships.find(({ userId }: { userId: string }) => userId === one.id)
    const roles = [{ role: "viewer" }, { role: "member" }]
    await call(`PATCH /api/v1/projects/${project.id}/memberships/${place.id}`, { roles })
    const to = await now()
    const { changes: found, totalCount, subject } = await changesOf("user", one, from, to)
    assert.deepEqual(lines(found), [
      `lost user role no-access by ${team.name}`,
      `lost user membership ${team.name}`,
      `passed user role no-access by ${other.name}`,
      `passed user membership ${other.name}`,
      `gained user role member ${project.name}`,
    ])
    assert.deepEqual([totalCount, subject.name], [5, one.email])
    for (const { since, until, change } of found as Shown[]) {
      const moment = change === "gained" ? since : (until ?? "")
      assert.ok(moment > from && moment <= to, moment)
    }
    const nothing = await changesOf("user", one, to)
    assert.deepEqual([nothing.changes, nothing.totalCount], [[], 0])
    const page = people.ok(await ask("difference", about("user", one, { from, to, limit: "1", offset: "4" })))
    assert.deepEqual([page.changes, page.totalCount], [found.slice(4), 5])
  })
})

describe("who may ask", () => {
  test("everybody about themselves, and sees no name of what they may not read", async () => {
    const one = await person()
    const [team, project] = [await group(), await addProject(harness, acme)]
    await join(team, one)
    await addProjectRole(harness, project, "hidden", [{ subject: "secrets", action: ["readValue"] }])
    await putInProject(harness, project, { groupId: team.id }, "hidden")
    const { holdings } = people.ok(await ask("as-of", about("user", one), one.token))
    assert.deepEqual(
      holdings
        .filter(({ place }: Shown) => place.type === "project")
        .map(({ place, group: by, role }: Shown) => [place.name, by?.id, by?.name, role?.name]),
      [
        // They are in it.
        [project.name, team.id, null, undefined],
        [project.name, team.id, null, null],
      ],
    )
    const inGroup = holdings.find(({ place }: Shown) => place.type === "group")
    assert.deepEqual([inGroup.place.id, inGroup.place.name], [team.id, null])
  })

  test("about others only whoever may read them, which is recorded otherwise", async () => {
    const [one, other] = [await person(), await person()]
    const [team, project] = [await group(), await addProject(harness, acme)]
    const from = new Date(0).toISOString()
    for (const [type, { id }] of [
      ["user", other],
      ["user", { id: randomUUID() }],
      ["identity", { id: randomUUID() }],
      ["group", team],
      ["project", project],
    ] as const) {
      for (const what of ["as-of", "difference"] as const) {
        const before = await stateful()
        const answer = await ask(what, about(type, { id }, what === "as-of" ? {} : { from }), one.token)
        const after = await stateful()
        assert.deepEqual([answer.status, answer.body.error], [403, "PermissionDenied"], type)
        assert.deepEqual([after.rest, after.audit], [before.rest, before.audit + 1])
      }
    }
  })

  test("of who is in a project whoever is in it sees whom they may read there", async () => {
    const project = await addProject(harness, acme)
    const [one, other, third] = [await person(), await person(), await person()]
    await addProjectRole(harness, project, "sees-one", [
      { subject: "member", action: ["read"] },
      { subject: "member", action: ["read"], conditions: { userEmail: third.email }, inverted: true },
    ])
    await putInProject(harness, project, { username: one.email }, "sees-one")
    await putInProject(harness, project, { username: other.email }, "viewer")
    await putInProject(harness, project, { username: third.email }, "viewer")
    const team = await group()
    await putInProject(harness, project, { groupId: team.id }, "viewer")
    const whom = async (token: string) => {
      const { holdings, totalCount } = people.ok(await ask("as-of", about("project", project), token))
      assert.equal(totalCount, holdings.length)
      return new Set(holdings.map(({ holder }: Shown) => holder.id))
    }
    const seen = await whom(one.token)
    assert.deepEqual(
      [seen.has(one.id), seen.has(other.id), seen.has(third.id), seen.has(team.id)],
      [true, true, false, false],
    )
    const all = await whom(acme.token)
    assert.deepEqual([all.has(third.id), all.has(team.id)], [true, true])
  })

  test("what is another organization's, and what is not there, is 404 in the same words", async () => {
    const [one, team, project] = [await person(), await group(), await addProject(harness, acme)]
    for (const [type, { id }] of [
      ["user", one],
      ["group", team],
      ["project", project],
    ] as const) {
      for (const what of ["as-of", "difference"] as const) {
        const absent = randomUUID()
        const more = what === "as-of" ? {} : { from: new Date(0).toISOString() }
        const answer = await ask(what, about(type, { id }, more), elsewhere.token)
        const unknown = await ask(what, about(type, { id: absent }, more), elsewhere.token)
        assert.deepEqual([answer.status, unknown.status], [404, 404])
        assert.equal(answer.body.message.replace(id, ""), unknown.body.message.replace(absent, ""))
      }
    }
  })
})

test("a time that has not come, and times in the wrong order, are refused", async () => {
  const one = await person()
  const [past, future] = [
    new Date(Date.now() - 1_000).toISOString(),
    new Date(Date.now() + 3_600_000).toISOString(),
  ]
  const cases: ["as-of" | "difference", Record<string, string>, number][] = [
    ["as-of", { at: future }, 400],
    ["as-of", { at: "yesterday" }, 422],
    ["as-of", { placeType: "folder" }, 422],
    ["as-of", { limit: "1001" }, 422],
    ["as-of", { at: "0000-01-01T00:00:00Z" }, 200],
    ["difference", {}, 422],
    ["difference", { from: future }, 400],
    ["difference", { from: past, to: future }, 400],
    ["difference", { from: past, to: "2020-01-01T00:00:00Z" }, 400],
    ["difference", { from: "0000-01-01T00:00:00Z", to: "0000-01-01T00:00:00Z" }, 200],
  ]
  for (const [what, more, status] of cases) {
    const answer = await ask(what, about("user", one, more))
    assert.equal(answer.status, status, answer.text)
  }
  for (const kind of ["user", "identity", "group", "project"]) {
    const answer = await ask("as-of", { subjectType: kind, subjectId: "no id" })
    assert.equal(answer.status, 404, answer.text)
  }
})
