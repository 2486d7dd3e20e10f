import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { needsOrganization } from "../access/access.ts"
import { endpoints } from "../endpoints.ts"
import type { Endpoint } from "../http/endpoint.ts"
import { previewType } from "../http/preview.ts"
import { adminTokenFor, caseOf, createWorld, routeOf, send, type Request } from "./access-cases.ts"
import { watchChanges } from "./changes.ts"
import { startHarness } from "./harness.ts"
import * as people from "./people.ts"

// Every operation, asked for a preview: those that change who may do what answer one, and no other does anything.
const harness = await startHarness()
const { acme } = await createWorld(harness)
const changes = await watchChanges(harness.db)

const previewable = endpoints.filter(({ previews }) => previews !== undefined)
const others = endpoints.filter(({ previews }) => previews === undefined)

/** Mutations in an organization that have no preview, and why. */
const without: Record<string, RegExp> = {
  "asks, and changes nothing": /^(previewAccess|searchIdentities|getProjectMembershipByUsername\w*)$/,
  "answers a credential":
    /^(deleteOrganization|inviteToOrganization|resendInvitation|create(TokenAuthToken|ClientSecret|ServiceToken))$/,
  "is about what a machine identity signs in with":
    /^(attach|update|delete)(TokenAuth|UniversalAuth)$|^(update|revoke)TokenAuthToken$|^(clearUniversalAuthLockouts|revokeClientSecret)$/,
  "ends a credential that stands for nobody": /^deleteServiceToken$/,
  "is about the organization itself, and gives nobody anything":
    /^(updateOrganization|upgradePrivilegeSystem)$/,
  "makes something new, which is its maker's": /^(createProject|createWorkspace)$/,
  "is about the project itself": /^(updateProject|updateWorkspace|setAuditLogsRetention)$/,
  "is about memberships that are yet to be given": /^updateGroupMembershipSettings$/,
  "is about what projects begin with": /^(create|update|delete)ProjectTemplate$/,
  "is about what lies in a project, and not who may see it":
    /^(?!createClientSecret)(create|update|delete|attach|detach|move|rollBack|resync)\w*(Environment|Folder|Folders|Secret|Secrets|Tag|Tags|Import|Snapshot)(InWorkspace|OfWorkspace)?$/,
}

const isOfOrganization = ({ method, access }: Endpoint): boolean =>
  method !== "GET" && needsOrganization(access)

/** The same route with something more in its query. */
const withQuery = (endpoint: Endpoint, request: Request, query: string): string => {
  const route = routeOf(endpoint, request)
  return `${route}${route.includes("?") ? "&" : "?"}${query}`
}

describe("which operations are previewed", () => {
  test("each mutation in an organization is, or is on a short list with its reason", () => {
    for (const { id, previews } of endpoints.filter(isOfOrganization)) {
      const reasons = Object.entries(without).filter(([, pattern]) => pattern.test(id))
      assert.equal(reasons.length, previews ? 0 : 1, `${id}: ${reasons.map(([reason]) => reason).join(", ")}`)
    }
  })

  test("none of them answers credentials or values of secrets, or is outside of an organization", () => {
    assert.ok(previewable.length >= 60)
    for (const endpoint of previewable) {
      assert.equal(endpoint.answers, undefined, endpoint.id)
      assert.ok(isOfOrganization(endpoint), endpoint.id)
    }
  })
})

/** What it would change; who is made by it has another id each time. */
function withoutAnswer({ answer, ...rest }: ReturnType<typeof people.ok>): unknown {
  const text = JSON.stringify(rest)
  return JSON.parse(answer.identity ? text.replaceAll(answer.identity.id, "made") : text)
}

