import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { sql } from "kysely"
import { startHarness } from "../test/harness.ts"
import type { Answer, Call } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject, putInProject } from "../test/projects.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { token } = acme
const elsewhere = await people.addOrganization(harness, acme)

let made = 0
async function addPerson(role = "member") {
  const email = `guest-${++made}@example.com`
  return { email, token: await people.addPerson(harness, acme, { email, role }) }
}
const bob = await addPerson()

/** The preview of a call, which has changed nothing. */
async function preview(route: string, { body, ...options }: Call = {}): Promise<Answer> {
  const [method, path] = route.split(" ")
  const before = await harness.state()
  const asked = { token, ...options, body: { method, path, ...(body ? { body } : {}) } }
  const answer = await harness.call("POST /api/v1/access/preview", asked)
  if (answer.status === 200) assert.deepEqual(await harness.state(), before)
  return answer
}
const previewed = async (route: string, options?: Call) => people.ok(await preview(route, options))

type Access = { subject: string; actions: string[]; environment?: string; secretPaths?: string[] }
const about = (all: Access[], subject: string): Access[] => all.filter((each) => each.subject === subject)
const customRole = async (
  projectId: string,
  permissions: unknown[],
): Promise<{ id: string; slug: string }> => {
  const body = { slug: `role-${++made}`, name: "Role", permissions }
  return people.ok(await harness.call(`POST /api/v1/projects/${projectId}/roles`, { token, body })).role
}

