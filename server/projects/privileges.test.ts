import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject, type Project } from "../test/projects.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { token } = acme
const call = (method: string, path: string, body?: unknown, as = token) =>
  harness.call(`${method} ${path}`, { token: as, ...(body === undefined ? {} : { body }) })
const [v1, v2] = ["/api/v1/additional-privilege/identity", "/api/v2/identity-project-additional-privilege"]
const ofPeople = "/api/v1/user-project-additional-privilege"

const refused = refusing(harness, "but for its record")

let made = 0
type Kind = "user" | "identity"
/** Somebody who is a viewer of a project by themselves or by a group, and where their privileges are. */
async function somebody(kind: Kind, project: Project, way: "own" | "group" = "own") {
  const email = `privileged-${++made}@example.com`
  const identity = kind === "identity" ? await people.addIdentity(harness, acme, "no-access") : undefined
  const own = identity?.token ?? (await people.addPerson(harness, acme, { email, role: "no-access" }))
  const place = identity ? `machine-identities/${identity.id}` : `users/${email}`
  const group = await people.addGroup(harness, acme, `Privileged ${made}`)
  const join = async () => people.ok(await call("POST", `/api/v1/groups/${group.id}/${place}`))
  const leave = async () => people.ok(await call("DELETE", `/api/v1/groups/${group.id}/${place}`))
  if (way === "own") {
    await putInProject(
      harness,
      project,
      identity ? { identityId: identity.id } : { username: email },
      "viewer",
    )
  } else {
    await putInProject(harness, project, { groupId: group.id }, "viewer")
    await join()
  }
  const account = await harness.db
    .selectFrom("users")
    .select("id")
    .where("username", "=", email)
    .executeTakeFirst()
  const holder = identity
    ? { identityId: identity.id, projectId: project.id }
    : { userId: String(account?.id), projectId: project.id }
  const route = identity ? v2 : ofPeople
  return {
    own,
    holder,
    route,
    join,
    leave,
    give: (body: object, as = token) => call("POST", route, { ...holder, ...body }, as),
    list: async () =>
      people.ok(
        await call("GET", `${route}?${new URLSearchParams(holder as Record<string, string>).toString()}`),
      ).privileges,
    /** Whether they may change the project, which viewers may not. */
    async mayEdit(): Promise<boolean> {
      const body = { description: `changed ${++made}` }
      const { status, text } = await call("PATCH", `/api/v1/projects/${project.id}`, body, own)
      assert.ok([200, 403].includes(status), text)
      return status === 200
    },
  }
}

async function membershipOf(userId: string | undefined, projectId: string): Promise<string> {
  const { id } = await harness.db
    .selectFrom("active_project_user_memberships as pm")
    .innerJoin("active_organization_user_memberships as m", "m.id", "pm.membership_id")
    .select("pm.id")
    .where("pm.project_id", "=", projectId)
    .where("m.user_id", "=", String(userId))
    .executeTakeFirstOrThrow()
  return id
}

const edit = [{ subject: "settings", action: ["edit"] }]
const shown = [{ subject: "settings", action: ["edit"], inverted: false }]
const lasting = { isTemporary: false }
const temporary = (range: string, startsAt = new Date()) => ({
  isTemporary: true,
  temporaryMode: "relative",
  temporaryRange: range,
  temporaryAccessStartTime: startsAt.toISOString(),
})
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