for (const endpoint of previewable) {
  test(`${endpoint.id} is previewed in both ways, and done afterwards as if it had not been`, async () => {
    const request = await caseOf(endpoint)(harness, acme)
    const token = request.token ?? adminTokenFor(endpoint, acme)
    const before = await changes()
    const headers = { "idempotency-key": `preview-of-${endpoint.id}` }
    const { body } = request
    const short = await harness.call(withQuery(endpoint, request, "dryRun=true"), { token, body, headers })
    people.ok(short)
    assert.equal(short.headers["content-type"], previewType)
    for (const name of ["etag", "idempotent-replayed", "set-cookie"])
      assert.equal(short.headers[name], undefined)
    const [method = "", path = ""] = routeOf(endpoint, request).split(" ")
    const asked = { token, body: { method, path, ...(body ? { body } : {}) } }
    const long = people.ok(await harness.call("POST /api/v1/access/preview", asked))
    assert.deepEqual(withoutAnswer(long), withoutAnswer(short.body))
    assert.deepEqual(Object.keys(long.answer), Object.keys(short.body.answer))
    assert.deepEqual(await changes(), before)
    const done = people.ok(
      await harness.call(withQuery(endpoint, request, "dryRun=false"), { token, body, headers }),
    )
    assert.deepEqual(Object.keys(done), Object.keys(long.answer))
    assert.ok(Object.keys((await changes()).rest).length > 0)
  })
}

describe("dryRun", () => {
  const spellings = [
    "dryRun=true",
    "dryRun=false",
    "dryrun=true",
    "DRYRUN=true",
    "dry-run=true",
    "dry_run=true",
    "Dry-Run=1",
    "-dry__run-=true",
    "dry%52un=true",
    "%64%72%79-run=true",
    "dryRun",
    "dryRun=",
    "dryRun[]=true",
    "dry.run=true",
    "dry+run=true",
  ]
  /** What is no clear yes or no. */
  const unclear = [
    "dryRun",
    "dryRun=",
    "dryRun=1",
    "dryRun=yes",
    "dryRun=True",
    "dryRun=%20true",
    "dry-run=null",
    "dryRun=true&dryRun=true",
    "dryRun=true&dryRun=false",
    "dryRun=true&dry_run=true",
    "dryRun=false&DRYRUN=false",
  ]

  test("on what is not previewed is 422, however it is written, and nothing is done", async () => {
    for (const endpoint of others) {
      const request = await caseOf(endpoint)(harness, acme)
      const token =
        endpoint.access === "public" ? undefined : (request.token ?? adminTokenFor(endpoint, acme))
      const { body, headers } = request
      const before = await changes()
      for (const spelling of endpoint.method === "GET" ? spellings.slice(0, 2) : spellings) {
        const route = withQuery(endpoint, request, spelling)
        const answer = await harness.call(route, { token, body, ...(headers ? { headers } : {}) })
        assert.equal(answer.status, 422, `${route}: ${answer.text}`)
        assert.match(answer.body.message[0].message, /There is no preview/)
      }
      assert.deepEqual(await changes(), before, endpoint.id)
    }
  })

  test("with anything but true or false, or twice, is 422, and nothing is done", async () => {
    for (const endpoint of previewable) {
      const request = await caseOf(endpoint)(harness, acme)
      const token = request.token ?? adminTokenFor(endpoint, acme)
      const before = await changes()
      for (const query of unclear) {
        const answer = await harness.call(withQuery(endpoint, request, query), { token, body: request.body })
        assert.equal(answer.status, 422, `${endpoint.id} ${query}: ${answer.text}`)
      }
      assert.deepEqual(await changes(), before, endpoint.id)
    }
  })

  test("in another spelling previews, too", async () => {
    const endpoint = previewable.find(({ id }) => id === "createGroup")
    assert.ok(endpoint)
    const request = await caseOf(endpoint)(harness, acme)
    const before = await changes()
    for (const query of ["dry-run=true", "DRY_RUN=true", "dry%52un=true"]) {
      const answer = await harness.call(withQuery(endpoint, request, query), {
        token: acme.token,
        body: request.body,
      })
      people.ok(answer)
      assert.equal(answer.headers["content-type"], previewType)
    }
    assert.deepEqual(await changes(), before)
    people.ok(await send(harness, endpoint, { request, token: acme.token }))
  })

  test("does not go before the token", async () => {
    const answer = await harness.call("POST /api/v1/groups?dryRun=maybe", { body: { name: "x" } })
    assert.equal(answer.status, 401)
  })
})
