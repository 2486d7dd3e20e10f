import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { needsOrganization } from "../access/access.ts"
import { endpoints } from "../endpoints.ts"
import { adminTokenFor, caseOf, createWorld, send } from "./access-cases.ts"
import { watchChanges } from "./changes.ts"
import { startHarness } from "./harness.ts"

// Every mutation in an organization, sent twice under one key.
const harness = await startHarness()
const { acme } = await createWorld(harness)
const changes = await watchChanges(harness.db)

const mutations = endpoints.filter(
  ({ method, access, answers, isPreview }) =>
    method !== "GET" && needsOrganization(access) && answers !== "credential" && !isPreview,
)
/** What ends the very thing by which the caller is judged: it is not there when the call comes again. */
const judgedByWhatIsGone = new Set([
  "deleteProject",
  "deleteWorkspace",
  "deleteWorkspaceBySlug",
  "deleteIdentityPrivilege",
  "deleteUserPrivilege",
  "deleteServiceToken",
])

describe("under one key", () => {
  for (const endpoint of mutations) {
    test(`${endpoint.id} is done once`, async () => {
      const request = await caseOf(endpoint)(harness, acme)
      const token = request.token ?? adminTokenFor(endpoint, acme)
      const headers = { "idempotency-key": `key-of-${endpoint.id}` }
      const first = await send(harness, endpoint, { request, token, headers })
      assert.equal(first.status, 200, first.text)
      assert.equal(first.headers["idempotent-replayed"], undefined)
      const before = await changes()
      const again = await send(harness, endpoint, { request, token, headers })
      // Values that are given again are recorded as read once more.
      const read = endpoint.answers === "secretValues" && again.status === 200 ? 1 : 0
      assert.deepEqual(await changes(), { ...before, audit: before.audit + read })
      if (judgedByWhatIsGone.has(endpoint.id)) return assert.equal(again.status, 404, again.text)
      assert.equal(again.status, 200, again.text)
      assert.equal(again.headers["idempotent-replayed"], "true")
      assert.equal(again.text, first.text)
    })
  }
})
