import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { describe, test } from "node:test"
import { rightsOf } from "../access/can.ts"
import { builtInProjectRoles, builtInProjectRules } from "../access/project-roles.ts"
import { keyOf, type ProjectReference } from "../access/project.ts"
import { spelledOut } from "../access/project-rules.ts"
import { organizationActions, projectActions, type ProjectPermission } from "../access/vocabulary.ts"
import { endpoints } from "../endpoints.ts"
import type { Endpoint } from "../http/endpoint.ts"
import { adminTokenFor, caseOf, createWorld, keptCaseOf, send, type Request } from "./access-cases.ts"
import { watchChanges } from "./changes.ts"
import { startHarness } from "./harness.ts"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import { projectOf as projectOfRequest } from "./project-of.ts"
import { addProjectRole, putInProject } from "./projects.ts"

/*
 * What every endpoint of a project refuses, drawn from its declaration as `access.test.ts` draws the rest: who is not in
 * the project, who lacks the right in it, and what is not there, each before and after the other.
 */

const harness = await startHarness()
const { acme, elsewhere, stranger, holders } = await createWorld(harness)
const ofProject = endpoints.flatMap((endpoint) => {
  const { access } = endpoint
  return typeof access === "object" && "project" in access ? [{ endpoint, right: access.project }] : []
})
const changes = await watchChanges(harness.db)
const projectOf = (endpoint: Endpoint, request: Request) => projectOfRequest(harness, endpoint, request)
// What a service token may do is in a file of its own.
const kinds = ["user", "machine"] as const
type Kind = (typeof kinds)[number]

/** Sends a request that must be refused, and sees that nothing but the audit log has changed. */
async function refused(
  endpoint: Endpoint,
  request: Request,
  { token, status, error, audited }: { token: string; status: number; error: string; audited: number },
): Promise<Answer> {
  const before = await changes()
  const answer = await send(harness, endpoint, { request, token })
  const after = await changes()
  assert.deepEqual([answer.status, answer.body.error], [status, error], answer.text)
  assert.deepEqual(after.rest, before.rest, "something changed")
  assert.equal(after.audit - before.audit, audited, "audit rows")
  return answer
}

let made = 0
/** Somebody new of the organization, with a role of it. */
async function somebody(kind: Kind, role: string) {
  if (kind === "machine") {
    const { id, token } = await people.addIdentity(harness, acme, role)
    return { token, member: { identityId: id } }
  }
  const email = `somebody-${++made}@example.com`
  return { token: await people.addPerson(harness, acme, { email, role }), member: { username: email } }
}

// Not the role admin, whose holders are in the projects of these tests.
const everything = Object.entries(organizationActions).map(([subject, action]) => ({ subject, action }))
const almighty = { slug: "almighty", name: "Almighty", permissions: everything }
people.ok(await harness.call("POST /api/v1/organization/roles", { token: acme.token, body: almighty }))
const outsiders = { user: await somebody("user", "almighty"), machine: await somebody("machine", "almighty") }
const phraseFor = (kind: Kind, projectId: string): string =>
  kind === "user"
    ? "User not a part of the specified project"
    : `Identity is not a member of the specified project with ID '${projectId}'`

/** Every right there is but this one, and but what gives it under another name. */
const allBut = (right: ProjectPermission) =>
  Object.entries(projectActions).flatMap(([subject, actions]) => {
    const action = actions.filter((action) => {
      const alone = spelledOut([{ subject, action }])
      return !rightsOf(`${action} on ${subject} alone`, () => alone).can(right)
    })
    return action.length > 0 ? [{ subject, action }] : []
  })
const withAllBut = {
  user: await somebody("user", "no-access"),
  machine: await somebody("machine", "no-access"),
}

type Somebody = Awaited<ReturnType<typeof somebody>>
/** Who has a role of projects, the same in each that they are put into, by kind and role; made when first needed. */
const withRole = new Map<string, Promise<Somebody>>()
function somebodyWith(kind: Kind, role: string, ofOrganization: string): Promise<Somebody> {
  const key = `${kind} ${role} ${ofOrganization}`
  const known = withRole.get(key) ?? somebody(kind, ofOrganization)
  withRole.set(key, known)
  return known
}

