import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject, type Project } from "../test/projects.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)

let made = 0
const freshAddress = () => `invited-${++made}@example.com`
const send = (inviteeEmails: string[], projects: object[], token = acme.token) =>
  harness.call("POST /api/v1/invite-org/signup", {
    token,
    body: { inviteeEmails, organizationId: acme.id, organizationRoleSlug: "no-access", projects },
  })

/** A refusal that has invited nobody, and put nobody anywhere; `audited` is the project that its audit row names. */
async function refused(act: () => ReturnType<typeof send>, status: number, audited?: string) {
  const before = await harness.state()
  const answer = await act()
  assert.equal(answer.status, status, answer.text)
  const after = await harness.state()
  assert.deepEqual({ ...after, audit_logs: [] }, { ...before, audit_logs: [] })
  const rows = await events()
  const rowsIn = (state: typeof after): number => state["audit_logs"]?.length ?? 0
  assert.equal(rowsIn(after) - rowsIn(before), audited === undefined ? 0 : 1)
  if (audited !== undefined) {
    const [row] = rows
    assert.ok(row)
    assert.equal(row.event_type, "permission-denied")
    assert.equal((row.event_metadata as Record<string, unknown>)["projectId"], audited)
  }
  return answer
}
/** The latest first. */
const events = () =>
  harness.db
    .selectFrom("audit_logs")
    .select(["event_type", "event_metadata"])
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .execute()

async function rolesIn({ id }: Project, username: string): Promise<string[] | undefined> {
  const route = `POST /api/v1/projects/${id}/memberships/details`
  const answer = await harness.call(route, { token: acme.token, body: { username } })
  if (answer.status === 404) return undefined
  const { roles } = people.ok(answer).membership as {
    roles: { role: string; customRoleSlug: string | null }[]
  }
  return roles.map(({ role, customRoleSlug }) => customRoleSlug ?? role)
}

/** Somebody who may invite people, and may do this in a project. */
async function inviter(project: Project, permissions: object[], kind: "user" | "machine" = "machine") {
  const slug = `role-${++made}`
  await addProjectRole(harness, project, slug, permissions as never)
  if (kind === "user") {
    const email = freshAddress()
    const token = await people.addPerson(harness, acme, { email, role: "admin" })
    await putInProject(harness, project, { username: email }, slug)
    return token
  }
  const { id, token } = await people.addIdentity(harness, acme, "admin")
  await putInProject(harness, project, { identityId: id }, slug)
  return token
}
const create = { subject: "member", action: ["create"] }
const assign = { subject: "member", action: ["assign-role"] }

test("who is invited is in the projects with their roles, and so is who was in the organization already", async () => {
  const [one, two] = [await addProject(harness, acme), await addProject(harness, acme)]
  await addProjectRole(harness, one, "tagger", [{ subject: "tags", action: ["create"] }])
  const [stranger, known, inside] = [freshAddress(), freshAddress(), freshAddress()]
  await people.invite(harness, acme, known, "no-access")
  await people.invite(harness, acme, inside, "no-access")
  await putInProject(harness, one, { username: inside }, "viewer")
  const projects = [
    { id: one.id, projectRoleSlug: ["tagger"] },
    { slug: two.slug },
    { slug: one.slug, projectRoleSlug: ["viewer", "tagger"] },
  ]
  const answer = people.ok(await send([stranger, known, inside], projects))
  assert.deepEqual(
    answer.completeInviteLinks.map(({ email }: { email: string }) => email),
    [stranger],
  )
  for (const username of [stranger, known]) {
    assert.deepEqual(await rolesIn(one, username), ["tagger", "viewer"])
    assert.deepEqual(await rolesIn(two, username), ["member"])
  }
  assert.deepEqual(await rolesIn(one, inside), ["viewer"])
  const added = (await events()).filter(({ event_type }) => event_type === "add-project-members")
  const told = added.map(({ event_metadata }) => event_metadata as { projectId: string; members: object[] })
  assert.deepEqual(
    told.map(({ projectId, members }) => [projectId, members.length]),
    [one, two].toSorted((a, b) => (a.id < b.id ? 1 : -1)).map(({ id }) => [id, id === one.id ? 2 : 3]),
  )

  const link = new URL(answer.completeInviteLinks[0].link)
  const code = link.searchParams.get("token") ?? ""
  const signedIn = await people.accept(harness, { email: stranger, organizationId: acme.id, code })
  const token = await people.select(harness, signedIn, acme.id)
  const own = people.ok(await harness.call(`GET /api/v1/projects/${one.id}/permissions`, { token })).data
  assert.ok(JSON.stringify(own.permissions).includes('["create","tags"]'))
})