for (const kind of ["user", "identity"] as const) {
  describe(`a privilege of a ${kind}`, () => {
    for (const way of ["own", "group"] as const) {
      test(`is given, read, changed and taken away where they are in by ${way}, from the next request on`, async () => {
        const project = await addProject(harness, acme)
        const who = await somebody(kind, project, way)
        assert.equal(await who.mayEdit(), false)
        const body = { slug: "Editor", permissions: edit, type: lasting }
        const { privilege } = people.ok(await who.give(body))
        const { id, projectMembershipId, createdAt, updatedAt, ...rest } = privilege
        assert.deepEqual(rest, {
          slug: "editor",
          isTemporary: false,
          temporaryMode: null,
          temporaryRange: null,
          temporaryAccessStartTime: null,
          temporaryAccessEndTime: null,
          permissions: shown,
          ...(kind === "user" ? who.holder : {}),
        })
        assert.equal(typeof projectMembershipId, kind === "user" ? "object" : "string")
        assert.equal(createdAt, updatedAt)
        assert.equal(await who.mayEdit(), true)
        assert.deepEqual(people.ok(await call("GET", `${who.route}/${id}`)).privilege, privilege)
        const { permissions: _, ...listed } = privilege
        assert.deepEqual(await who.list(), [listed])

        const change = { slug: "changed", permissions: [], type: lasting }
        const changed = people.ok(await call("PATCH", `${who.route}/${id}`, change)).privilege
        assert.deepEqual([changed.slug, changed.permissions], ["changed", []])
        assert.equal(await who.mayEdit(), false)
        people.ok(await call("PATCH", `${who.route}/${id}`, body))
        assert.equal(await who.mayEdit(), true)
        people.ok(await call("DELETE", `${who.route}/${id}`))
        assert.equal(await who.mayEdit(), false)
        assert.deepEqual(await who.list(), [])
        await refused(() => call("DELETE", `${who.route}/${id}`), 404)
        await refused(() => call("GET", `${who.route}/${id}`), 404)
        const events = await harness.db
          .selectFrom("audit_logs")
          .select(["event_type", "event_metadata"])
          .where("event_type", "like", "%-privilege")
          .orderBy("created_at", "desc")
          .limit(4)
          .execute()
        assert.deepEqual(
          events.map(({ event_type }) => event_type),
          ["delete", "update", "update", "create"].map((deed) => `${deed}-${kind}-privilege`),
        )
        for (const { event_metadata } of events) {
          assert.equal((event_metadata as { privilegeId: string }).privilegeId, id)
        }
      })
    }

    test("that is temporary lapses, and begins, by the clock, and is shown all the while", async () => {
      const project = await addProject(harness, acme)
      const [short, late, past] = [
        await somebody(kind, project),
        await somebody(kind, project),
        await somebody(kind, project),
      ]
      const give = async (who: typeof short, type: object) =>
        people.ok(await who.give({ permissions: edit, type })).privilege
      const given = await give(short, temporary("3s"))
      await give(late, temporary("1h", new Date(Date.now() + 3_000)))
      const gone = await give(past, temporary("1h", new Date("2025-01-01T10:00:00Z")))
      assert.deepEqual(
        [await short.mayEdit(), await late.mayEdit(), await past.mayEdit()],
        [true, false, false],
      )
      assert.deepEqual(
        [gone.temporaryRange, gone.temporaryAccessStartTime, gone.temporaryAccessEndTime, gone.isTemporary],
        ["1h", "2025-01-01T10:00:00.000Z", "2025-01-01T11:00:00.000Z", true],
      )
      await pause(3_200)
      assert.deepEqual(
        [await short.mayEdit(), await late.mayEdit(), await past.mayEdit()],
        [false, true, false],
      )
      for (const who of [short, late, past]) assert.equal((await who.list()).length, 1)
      // It may be given anew, for good.
      const body = { slug: given.slug, permissions: edit, type: lasting }
      const { privilege } = people.ok(await call("PATCH", `${short.route}/${given.id}`, body))
      assert.deepEqual([privilege.isTemporary, privilege.temporaryRange], [false, null])
      assert.equal(await short.mayEdit(), true)
      people.ok(await call("PATCH", `${short.route}/${given.id}`, { ...body, type: temporary("1ms") }))
      await pause(5)
      assert.equal(await short.mayEdit(), false)
    })

    test("has a slug of its own with its holder, and one that is made where none is sent", async () => {
      const project = await addProject(harness, acme)
      const [who, other] = [await somebody(kind, project), await somebody(kind, project)]
      const body = { slug: "once", permissions: edit, type: lasting }
      const answers = await Promise.all(Array.from({ length: 8 }, () => who.give(body)))
      assert.equal(answers.filter(({ status }) => status === 200).length, 1)
      assert.equal(answers.filter(({ status }) => status === 400).length, 7)
      people.ok(await other.give(body))
      const { privilege } = people.ok(await who.give({ permissions: [], type: lasting }))
      assert.match(privilege.slug, /^[a-z0-9]{8}$/)
      await refused(() => call("PATCH", `${who.route}/${privilege.id}`, body), 400)
    })

    test("does not come back with who left, whose slug may be used anew", async () => {
      const project = await addProject(harness, acme)
      const who = await somebody(kind, project, "group")
      const body = { slug: "again", permissions: edit, type: lasting }
      const { privilege } = people.ok(await who.give(body))
      await who.leave()
      await refused(() => who.give(body), 404)
      await who.join()
      assert.equal(await who.mayEdit(), false)
      assert.deepEqual(await who.list(), [])
      await refused(() => call("PATCH", `${who.route}/${privilege.id}`, body), 404)
      people.ok(await who.give(body))
      assert.equal(await who.mayEdit(), true)
    })

    test("is refused in what is wrong with it", async () => {
      const project = await addProject(harness, acme)
      const who = await somebody(kind, project)
      const good = { permissions: edit, type: lasting }
      const start = new Date().toISOString()
      for (const bad of [
        { permissions: edit },
        { type: lasting },
        { ...good, permissions: [{ subject: "settings", action: "fly" }] },
        { ...good, permissions: [{ subject: "secrets", action: "edit", conditions: { secretPath: "x" } }] },
        { ...good, slug: "a b" },
        { ...good, type: { isTemporary: true } },
        { ...good, type: { ...temporary("1h"), temporaryRange: "soon" } },
        { ...good, type: { ...temporary("1h"), temporaryRange: "-1h" } },
        { ...good, type: { ...temporary("1h"), temporaryMode: "absolute" } },
        { ...good, type: { ...temporary("1h"), temporaryAccessStartTime: "yesterday" } },
      ]) {
        await refused(() => who.give(bad), 422)
      }
      for (const far of ["0000-01-01T00:00:00Z", "9999-12-31T00:00:00Z", start.replace("Z", "+99:00")]) {
        const type = { ...temporary("1000y"), temporaryAccessStartTime: far }
        const { status, text } = await who.give({ ...good, type })
        assert.ok([400, 422].includes(status), text)
      }
      assert.deepEqual(await who.list(), [])
    })

    test("is nobody's to give who lacks the right, or what it allows", async () => {
      const project = await addProject(harness, acme)
      const who = await somebody(kind, project)
      const subject = kind === "user" ? "member" : "identity"
      const field = kind === "user" ? "userEmail" : "identityId"
      const held = [{ subject, action: ["edit"] }, ...edit]
      const give = (conditions?: object) => ({
        subject,
        action: ["assign-additional-privileges"],
        ...(conditions ? { conditions } : {}),
      })
      const boundary = "PermissionBoundaryError"
      const body = { permissions: edit, type: lasting }
      for (const [rules, error] of [
        [held, boundary],
        [[...held.slice(0, 1), give()], boundary],
        [[give(), ...edit], "PermissionDenied"],
        [[...held, give({ [field]: "somebody else" })], boundary],
        [[...held, give({ assignableSubject: "secrets" })], boundary],
        [[...held, give({ assignableSubject: "settings", assignableAction: { $ne: "edit" } })], boundary],
        [[...held, give(), { ...give({ assignableSubject: "settings" }), inverted: true }], boundary],
        [[...held, give()], undefined],
        [[...held, give({ assignableSubject: "settings", assignableAction: { $in: ["edit"] } })], undefined],
      ] as [typeof held, string | undefined][]) {
        const slug = `giver-${++made}`
        await addProjectRole(harness, project, slug, rules)
        const giver = await people.addIdentity(harness, acme, "no-access")
        await putInProject(harness, project, { identityId: giver.id }, slug)
        if (error === undefined) people.ok(await who.give(body, giver.token))
        else await refused(() => who.give(body, giver.token), 403, error)
      }
    })

    test("that forbids its holder something is not theirs to take away", async () => {
      const project = await addProject(harness, acme)
      const who = await somebody(kind, project)
      const subject = kind === "user" ? "member" : "identity"
      const all = [{ subject, action: ["edit", "assign-additional-privileges"], inverted: false }, ...edit]
      people.ok(await who.give({ permissions: all, type: lasting }))
      const ban = { slug: "ban", permissions: [{ ...edit[0], inverted: true }], type: lasting }
      const { id } = people.ok(await who.give(ban)).privilege
      assert.equal(await who.mayEdit(), false)
      await refused(() => call("DELETE", `${who.route}/${id}`, undefined, who.own), 403)
      const lifted = { ...ban, permissions: [] }
      await refused(() => call("PATCH", `${who.route}/${id}`, lifted, who.own), 403)
      await refused(
        () => call("PATCH", `${who.route}/${id}`, { ...ban, type: temporary("1ms") }, who.own),
        403,
      )
      people.ok(await call("DELETE", `${who.route}/${id}`))
      assert.equal(await who.mayEdit(), true)
    })
  })
}