/** Puts somebody into a group of their own. */
async function inGroup(one: Somebody) {
  const group = await people.addGroup(harness, acme, `Group ${++made}`)
  const { member } = one
  const way = "username" in member ? `users/${member.username}` : `machine-identities/${member.identityId}`
  people.ok(await harness.call(`POST /api/v1/groups/${group.id}/${way}`, { token: acme.token }))
  return { ...one, group }
}
/** Somebody of each kind with a group of their own, for what goes by a single right. */
const withExactly = {
  user: await inGroup(await somebody("user", "no-access")),
  machine: await inGroup(await somebody("machine", "no-access")),
}
/** The same for who leaves, by the end of a group that is made for each endpoint. */
const leaving = { user: await somebody("user", "no-access"), machine: await somebody("machine", "no-access") }

test("there are endpoints of projects, and each says which project it is about", () => {
  assert.ok(ofProject.length > 3)
  for (const { endpoint } of ofProject) assert.ok(endpoint.inProject, endpoint.id)
  for (const endpoint of endpoints) {
    const isOfProject = ofProject.some((each) => each.endpoint === endpoint)
    const { access } = endpoint
    const mayBeInOne = typeof access === "object" && "orInProject" in access
    assert.equal(endpoint.inProject !== undefined, isOfProject || mayBeInOne, endpoint.id)
  }
})