test("people and machine identities may, with what adding to the project needs, and with no more", async () => {
  const project = await addProject(harness, acme)
  for (const kind of ["user", "machine"] as const) {
    const token = await inviter(project, [create, assign], kind)
    const address = freshAddress()
    people.ok(await send([address], [{ id: project.id, projectRoleSlug: ["admin"] }], token))
    assert.deepEqual(await rolesIn(project, address), ["admin"])
  }
})

test("who may not add to one of the projects invites nobody", async () => {
  const [open, project] = [await addProject(harness, acme), await addProject(harness, acme)]
  const into = (...roles: string[]) => [{ id: open.id }, { id: project.id, projectRoleSlug: roles }]
  const asked = async (permissions: object[], ...roles: string[]) => {
    const token = await inviter(project, permissions)
    const { identityId } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())
    await putInProject(harness, open, { identityId }, "admin")
    return () => send([freshAddress()], into(...roles), token)
  }
  const outsider = await people.addIdentity(harness, acme, "admin")
  const phrase = await refused(() => send([freshAddress()], into("viewer"), outsider.token), 403)
  assert.equal(phrase.body.error, `Identity is not a member of the specified project with ID '${open.id}'`)
  const denied = await refused(await asked([assign], "viewer"), 403, project.id)
  assert.equal(denied.body.error, "PermissionDenied")
  const only = { ...create, conditions: { userEmail: { $glob: "friend-*" } } }
  await refused(await asked([only, assign], "viewer"), 403, project.id)
  const bounded = await refused(await asked([create], "viewer"), 403, project.id)
  assert.equal(bounded.body.error, "PermissionBoundaryError")
  const notAdmin = { ...assign, conditions: { assignableRole: "viewer" } }
  await refused(await asked([create, notAdmin], "viewer", "admin"), 403, project.id)
  people.ok(await (await asked([create, notAdmin], "viewer", "no-access"))())
})

test("in the legacy privilege system nobody gives a role of a project that may do more than they", async () => {
  const project = await addProject(harness, acme)
  const token = await inviter(project, [create])
  const set = (isNew: boolean) =>
    harness.db
      .updateTable("organizations")
      .set({ uses_new_privilege_system: isNew })
      .where("id", "=", acme.id)
      .execute()
  await set(false)
  const into = (role: string) => [{ id: project.id, projectRoleSlug: [role] }]
  const answer = await refused(() => send([freshAddress()], into("viewer"), token), 403, project.id)
  assert.equal(answer.body.error, "PermissionBoundaryError")
  people.ok(await send([freshAddress()], into("no-access"), token))
  await set(true)
})

test("what is not there, or is another organization's, is 404 in the same words", async () => {
  const project = await addProject(harness, acme)
  const theirs = await addProject(harness, elsewhere)
  const ask = (named: object) => refused(() => send([freshAddress()], [{ id: project.id }, named]), 404)
  for (const [foreign, unknown] of [
    [{ id: theirs.id }, { id: randomUUID() }],
    [{ slug: theirs.slug }, { slug: "nobodys-project" }],
  ] as const) {
    const words = (answer: Awaited<ReturnType<typeof ask>>, named: object) =>
      answer.body.message.replace(String(Object.values(named)[0]), "<asked>")
    assert.equal(words(await ask(foreign), foreign), words(await ask(unknown), unknown))
  }
  await ask({ id: "no-id" })
  await ask({ id: project.id, projectRoleSlug: ["astronaut"] })
})

test("a project is named in one way, with a role; many that invite the same people do not hinder each other", async () => {
  const project = await addProject(harness, acme)
  const ask = (named: object, status = 422) => refused(() => send([freshAddress()], [named]), status)
  await ask({})
  await ask({ id: project.id, slug: project.slug })
  await ask({ id: project.id, projectRoleSlug: [] })
  await ask({ id: project.id, projectRoleSlug: [""] })
  await ask({ slug: "a\0b" })
  await ask({ id: project.id, projectRoleSlug: ["custom"] }, 400)
  await refused(
    () =>
      send(
        [freshAddress()],
        Array.from({ length: 21 }, () => ({ id: project.id })),
      ),
    422,
  )
  const many = Array.from({ length: 4 }, () => freshAddress())
  const answers = await Promise.all(many.map((address) => send([address, ...many], [{ id: project.id }])))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200],
  )
  for (const address of many) assert.deepEqual(await rolesIn(project, address), ["member"])
})
