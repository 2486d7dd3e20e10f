import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { sql } from "kysely"
import { builtInProjectRules } from "../access/project-roles.ts"
import { filledIn, namesIn } from "../access/templates.ts"
import { projectActions, type ProjectPermission } from "../access/vocabulary.ts"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import * as projects from "../test/projects.ts"
import { projectRights, rulesHeldBy } from "./held.ts"
import { rangeMs } from "./temporary.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { token } = acme
const permissions = Object.entries(projectActions).flatMap(([subject, actions]) =>
  actions.map((action) => [action, subject] as unknown as ProjectPermission),
)
const named = { id: "me", username: "me@example.com", metadata: {} }
const may = async (keys: string[]) => {
  const { can } = await projectRights(harness.db, { orgId: acme.id, named }, keys)
  return permissions
    .filter((permission) => can(permission))
    .map(([action, subject]) => `${action} ${subject}`)
}

let made = 0
type Kind = "user" | "identity"
/** Somebody without a right in the organization, and what they may do in a project. */
async function somebody(kind: Kind) {
  const email = `somebody-${++made}@example.com`
  const identity = kind === "identity" ? await people.addIdentity(harness, acme, "no-access") : undefined
  const own = identity?.token ?? (await people.addPerson(harness, acme, { email, role: "no-access" }))
  const member = identity ? { identityId: identity.id } : { username: email }
  const way = identity ? `machine-identities/${identity.id}` : `users/${email}`
  return {
    token: own,
    member,
    join: async (groupId: string) =>
      void people.ok(await harness.call(`POST /api/v1/groups/${groupId}/${way}`, { token })),
    leave: async (groupId: string) =>
      void people.ok(await harness.call(`DELETE /api/v1/groups/${groupId}/${way}`, { token })),
    /** What changing and reading the project is answered with. */
    async standing(project: projects.Project): Promise<[get: number, patch: number]> {
      const route = `/api/v1/projects/${project.id}`
      const get = await harness.call(`GET ${route}`, { token: own })
      const patch = await harness.call(`PATCH ${route}`, { token: own, body: { description: "x" } })
      return [get.status, patch.status]
    },
  }
}