for (const [number, { endpoint, right }] of ofProject.entries()) {
  const callers = kinds.filter((kind) => endpoint.callers.includes(kind))
  const make = () => caseOf(endpoint)(harness, acme)
  /** What is refused until somebody may do it. */
  const kept = () => keptCaseOf(endpoint, harness, acme)

  describe(`${endpoint.id} in a project`, () => {
    test("refuses who is not in it, whatever they may do in the organization", async () => {
      const request = await kept()
      const project = await projectOf(endpoint, request)
      const others = holders.map(({ kind, token }) => ({ kind, token }))
      const admins = kinds.map((kind) => ({ kind, token: outsiders[kind].token }))
      for (const { kind, token } of [...others, ...admins].filter((each) => callers.includes(each.kind))) {
        const error = phraseFor(kind, project.id)
        await refused(endpoint, request, { token, status: 403, error, audited: 0 })
      }
    })

    test("refuses the same once they have left it, or its group was deleted", async () => {
      const kind = callers[0]
      assert.ok(kind)
      const request = await kept()
      const project = await projectOf(endpoint, request)
      const { token, group } = await inGroup(leaving[kind])
      await putInProject(harness, project, { groupId: group.id }, "no-access")
      if (right !== "membership") {
        await refused(endpoint, request, { token, status: 403, error: "PermissionDenied", audited: 1 })
      }
      people.ok(await harness.call(`DELETE /api/v1/groups/${group.id}`, { token: acme.token }))
      const error = phraseFor(kind, project.id)
      await refused(endpoint, request, { token, status: 403, error, audited: 0 })
    })

    test("is 404 for what is not there, in the words of another organization's, for everybody", async () => {
      const request = await kept()
      const project = await projectOf(endpoint, request)
      const foreign = await caseOf(endpoint)(harness, elsewhere)
      for (const kind of callers) {
        const tokens = { user: stranger.token, machine: elsewhere.token }
        const expected = { status: 404, error: "NotFound", audited: 0 }
        const theirs = await refused(endpoint, request, { token: tokens[kind], ...expected })
        const ours = await refused(endpoint, foreign, { token: outsiders[kind].token, ...expected })
        const unknown = replaced(request, unknownFor)
        const absent = await refused(endpoint, unknown, { token: outsiders[kind].token, ...expected })
        const words = (answer: Answer, { path, query, body }: Request) => {
          const [, asked] = keyOf(
            endpoint.inProject?.({ params: path, query: query ?? {}, body }) as ProjectReference,
          )
          return answer.body.message.replace(asked, "<asked>")
        }
        assert.equal(words(theirs, request), words(absent, unknown))
        assert.equal(words(ours, foreign), words(absent, unknown))
        assert.ok(!theirs.text.includes(project.id) || JSON.stringify(request).includes(project.id))
      }
    })

    if (right === "membership") {
      test("needs no right in it", async () => {
        for (const kind of callers) {
          const request = await make()
          const { token, member } = await somebodyWith(kind, "no-access", "no-access")
          await putInProject(harness, await projectOf(endpoint, request), member, "no-access")
          people.ok(await send(harness, endpoint, { request, token }))
        }
      })
      return
    }

    test(`needs ${right[0]} on ${right[1]} in it, and writes down each refusal`, async () => {
      const lacking = builtInProjectRoles.filter(
        (role) => !rightsOf(`project ${role}`, () => builtInProjectRules[role]).can(right),
      )
      assert.ok(lacking.includes("no-access"))
      const request = await kept()
      const project = await projectOf(endpoint, request)
      for (const kind of callers) {
        for (const role of lacking) {
          const { token, member } = await somebodyWith(kind, role, "almighty")
          await putInProject(harness, project, member, role)
          const denied = { token, status: 403, error: "PermissionDenied", audited: 1 }
          const answer = await refused(endpoint, request, denied)
          const row = await harness.db
            .selectFrom("audit_logs")
            .select(["org_id", "event_type", "event_metadata"])
            .orderBy("created_at", "desc")
            .limit(1)
            .executeTakeFirstOrThrow()
          assert.equal(row.event_type, "permission-denied")
          assert.deepEqual(row.event_metadata, {
            permissionAction: right[0],
            permissionSubject: right[1],
            permissionSubjectDetails: {},
            errorName: "PermissionDenied",
            message: answer.body.message,
            route: endpoint.path,
            method: endpoint.method,
            projectId: project.id,
          })
        }
      }
      // The request was a good one all the while.
      people.ok(await send(harness, endpoint, { request, token: adminTokenFor(endpoint, acme) }))
    })

    test(`goes by ${right[0]} on ${right[1]} alone, by a role of their own or of a group`, async () => {
      for (const kind of callers) {
        const request = await make()
        const project = await projectOf(endpoint, request)
        await addProjectRole(harness, project, "all-but-this", allBut(right))
        await putInProject(harness, project, withAllBut[kind].member, "all-but-this")
        const denied = { status: 403, error: "PermissionDenied", audited: 1 }
        await refused(endpoint, request, { token: withAllBut[kind].token, ...denied })
        await addProjectRole(harness, project, "exactly-this", [{ subject: right[1], action: [right[0]] }])
        // Each kind by either way, though not at every endpoint.
        const { token, member, group } = withExactly[kind]
        const isOwn = (number + callers.indexOf(kind)) % 2 === 0
        await putInProject(harness, project, isOwn ? member : { groupId: group.id }, "exactly-this")
        const answer = await send(harness, endpoint, { request, token })
        // Behind this gate is who gives more than they may, and who would need another right besides.
        const isStoppedLater =
          answer.body.error === "PermissionBoundaryError" ||
          (answer.body.error === "PermissionDenied" &&
            answer.body.message !== `You are not allowed to ${right[0]} on ${right[1]}`)
        assert.ok(
          answer.status === 200 || isStoppedLater,
          `${kind} ${isOwn ? "" : "by a group"}: ${answer.text}`,
        )
      }
    })
  })
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const unknownFor = (name: string, value: unknown): unknown => {
  if (typeof value === "string" && uuid.test(value)) return randomUUID()
  return /^(?:.*S|s)lug$/.test(name) ? `unknown-${randomUUID().slice(0, 8)}` : value
}

/** The request with everything replaced that names something, wherever it stands. */
function replaced(request: Request, replace: (name: string, value: unknown) => unknown): Request {
  const all = <T extends object>(part: T | undefined): T =>
    Object.fromEntries(Object.entries(part ?? {}).map(([name, value]) => [name, replace(name, value)])) as T
  return {
    ...request,
    path: all(request.path),
    ...(request.query ? { query: all(request.query) } : {}),
    ...(request.body ? { body: all(request.body) } : {}),
  }
}