describe("what older clients send", () => {
  const conditions = { environment: "dev", secretPath: { $glob: "/apps/**" } }

  test("is about the same privileges, by slug", async () => {
    const project = await addProject(harness, acme)
    const who = await somebody("identity", project)
    const named = { identityId: String(who.holder.identityId), projectSlug: project.slug }
    const query = new URLSearchParams(named).toString()
    const short = { privilegePermission: { actions: ["read", "edit"], subject: "secrets", conditions } }
    const { privilege } = people.ok(
      await call("POST", `${v1}/permanent`, { ...named, slug: "one", ...short }),
    )
    const rule = (action: string) => ({ subject: "secrets", action: [action], inverted: false, conditions })
    assert.deepEqual(privilege.permissions, [rule("read"), rule("edit")])
    assert.deepEqual(people.ok(await call("GET", `${v2}/${privilege.id}`)).privilege, privilege)
    const v2Slug = await call("GET", `${v2}/slug/one?${query}`)
    assert.deepEqual(people.ok(v2Slug).privilege, privilege)
    assert.deepEqual(people.ok(await call("GET", `${v1}/one?${query}`)).privilege, privilege)
    assert.deepEqual(people.ok(await call("GET", `${v1}?${query}`)).privileges, [privilege])
    await refused(() => call("POST", `${v1}/permanent`, { ...named, slug: "one", ...short }), 400)
    await refused(() => call("POST", `${v1}/permanent`, { ...named, slug: "two" }), 422)

    const patch = (privilegeDetails: object, privilegeSlug = "one") =>
      call("PATCH", v1, { ...named, privilegeSlug, privilegeDetails })
    const { isTemporary, ...time } = temporary("1h")
    const changed = people.ok(await patch({ slug: "two", isTemporary, ...time })).privilege
    assert.deepEqual(
      [changed.slug, changed.permissions, changed.isTemporary, changed.temporaryRange],
      ["two", privilege.permissions, true, "1h"],
    )
    const again = people.ok(await patch({ permissions: [{ subject: "settings", action: "edit" }] }, "two"))
    assert.deepEqual([again.privilege.permissions, again.privilege.isTemporary], [shown, true])
    assert.equal(await who.mayEdit(), true)
    assert.equal(people.ok(await patch({ isTemporary: false }, "two")).privilege.isTemporary, false)
    await refused(() => patch({ isTemporary: true }, "two"), 422)
    await refused(() => patch({}, "one"), 404)
    const body = { ...named, privilegeSlug: "two" }
    people.ok(await call("DELETE", v1, body))
    await refused(() => call("DELETE", v1, body), 404)
    const given = { ...named, slug: "three", permissions: edit, ...time }
    assert.equal(people.ok(await call("POST", `${v1}/temporary`, given)).privilege.isTemporary, true)
  })

  test("by a membership of a person is the same as by project and account", async () => {
    const project = await addProject(harness, acme)
    const who = await somebody("user", project)
    const id = await membershipOf(who.holder.userId, project.id)
    const given = { projectMembershipId: id, permissions: edit, type: lasting }
    const { privilege } = people.ok(await call("POST", ofPeople, given))
    assert.deepEqual((await who.list())[0].id, privilege.id)
    const listed = people.ok(await call("GET", `${ofPeople}?projectMembershipId=${id}`)).privileges
    assert.deepEqual(listed, await who.list())
    await refused(() => call("GET", `${ofPeople}?projectId=${project.id}`), 422)
  })

  test("or by both, where they are one", async () => {
    const [project, elsewhere] = [await addProject(harness, acme), await addProject(harness, acme)]
    const [who, other] = [await somebody("user", project), await somebody("user", project)]
    const projectMembershipId = await membershipOf(who.holder.userId, project.id)
    const { userId } = who.holder
    const given = { projectMembershipId, permissions: edit, type: lasting }
    const named = [{ projectId: project.id, userId }, { projectId: project.id.toUpperCase() }, { userId }]
    for (const both of named) people.ok(await call("POST", ofPeople, { ...given, ...both }))
    const contradictions = [
      { projectId: elsewhere.id, userId },
      { projectId: project.id, userId: other.holder.userId },
      { projectId: "no-id" },
      { userId: randomUUID() },
    ]
    for (const both of contradictions) {
      await refused(() => call("POST", ofPeople, { ...given, ...both }), 400)
      const query = new URLSearchParams({ projectMembershipId, ...both } as Record<string, string>)
      await refused(() => call("GET", `${ofPeople}?${query.toString()}`), 400)
    }
  })
})

test("in the legacy privilege system who gives must besides hold what the holder holds", async () => {
  await harness.db.updateTable("organizations").set({ uses_new_privilege_system: false }).execute()
  const project = await addProject(harness, acme)
  const who = await somebody("identity", project)
  await addProjectRole(harness, project, "giver", [{ subject: "identity", action: ["edit"] }, ...edit])
  const [less, more] = [
    await people.addIdentity(harness, acme, "no-access"),
    await people.addIdentity(harness, acme, "no-access"),
  ]
  await putInProject(harness, project, { identityId: less.id }, "giver")
  await putInProject(harness, project, { identityId: more.id }, "giver", "viewer")
  const body = { permissions: edit, type: lasting }
  await refused(() => who.give(body, less.token), 403, "PermissionBoundaryError")
  people.ok(await who.give(body, more.token))
})