describe("a preview", () => {
  test("of adding somebody to a group has what they gain in the organization and in its projects", async () => {
    const group = await people.addGroup(harness, acme, "Ops", "admin")
    const project = await addProject(harness, acme)
    await putInProject(harness, project, { groupId: group.id }, "viewer")
    const body = await previewed(`POST /api/v1/groups/${group.id}/users/${bob.email}`)
    assert.equal(body.answer.username, bob.email)
    assert.deepEqual(body.people, { affected: 1, compared: 1, total: 1 })
    assert.deepEqual(body.machineIdentities, { affected: 0, compared: 0, total: 0 })
    const [inOrganization, inProject] = body.changes
    assert.equal(body.changes.length, 2)
    assert.equal(inOrganization.project, null)
    assert.equal(inOrganization.membership, "kept")
    const actions = ["create", "edit", "delete"]
    assert.deepEqual(about(inOrganization.gained, "member"), [{ subject: "member", actions }])
    assert.deepEqual(inProject.project, { id: project.id, name: project.name })
    assert.equal(inProject.membership, "gained")
    assert.equal(inProject.when, "now")
    const reading = { subject: "secrets", actions: ["read", "describeSecret", "readValue"] }
    assert.deepEqual(about(inProject.gained, "secrets"), [reading])
    assert.deepEqual(
      inProject.people.shown.map(({ name }: { name: string }) => name),
      [bob.email],
    )
    assert.equal(body.isComplete, true)
  })

  test("of what gives nothing that somebody does not have shows nothing", async () => {
    const group = await people.addGroup(harness, acme, "Idle")
    const project = await addProject(harness, acme)
    await putInProject(harness, project, { groupId: group.id }, "viewer")
    await putInProject(harness, project, { username: bob.email }, "admin")
    const body = await previewed(`POST /api/v1/groups/${group.id}/users/${bob.email}`)
    assert.deepEqual(body.people, { affected: 0, compared: 1, total: 1 })
    assert.deepEqual(body.changes, [])
  })

  test("of a role tells folders of environments apart, and says where rules may show on single things", async () => {
    const project = await addProject(harness, acme)
    const { id: projectId } = project
    const folder = { projectId, environment: "prod", name: "app" }
    people.ok(await harness.call("POST /api/v2/folders", { token, body: folder }))
    const role = await customRole(projectId, [])
    await putInProject(harness, project, { username: bob.email }, role.slug)
    const conditions = { environment: "prod", secretPath: { $glob: "/app/**" } }
    const permissions = [
      { subject: "secrets", action: ["readValue"], conditions: { environment: "prod" } },
      {
        subject: "secret-folders",
        action: ["create"],
        conditions: { environment: "prod", secretPath: "/app" },
      },
      { subject: "member", action: ["read"], conditions: { userEmail: "eve@example.com" } },
      { subject: "secrets", action: ["edit"], conditions: { ...conditions, secretName: "KEY" } },
    ]
    const body = await previewed(`PATCH /api/v1/projects/${projectId}/roles/${role.id}`, {
      body: { permissions },
    })
    const [change] = body.changes
    assert.deepEqual(change.gained, [
      { subject: "member", actions: ["read"] },
      {
        subject: "secrets",
        actions: ["readValue"],
        environment: "prod",
        secretPaths: ["/", "/app"],
        folders: 2,
      },
      {
        subject: "secret-folders",
        actions: ["create"],
        environment: "prod",
        secretPaths: ["/app"],
        folders: 1,
      },
    ])
    assert.deepEqual(change.lost, [])
    assert.deepEqual(change.mayDiffer.toSorted(), ["member", "secret-folders", "secrets"])
    assert.equal(change.membership, "kept")
    assert.deepEqual(body.people, { affected: 1, compared: 1, total: 1 })
  })

  test("of what somebody has not accepted yet, or who is inactive, says when it shows", async () => {
    const { email } = await people.invite(harness, acme, "invited@example.com")
    const project = await addProject(harness, acme)
    const route = `POST /api/v1/projects/${project.id}/memberships`
    const body = { usernames: [email], roleSlugs: ["viewer"] }
    const [change] = (await previewed(route, { body })).changes
    assert.equal(change.when, "when-accepted")
    assert.equal(change.membership, "gained")
    const strangers = { emails: ["nobody-yet@example.com"], roleSlugs: ["viewer"] }
    const stranger = await previewed(route, { body: strangers })
    assert.deepEqual(stranger.people, { affected: 1, compared: 1, total: 1 })
    assert.equal(stranger.changes[0].when, "when-accepted")
    const membershipId = await people.membershipIdOf(harness, acme, bob.email)
    const place = `PATCH /api/v2/organizations/${acme.id}/memberships/${membershipId}`
    const inactive = await previewed(place, { body: { isActive: false } })
    assert.ok(inactive.changes.length > 1)
    for (const { lost, gained, when } of inactive.changes) {
      assert.equal(when, "now")
      assert.ok(lost.length > 0)
      assert.deepEqual(gained, [])
    }
  })

  test("of a deletion has what all members of a group lose, and of a project what all in it do", async () => {
    const group = await people.addGroup(harness, acme, "Short-lived", "no-access")
    const project = await addProject(harness, acme)
    const machine = await people.addIdentity(harness, acme, "no-access")
    await putInProject(harness, project, { groupId: group.id }, "viewer")
    for (const path of [`users/${bob.email}`, `machine-identities/${machine.id}`])
      people.ok(await harness.call(`POST /api/v1/groups/${group.id}/${path}`, { token }))
    const body = await previewed(`DELETE /api/v1/groups/${group.id}`)
    assert.deepEqual([body.people.affected, body.machineIdentities.affected], [1, 1])
    const [change] = body.changes
    assert.equal(change.membership, "lost")
    assert.deepEqual([change.people.count, change.machineIdentities.count], [1, 1])
    assert.ok(about(change.lost, "secrets").length > 0)
    const ended = await previewed(`DELETE /api/v1/projects/${project.id}`)
    assert.deepEqual([ended.people.affected, ended.machineIdentities.affected], [2, 2])
    assert.deepEqual(ended.lastAdmin, { organization: false, projects: [], projectCount: 0 })
  })

  test("says when a project is left without an admin", async () => {
    const project = await addProject(harness, acme)
    const { projects } = await sql<{ projects: string[] }>`
      select array_agg(id) as projects from active_project_user_memberships
      where project_id = ${project.id}`
      .execute(harness.db)
      .then(({ rows: [row] }) => ({ projects: row?.projects ?? [] }))
    const own = `PATCH /api/v1/projects/${project.id}/memberships/${projects[0]}`
    const roles = { roles: [{ role: "viewer" }] }
    const first = await previewed(own, { body: roles })
    assert.deepEqual(first.lastAdmin, { organization: false, projects: [], projectCount: 0 })
    people.ok(await harness.call(own, { token, body: roles }))
    const machineId = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).identityId
    const machine = `PATCH /api/v1/projects/${project.id}/memberships/identities/${machineId}`
    const last = await preview(machine, { body: roles })
    if (last.status === 200)
      assert.deepEqual(last.body.lastAdmin, {
        organization: false,
        projects: [{ id: project.id, name: project.name }],
        projectCount: 1,
      })
  })
})