for (const kind of ["user", "identity"] as const) {
  describe(`what a ${kind} may do in a project`, () => {
    test("is what a role of their own allows, in that project alone", async () => {
      const [project, other] = [
        await projects.addProject(harness, acme),
        await projects.addProject(harness, acme),
      ]
      const who = await somebody(kind)
      assert.deepEqual(await who.standing(project), [403, 403])
      await projects.putInProject(harness, project, who.member, "member")
      assert.deepEqual(await who.standing(project), [200, 200])
      assert.deepEqual(await who.standing(other), [403, 403])
    })

    test("is what a group's role allows, from joining to leaving", async () => {
      const project = await projects.addProject(harness, acme)
      const group = await people.addGroup(harness, acme, `Group ${++made}`)
      await projects.putInProject(harness, project, { groupId: group.id }, "member")
      const who = await somebody(kind)
      assert.deepEqual(await who.standing(project), [403, 403])
      await who.join(group.id)
      assert.deepEqual(await who.standing(project), [200, 200])
      await who.leave(group.id)
      assert.deepEqual(await who.standing(project), [403, 403])
    })

    test("is the union of both, each with its source", async () => {
      const project = await projects.addProject(harness, acme)
      const group = await people.addGroup(harness, acme, `Group ${++made}`)
      await projects.putInProject(harness, project, { groupId: group.id }, "member")
      const who = await somebody(kind)
      await projects.putInProject(harness, project, who.member, "viewer")
      assert.deepEqual(await who.standing(project), [200, 403])
      await who.join(group.id)
      assert.deepEqual(await who.standing(project), [200, 200])
      const table = kind === "user" ? "project_user_memberships" : "project_identity_memberships"
      const membership = await harness.db
        .selectFrom(table)
        .select(["id", "membership_id"])
        .where("project_id", "=", project.id)
        .orderBy("valid_from", "desc")
        .executeTakeFirstOrThrow()
      const place = { orgId: acme.id, projectId: project.id, membershipId: membership.membership_id }
      const held = await rulesHeldBy(harness.db, kind, place)
      assert.deepEqual(
        held.map(({ key, source_kind, source_id }) => [key, source_kind, source_id]),
        [
          ["member", "group", group.id],
          ["viewer", "own", membership.id],
        ],
      )
      await who.leave(group.id)
      assert.deepEqual(await who.standing(project), [200, 403])
    })

    test("follows a custom role when that changes, at the next request", async () => {
      const project = await projects.addProject(harness, acme)
      await projects.addProjectRole(harness, project, "editors", [{ subject: "settings", action: ["edit"] }])
      const who = await somebody(kind)
      await projects.putInProject(harness, project, who.member, "editors")
      assert.deepEqual(await who.standing(project), [200, 200])
      const change = (rules: object[]) =>
        harness.db
          .updateTable("project_roles")
          .set({ permissions: JSON.stringify(rules) })
          .where("project_id", "=", project.id)
          .execute()
      await change([])
      assert.deepEqual(await who.standing(project), [200, 403])
      await change([{ subject: "settings", action: ["edit"] }])
      assert.deepEqual(await who.standing(project), [200, 200])
    })

    test("ends with a temporary role by the clock, and begins with one that is to come", async () => {
      const project = await projects.addProject(harness, acme)
      const [short, late] = [await somebody(kind), await somebody(kind)]
      await projects.putInProject(harness, project, short.member, "viewer", { role: "member", range: "2s" })
      const startsAt = new Date(Date.now() + 2_000)
      await projects.putInProject(harness, project, late.member, "viewer", {
        role: "member",
        range: "1h",
        startsAt,
      })
      assert.deepEqual(await short.standing(project), [200, 200])
      assert.deepEqual(await late.standing(project), [200, 403])
      await new Promise((resolve) => setTimeout(resolve, 2_100))
      assert.deepEqual(await short.standing(project), [200, 403])
      assert.deepEqual(await late.standing(project), [200, 200])
    })

    test("grows by an additional privilege, as long as they are in without a break", async () => {
      const project = await projects.addProject(harness, acme)
      const group = await people.addGroup(harness, acme, `Group ${++made}`)
      await projects.putInProject(harness, project, { groupId: group.id }, "viewer")
      const who = await somebody(kind)
      await who.join(group.id)
      assert.deepEqual(await who.standing(project), [200, 403])
      const rules = [{ subject: "settings", action: ["edit"] }]
      await projects.addPrivilege(harness, project, who.member, rules)
      assert.deepEqual(await who.standing(project), [200, 200])
      await who.leave(group.id)
      assert.deepEqual(await who.standing(project), [403, 403])
      await who.join(group.id)
      assert.deepEqual(await who.standing(project), [200, 403])
    })

    test("is nothing by a privilege alone", async () => {
      const project = await projects.addProject(harness, acme)
      const who = await somebody(kind)
      await projects.addPrivilege(harness, project, who.member, builtInProjectRules.admin as never)
      assert.deepEqual(await who.standing(project), [403, 403])
    })
  })
}

