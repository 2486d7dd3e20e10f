import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { test } from "node:test"
import { endpoints } from "../endpoints.ts"
import type { Endpoint } from "../http/endpoint.ts"
import { caseOf, createWorld, send, type Request } from "./access-cases.ts"
import { watchChanges } from "./changes.ts"
import { startHarness } from "./harness.ts"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import { everyIdReplaced } from "./places.ts"
import { projectOf } from "./project-of.ts"
import { addProject } from "./projects.ts"
import { addServiceToken } from "./service-tokens.ts"

/*
 * What every endpoint that takes service tokens does with one: in its places, outside of them by environment, by path and
 * by permission, in another project, and in another organization. `access.test.ts` shows that every endpoint refuses one
 * that has expired or was deleted, and that no other endpoint takes one at all.
 */
const harness = await startHarness()
const { acme, elsewhere } = await createWorld(harness)
const changes = await watchChanges(harness.db)
const other = await addServiceToken(harness, await addProject(harness, acme))
const foreign = await addServiceToken(harness, await addProject(harness, elsewhere))

const taking = endpoints.flatMap((endpoint) => {
  const { access, callers } = endpoint
  const isTaking = callers.includes("service") && typeof access === "object" && "project" in access
  return isTaking ? [{ endpoint, right: access.project }] : []
})

/** Lists of secrets are empty outside of a token's places, where others are refused. */
const emptyLists = new Set(["listSecrets", "listRawSecrets"])

async function send200(endpoint: Endpoint, request: Request, token: string): Promise<Answer> {
  const answer = await send(harness, endpoint, { request, token })
  people.ok(answer)
  return answer
}

type Refusal = { status: number; error: string; audited?: number }

/** Sends what must be refused, and sees that nothing but the audit log has changed. */
async function refused(
  endpoint: Endpoint,
  { request, token }: { request: Request; token: string },
  { status, error, audited = 0 }: Refusal,
): Promise<Answer> {
  const before = await changes()
  const answer = await send(harness, endpoint, { request, token })
  const after = await changes()
  assert.deepEqual([answer.status, answer.body.error], [status, error], answer.text)
  assert.deepEqual(after.rest, before.rest, "something changed")
  assert.equal(after.audit - before.audit, audited, "audit rows")
  return answer
}

/** Another environment than the cases are about. */
async function addEnvironment(projectId: string): Promise<string> {
  const slug = `env-${randomUUID().slice(0, 8)}`
  const body = { name: "Another", slug }
  const route = `POST /api/v1/projects/${projectId}/environments`
  people.ok(await harness.call(route, { token: acme.token, body }))
  return slug
}

/** To a token of another organization what is here is not there, in the words of what nobody has. */
async function knowsNothingElsewhere(endpoint: Endpoint, request: Request): Promise<void> {
  const absent = { status: 404, error: "NotFound" }
  const theirs = await refused(endpoint, { request, token: foreign.token }, absent)
  const unknown = { request: everyIdReplaced(request), token: foreign.token }
  const nobodys = await refused(endpoint, unknown, absent)
  const words = ({ body }: Answer): string => body.message.replaceAll(uuids, "<id>")
  assert.equal(words(theirs), words(nobodys))
}

const uuids = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

const denied = { status: 403, error: "PermissionDenied", audited: 1 }

for (const { endpoint, right } of taking) {
  const isRead = right === "membership" || ["read", "describeSecret"].includes(right[0])
  test(`${endpoint.id} by a service token goes by its organization, project, places and permissions`, async () => {
    const request = await caseOf(endpoint)(harness, acme)
    const project = await projectOf(harness, endpoint, request)
    const environment = await addEnvironment(project.id)
    const outside = {
      "another environment": { scopes: [{ environment, secretPath: "/**" }] },
      "another path": { scopes: [{ environment: "dev", secretPath: "/another/**" }] },
    }
    for (const wanted of Object.values(outside)) {
      const { token } = await addServiceToken(harness, project, wanted)
      if (right === "membership") await send200(endpoint, request, token)
      else if (emptyLists.has(endpoint.id)) {
        const { body } = await send200(endpoint, request, token)
        assert.deepEqual(body, { secrets: [], imports: [] })
      } else await refused(endpoint, { request, token }, denied)
    }
    if (right !== "membership") {
      const permissions: ("read" | "write")[] = [isRead ? "write" : "read"]
      const { token } = await addServiceToken(harness, project, { permissions })
      await refused(endpoint, { request, token }, denied)
    }
    const notIn = `Service token not a part of the specified project with ID ${project.id}`
    await refused(endpoint, { request, token: other.token }, { status: 403, error: notIn })
    await knowsNothingElsewhere(endpoint, request)
    const { token } = await addServiceToken(harness, project)
    await send200(endpoint, request, token)
  })
}

test("secrets, folders, imports and the project itself take service tokens", () => {
  assert.equal(taking.length, 47)
  const subjects = taking.map(({ right }) => (right === "membership" ? right : right[1]))
  assert.deepEqual([...new Set(subjects)].toSorted(), [
    "membership",
    "secret-folders",
    "secret-imports",
    "secrets",
  ])
})