describe("a preview of many", () => {
  test("has each of them, as JSON and as CSV, and what becomes of the rows", async () => {
    const group = await people.addGroup(harness, acme, "Many", "admin")
    const usernames = await people.inviteMany(harness, acme, 120)
    const members = usernames.map((username) => ({ username }))
    const route = `/api/v1/groups/${group.id}/members/bulk`
    const body = await previewed(`POST ${route}`, { body: { members } })
    assert.deepEqual(body.answer, { added: 120, removed: 0, unchanged: 0, failed: [] })
    assert.deepEqual(body.people, { affected: 120, compared: 120, total: 120 })
    assert.equal(body.changes.length, 1)
    assert.equal(body.changes[0].people.count, 120)
    assert.equal(body.changes[0].people.shown.length, 25)
    const rawBody = `username\n${usernames.join("\n")}\n`
    const headers = { "content-type": "text/csv" }
    const csv = await harness.call(`POST ${route}?dryRun=true`, { token, rawBody, headers })
    assert.deepEqual(people.ok(csv), body)
  })
})

describe("a refusal", () => {
  /** The same of the act and of its preview, but for the id of the request; nothing is done. */
  async function refused(route: string, status: number, options: Call = {}): Promise<Answer> {
    const before = await harness.state()
    const rest = async () => {
      const { audit_logs: _denials, ...others } = await harness.state()
      return others
    }
    const { audit_logs: _before, ...unchanged } = before
    const asked = await preview(route, options)
    assert.equal(asked.status, status, asked.text)
    const done = await harness.call(route, { token, ...options })
    assert.deepEqual({ ...asked.body, reqId: "" }, { ...done.body, reqId: "" })
    assert.deepEqual(await rest(), unchanged)
    return asked
  }

  test("is what the act answers: absent, another organization's, conflicts, input", async () => {
    const group = await people.addGroup(harness, acme, "Refusing")
    const strange = await people.addGroup(harness, elsewhere, "Strange")
    await refused(`POST /api/v1/groups/${group.id}/users/nobody@example.com`, 404)
    await refused(`POST /api/v1/groups/${strange.id}/users/${bob.email}`, 404)
    await refused(`DELETE /api/v1/groups/${group.id}/users/${bob.email}`, 403)
    await refused(`POST /api/v1/groups`, 400, { body: { name: "Refusing" } })
    await refused(`POST /api/v1/groups`, 422, { body: { name: "" } })
    await refused(`POST /api/v1/groups/%zz/users/${bob.email}`, 400)
    await refused(`DELETE /api/v1/groups/${group.id}`, 412, { headers: { "if-match": '"another"' } })
    await refused(`POST /api/v1/groups/${group.id}/users/${bob.email}`, 400, { headers: { "if-match": "*" } })
  })

  test("for a right or for the boundary is recorded as that of the act is", async () => {
    const group = await people.addGroup(harness, acme, "Guarded", "admin")
    const before = (await harness.state())["audit_logs"]?.length ?? 0
    await refused(`POST /api/v1/groups/${group.id}/users/${bob.email}`, 403, { token: bob.token })
    const rules = [{ subject: "groups", action: ["read", "edit"] }]
    const role = { slug: "editor", name: "Editor", permissions: rules }
    people.ok(await harness.call("POST /api/v1/organization/roles", { token, body: role }))
    const editor = await addPerson("editor")
    const between = (await harness.state())["audit_logs"]?.length ?? 0
    assert.ok(between >= before + 2)
    const answer = await refused(`POST /api/v1/groups/${group.id}/users/${bob.email}`, 403, {
      token: editor.token,
    })
    assert.equal(answer.body.error, "PermissionBoundaryError")
    assert.ok(answer.body.details.missingPermissions.length > 0)
    const rows = await harness.db
      .selectFrom("audit_logs")
      .select("event_metadata")
      .orderBy("created_at", "desc")
      .limit(2)
      .execute()
    assert.equal((await harness.state())["audit_logs"]?.length, between + 2)
    assert.deepEqual(rows[0]?.event_metadata, rows[1]?.event_metadata)
  })

  test("of the endpoint for previews: no such route, none that is previewed, or itself", async () => {
    assert.equal((await preview("POST /api/v1/nothing")).status, 404)
    assert.equal((await preview("PATCH /api/v1/groups")).status, 404)
    const group = await people.addGroup(harness, acme, "Still there")
    assert.equal((await preview(`DELETE /api/v1/groups/${group.id}/`)).status, 404)
    for (const path of ["access/preview", "identities/search", "projects"])
      assert.equal((await preview(`POST /api/v1/${path}`, { body: {} })).status, 422, path)
    assert.equal((await preview(`DELETE /api/v1/groups/${group.id}?dryRun=maybe`)).status, 422)
    const nobody = await preview(`DELETE /api/v1/groups/${group.id}`, { token: undefined })
    assert.equal(nobody.status, 401)
    const outside = await preview(`DELETE /api/v1/groups/${group.id}`, { token: acme.signedInToken })
    assert.equal(outside.status, 401)
  })
})