test("a privilege that was given while invited counts from the acceptance on", async () => {
  const project = await projects.addProject(harness, acme)
  const group = await people.addGroup(harness, acme, "Invited")
  await projects.putInProject(harness, project, { groupId: group.id }, "viewer")
  const email = "invited@example.com"
  const invitation = await people.invite(harness, acme, email, "no-access")
  people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/${email}`, { token }))
  await projects.addPrivilege(harness, project, { username: email }, [
    { subject: "settings", action: ["edit"] },
  ])
  const own = await people.select(harness, await people.accept(harness, invitation), acme.id)
  const body = { description: "changed" }
  people.ok(await harness.call(`PATCH /api/v1/projects/${project.id}`, { token: own, body }))
})

describe("everything in projects ends", () => {
  const open = async () => {
    const counts: Record<string, number> = {}
    for (const table of [
      "project_user_memberships",
      "project_user_role_grants",
      "project_user_privileges",
      "project_identity_memberships",
      "project_identity_role_grants",
      "project_identity_privileges",
      "project_group_memberships",
      "project_group_role_grants",
    ] as const) {
      const { rows } = await sql<{ size: string }>`
        select count(*) as size from ${sql.table(table)} where not is_closed`.execute(harness.db)
      counts[table] = Number(rows[0]?.size)
    }
    return counts
  }
  const less = (before: Record<string, number>, after: Record<string, number>) =>
    Object.fromEntries(
      Object.entries(before)
        .map(([table, size]) => [table, size - (after[table] ?? 0)])
        .filter(([, difference]) => difference !== 0),
    )
  const rules = [{ subject: "settings", action: ["edit"] }]

  test("with the membership in the organization, and does not come back with it", async () => {
    const project = await projects.addProject(harness, acme)
    const email = "leaver@example.com"
    await people.addPerson(harness, acme, { email })
    await projects.putInProject(harness, project, { username: email }, "viewer", "member")
    await projects.addPrivilege(harness, project, { username: email }, rules)
    const before = await open()
    const membershipId = await people.membershipIdOf(harness, acme, email)
    const route = `DELETE /api/v2/organizations/${acme.id}/memberships/${membershipId}`
    people.ok(await harness.call(route, { token }))
    assert.deepEqual(less(before, await open()), {
      project_user_memberships: 1,
      project_user_role_grants: 2,
      project_user_privileges: 1,
    })
    const invitation = await people.invite(harness, acme, email)
    people.ok(
      await harness.call("POST /api/v1/invite-org/verify", {
        body: invitation,
        token: await people.signIn(harness, email),
      }),
    )
    const own = await people.select(harness, await people.signIn(harness, email), acme.id)
    assert.equal((await harness.call(`GET /api/v1/projects/${project.id}`, { token: own })).status, 403)
  })

  test("with the account", async () => {
    const project = await projects.addProject(harness, acme)
    const email = "gone@example.com"
    const own = await people.addPerson(harness, acme, { email })
    await projects.putInProject(harness, project, { username: email }, "viewer")
    const before = await open()
    people.ok(await harness.call("DELETE /api/v2/users/me", { token: own }))
    assert.deepEqual(less(before, await open()), { project_user_memberships: 1, project_user_role_grants: 1 })
  })

  test("with the machine identity", async () => {
    const project = await projects.addProject(harness, acme)
    const { id } = await people.addIdentity(harness, acme, "member")
    await projects.putInProject(harness, project, { identityId: id }, "viewer")
    await projects.addPrivilege(harness, project, { identityId: id }, rules)
    const before = await open()
    people.ok(await harness.call(`DELETE /api/v1/identities/${id}`, { token }))
    assert.deepEqual(less(before, await open()), {
      project_identity_memberships: 1,
      project_identity_role_grants: 1,
      project_identity_privileges: 1,
    })
  })

  test("with the group", async () => {
    const project = await projects.addProject(harness, acme)
    const { id } = await people.addGroup(harness, acme, "Ends")
    await projects.putInProject(harness, project, { groupId: id }, "viewer")
    const before = await open()
    people.ok(await harness.call(`DELETE /api/v1/groups/${id}`, { token }))
    assert.deepEqual(less(before, await open()), {
      project_group_memberships: 1,
      project_group_role_grants: 1,
    })
  })

  test("with the organization", async () => {
    const beta = await people.addOrganization(harness, acme, "beta@beta.example")
    await projects.addProject(harness, beta)
    const before = await open()
    people.ok(await harness.call(`DELETE /api/v2/organizations/${beta.id}`, { token: beta.adminToken }))
    assert.deepEqual(less(before, await open()), {
      project_user_memberships: 1,
      project_user_role_grants: 1,
      project_identity_memberships: 1,
      project_identity_role_grants: 1,
    })
  })
})

describe("what roles mean together", () => {
  test("what one of them allows, each once and in any order", async () => {
    assert.deepEqual(await may([]), [])
    assert.deepEqual(await may(["viewer", "no-access"]), await may(["viewer", "viewer"]))
    assert.deepEqual(await may(["member", "admin"]), await may(["admin"]))
    assert.equal((await may(["admin"])).length, permissions.length)
    assert.deepEqual(await may(["owner", "project-role:x"].slice(0, 1)), [])
  })
})

describe("rules that name who asks", () => {
  const rules = [
    {
      subject: "secrets",
      action: "readValue",
      conditions: {
        environment: "{{identity.metadata.env}}",
        secretPath: { $glob: "/{{ identity.username }}/**", $in: ["/{{identity.id}}", "/x"] },
        secretName: "{{identity.metadata.unknown}} {{identity.auth.oidc}} {{other.id}}",
      },
    },
    { subject: "{{identity.id}}", action: "read" },
  ]
  const who = { id: "one", username: "a*b", metadata: { env: "prod", "": "empty" } }

  test("are told by the names that they use", () => {
    assert.deepEqual(namesIn(rules), ["auth.oidc", "id", "metadata.env", "metadata.unknown", "username"])
    assert.deepEqual(namesIn(builtInProjectRules.admin), [])
  })

  test("have the caller's values in their conditions, and what names nothing stays as it is", () => {
    assert.deepEqual(filledIn(rules, who), [
      {
        subject: "secrets",
        action: "readValue",
        conditions: {
          environment: "prod",
          // A value is a text, also in a pattern.
          secretPath: { $glob: "/a\\*b/**", $in: ["/one", "/x"] },
          secretName: "{{identity.metadata.unknown}} {{identity.auth.oidc}} {{other.id}}",
        },
      },
      { subject: "{{identity.id}}", action: "read" },
    ])
    const odd = { ...who, metadata: { env: "{{identity.id}}", constructor: "c" } }
    const [first] = filledIn(rules, odd)
    assert.equal(first?.conditions?.["environment"], "{{identity.id}}")
    const pattern = (secretPath: string) => [
      { subject: "secrets", action: "read", conditions: { secretPath: { $glob: secretPath } } },
    ]
    const nothing = filledIn(pattern("/{{identity.metadata.*}}/*"), who)
    assert.deepEqual(nothing, pattern("/\\{\\{identity\\.metadata\\.\\*\\}\\}/*"))
    const inherited = [
      { subject: "secrets", action: "read", conditions: { environment: "{{identity.metadata.toString}}" } },
    ]
    assert.deepEqual(filledIn(inherited, who), inherited)
  })

  test("are shared by nobody whose values differ", async () => {
    const project = await projects.addProject(harness, acme)
    await projects.addProjectRole(harness, project, "own-folder", [
      { subject: "secrets", action: ["readValue"], conditions: { secretPath: "/{{identity.username}}" } },
    ])
    const role = await harness.db
      .selectFrom("project_roles")
      .select(["id", "rules_digest"])
      .where("project_id", "=", project.id)
      .executeTakeFirstOrThrow()
    const key = `project-role:${role.id}:${role.rules_digest}`
    const rights = (username: string) =>
      projectRights(harness.db, { orgId: acme.id, named: { ...named, username } }, ["viewer", key])
    const [ada, grace, again] = [await rights("ada"), await rights("grace"), await rights("ada")]
    assert.notEqual(ada, grace)
    assert.equal(ada, again)
    assert.deepEqual(ada.rules.at(-1)?.conditions, { secretPath: "/ada" })
    assert.deepEqual(grace.rules.at(-1)?.conditions, { secretPath: "/grace" })
  })
})

test("a length of time is an amount and a unit", () => {
  const good: [string, number][] = [
    ["1h", 3_600_000],
    ["30d", 2_592_000_000],
    ["1.5 hours", 5_400_000],
    ["90", 90],
    ["2 Weeks", 1_209_600_000],
  ]
  for (const [range, length] of good) assert.equal(rangeMs(range), length, range)
  for (const bad of ["", "h", "-1h", "0s", "1 fortnight", "1h1m", "1e9y", "9999999999999y", "1h\0"]) {
    assert.equal(rangeMs(bad), undefined, bad)
  }
})