describe("what the caller may not read", () => {
  test("is counted: people, projects that they are not in, folders", async () => {
    const rules = [{ subject: "groups", action: ["read", "edit", "add-members", "remove-members"] }]
    const role = { slug: "group-keeper", name: "Keeper", permissions: rules }
    people.ok(await harness.call("POST /api/v1/organization/roles", { token, body: role }))
    const keeper = await addPerson("group-keeper")
    const group = await people.addGroup(harness, acme, "Hidden")
    const hidden = await addProject(harness, acme)
    const seen = await addProject(harness, acme)
    await putInProject(harness, seen, { username: keeper.email }, "no-access")
    const secretReader = await customRole(seen.id, [
      { subject: "secrets", action: ["readValue"], conditions: { environment: "prod" } },
    ])
    await putInProject(harness, seen, { groupId: group.id }, secretReader.slug)
    await putInProject(harness, hidden, { groupId: group.id }, "viewer")
    const route = `POST /api/v1/groups/${group.id}/users/${bob.email}`
    const body = await previewed(route, { token: keeper.token })
    assert.deepEqual(body.elsewhere, { projects: 1, changes: 1 })
    assert.equal(body.isComplete, false)
    assert.equal(body.changes.length, 1)
    const [change] = body.changes
    assert.equal(change.project.id, seen.id)
    assert.deepEqual(change.people, { count: 1, shown: [] })
    assert.deepEqual(change.gained, [
      { subject: "secrets", actions: ["readValue"], environment: null, secretPaths: [], folders: 1 },
    ])
    assert.ok(!JSON.stringify(body.changes).includes(bob.email))
    assert.ok(!JSON.stringify(body).includes(hidden.id))
    const whole = await previewed(route)
    assert.equal(whole.elsewhere.changes, 0)
    assert.equal(whole.changes.length, 2)
  })
})

test("previews beside each other and beside the acts fail for nothing of the server's", async () => {
  const group = await people.addGroup(harness, acme, "Busy", "no-access")
  const usernames = await Promise.all(Array.from({ length: 4 }, async () => (await addPerson()).email))
  const calls = Array.from({ length: 120 }, (_, index) => {
    const verb = index % 2 === 0 ? "POST" : "DELETE"
    const query = index % 3 === 0 ? "" : "?dryRun=true"
    const path = `/api/v1/groups/${group.id}/users/${usernames[index % 4]}${query}`
    if (index % 10 === 9)
      return harness.call(`POST /api/v1/groups/${group.id}/members/bulk?dryRun=true`, {
        token,
        body: { members: usernames.toReversed().map((username) => ({ username })) },
      })
    return harness.call(`${verb} ${path}`, { token })
  })
  for (const { status, text } of await Promise.all(calls)) assert.ok([200, 400, 403].includes(status), text)
})
