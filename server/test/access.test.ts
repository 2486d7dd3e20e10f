import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { needsOrganization } from "../access/access.ts"
import { rightsOf } from "../access/can.ts"
import { builtInRules } from "../access/roles.ts"
import { endpoints } from "../endpoints.ts"
import { anyCaller, type Endpoint } from "../http/endpoint.ts"
import {
  adminTokenFor,
  caseOf,
  cases,
  createWorld,
  keptCaseOf,
  routeOf,
  send,
  type Request,
  withoutSuccess,
} from "./access-cases.ts"
import { authSecret, badTokens, forge, halfwayTokens } from "./bad-tokens.ts"
import { watchChanges } from "./changes.ts"
import { fewAtOnce } from "./few-at-once.ts"
import { startHarness } from "./harness.ts"
import type { Answer, Call } from "./http.ts"
import * as people from "./people.ts"
import { everyIdReplaced, placesOf } from "./places.ts"
import { projectOf } from "./project-of.ts"
import { addServiceToken } from "./service-tokens.ts"

const harness = await startHarness({ AUTH_SECRET: authSecret })
const world = await createWorld(harness)
const { acme, elsewhere, stranger, holders } = world
const bad = await badTokens(world)
const halfway = await halfwayTokens(world)

/** Endpoints that anybody may call, each with the reason. A new one is a decision, and is written down here. */
const publicEndpoints: Record<string, string> = {
  getStatus: "tells monitors whether the server is up, and nothing about anybody",
  bootstrapInstance: "there is no account yet; from elsewhere it needs the setup token, and it succeeds once",
  signUpAdmin: "the same, for whoever sets the instance up in a browser",
  login: "takes a password in place of a token",
  getInstanceConfig: "what a page needs to know before anybody signs in: whether sign-ups are open",
  requestPasswordReset: "who has forgotten a password has no token; it answers alike for every address",
  verifyPasswordReset: "takes the code of a mailed link in place of a token",
  resetPassword: "takes the token that the code of a mailed link gave",
  refreshToken: "takes the refresh token of the cookie, and only from a page of the same site",
  logOut: "takes a cookie or a token, and whoever has neither ends nothing",
  checkTotp: "takes the token of a second factor that is due",
  sendMfaCode: "takes the token of a second factor that is due",
  verifyMfa: "takes the token of a second factor that is due",
  verifyInvitation: "takes the code of an invitation in place of a token",
  declineInvitation: "takes the code of an invitation in place of a token, and gives nothing",
  renewAccessToken: "takes the token in the body, and judges it as if it were in the header",
  revokeAccessToken: "takes the token in the body, and judges it as if it were in the header",
  loginUniversalAuth: "takes a client id and a client secret in place of a token",
  requestSignUp: "who wants an account has none; it answers alike for every address",
  verifySignUp: "takes a mailed code in place of a token",
  completeAccount: "takes the sign-up token that a mailed code or that of an invitation gave",
  completeSignedUpAccount: "the same",
  completeInvitedAccount: "the same",
}

const guarded = endpoints.filter((endpoint) => endpoint.access !== "public")
const permissionOf = ({ access }: Endpoint) =>
  typeof access === "object" && "organization" in access ? access.organization : undefined
const ofOrganization = guarded.filter((endpoint) => permissionOf(endpoint) !== undefined)

/** What was written so far: compared after each refusal. */
const changes = await watchChanges(harness.db)

type Expected = { status: number; error: string }

/** The answer is this refusal, in the envelope and in its order of keys. */
function assertRefusal(answer: Answer, { status, error }: Expected, title: string): void {
  assert.equal(answer.status, status, `${title}: ${answer.text}`)
  assert.equal(answer.body.error, error, `${title}: ${answer.text}`)
  const keys = Object.keys(answer.body).filter((name) => name !== "details")
  assert.deepEqual(keys, ["reqId", "statusCode", "message", "error"], title)
  assert.match(answer.body.reqId, /^req-[A-Za-z0-9]{14}$/, title)
  assert.equal(answer.body.statusCode, status, title)
  assert.equal(answer.headers["content-type"], "application/json; charset=utf-8", title)
}

type Attempt = Expected & { title: string; audited?: number; request?: Request } & Call

/**
 * Sends a good request in ways that must be refused, and sees that nothing but the audit log has changed. Rows are only
 * ever counted up, so that one look behind all of them shows what each of them did.
 */
async function refuses(endpoint: Endpoint, request: Request, attempts: Attempt[]): Promise<Answer[]> {
  const before = await changes()
  const answers = await fewAtOnce(attempts, async ({ title, status, error, ...options }) => {
    const answer = await send(harness, endpoint, { request, token: undefined, ...options })
    assertRefusal(answer, { status, error }, title)
    return answer
  })
  const after = await changes()
  const titles = attempts.map(({ title }) => title).join(", ")
  assert.deepEqual(after.rest, before.rest, `one of these changed something: ${titles}`)
  const [audited = 0] = attempts.map((attempt) => attempt.audited ?? 0)
  // Of several that leave a row each, one could leave none and another two.
  assert.ok(audited === 0 ? attempts.every((attempt) => !attempt.audited) : attempts.length === 1)
  assert.equal(after.audit - before.audit, audited, `audit rows after ${titles}`)
  return answers
}

const lastAuditRow = () =>
  harness.db
    .selectFrom("audit_logs")
    .selectAll()
    .orderBy("created_at", "desc")
    .limit(1)
    .executeTakeFirstOrThrow()

describe("the list of endpoints", () => {
  test("every endpoint has a line in the table of cases, and the table has no other", () => {
    assert.deepEqual(Object.keys(cases).toSorted(), endpoints.map(({ id }) => id).toSorted())
  })

  test("what anybody may call is on a short list with reasons", () => {
    const open = endpoints.filter((endpoint) => endpoint.access === "public").map(({ id }) => id)
    assert.deepEqual(open.toSorted(), Object.keys(publicEndpoints).toSorted())
  })

  test("what is written is noticed, and what is rolled back is not", async () => {
    const before = await changes()
    await people.addGroup(harness, acme, "Noticed")
    const after = await changes()
    assert.equal(after.audit - before.audit, 1)
    assert.equal((after.rest["groups"] ?? 0) - (before.rest["groups"] ?? 0), 1)
    const again = { token: acme.token, body: { name: "Noticed" } }
    assert.equal((await harness.call("POST /api/v1/groups", again)).status, 400)
    assert.deepEqual(await changes(), after)
  })

  test("the forged tokens of these tests are good but for what is wrong with them", async () => {
    const claims = JSON.parse(Buffer.from(acme.token.split(".")[1] ?? "", "base64url").toString())
    people.ok(await harness.call("GET /api/v1/groups", { token: forge(claims) }))
  })
})

for (const endpoint of guarded) {
  describe(endpoint.id, () => {
    const token = adminTokenFor(endpoint, acme)
    const make = () => keptCaseOf(endpoint, harness, acme)

    test("refuses a caller without a token", async () => {
      const missing = { status: 401, error: "UnauthorizedError" }
      const headers: [string, Record<string, string>][] = [
        ["no header", {}],
        ["an empty header", { authorization: "" }],
        ["Basic", { authorization: `Basic ${Buffer.from("ada@example.com:secret").toString("base64")}` }],
        ["Bearer alone", { authorization: "Bearer" }],
        ["Bearer and a space", { authorization: "Bearer " }],
        ["the token without a scheme", { authorization: token }],
        ["another scheme", { authorization: `Token ${token}` }],
        ["two tokens", { authorization: `Bearer ${token} ${token}` }],
        ["the token in a cookie", { cookie: `jid=${token}; authorization=Bearer ${token}` }],
      ]
      await refuses(
        endpoint,
        await make(),
        headers.map(([title, sent]) => ({ title, headers: sent, ...missing })),
      )
    })

    test("refuses a bad token before it looks at anything else", async () => {
      await refuses(endpoint, await make(), [
        ...bad,
        ...(endpoint.beforeSecondFactor ? [] : halfway),
        { title: "an API key", headers: { "x-api-key": "abc" }, status: 400, error: "BadRequest" },
        {
          title: "an API key beside a token",
          token,
          headers: { "x-api-key": "" },
          status: 400,
          error: "BadRequest",
        },
      ])
    })

    test("tells a stranger nothing about what is wrong with the input", async () => {
      const request = await make()
      const attempts = badInputs(endpoint, request).map((input) => ({
        ...input,
        status: 401,
        error: "UnauthorizedError",
      }))
      await refuses(endpoint, request, attempts)
    })

    test("takes only the kinds of callers it declares", async () => {
      const request = await make()
      const url = routeOf(endpoint, request).replace(/^\S+ /, "")
      const tokens = { user: acme.adminToken, machine: acme.token, service: world.serviceToken }
      const kinds = anyCaller.filter((kind) => !endpoint.callers.includes(kind))
      const expected = { status: 403, error: `Forbidden access to ${url}` }
      await refuses(
        endpoint,
        request,
        kinds.map((kind) => ({ title: kind, token: tokens[kind], ...expected })),
      )
    })
  })
}

/** The request with what does not fit its schema, or is no JSON at all. */
function badInputs(
  endpoint: Endpoint,
  request: Request,
): ({ title: string; status: number; error: string } & Call)[] {
  const inputs: ({ title: string; status: number; error: string } & Call & { request?: Request })[] = []
  if (endpoint.body) {
    inputs.push({ title: "malformed JSON", rawBody: "{", status: 400, error: "BadRequest" })
    inputs.push({ title: "a body of another shape", body: [], status: 422, error: "ValidationFailure" })
    const headers = { "content-type": "text/plain" }
    inputs.push({
      title: "another media type",
      rawBody: "x",
      headers,
      status: 415,
      error: "UnsupportedMediaType",
    })
  }
  if (request.path?.["username"] !== undefined) {
    const wrong = { path: { ...request.path, username: "\0" } }
    inputs.push({ title: "a username of NUL", request: wrong, status: 422, error: "ValidationFailure" })
  }
  return inputs
}

for (const endpoint of guarded.filter(({ access }) => needsOrganization(access))) {
  test(`${endpoint.id} refuses a person who has selected no organization`, async () => {
    const request = await keptCaseOf(endpoint, harness, acme)
    const url = routeOf(endpoint, request).replace(/^\S+ /, "")
    const error = `${url} Unauthorized Access, no organization found in request`
    const without = { token: acme.signedInToken, status: 401, error }
    const inputs = badInputs(endpoint, request).filter((input) => !("request" in input))
    await refuses(endpoint, request, [
      { title: "no organization", ...without },
      ...inputs.map((input) => ({ ...input, title: `no organization, ${input.title}`, ...without })),
    ])
  })
}

for (const endpoint of ofOrganization) {
  const permission = permissionOf(endpoint)
  if (!permission) continue
  const [action, subject] = permission

  describe(`${endpoint.id} needs ${action} on ${subject}`, () => {
    const lacking = holders.filter(({ role, kind }) => {
      return endpoint.callers.includes(kind) && !rightsOf(role, () => builtInRules[role]).can(permission)
    })

    test("refuses who lacks the right, and writes down each refusal", async () => {
      assert.ok(lacking.some(({ role }) => role === "no-access"))
      const request = await keptCaseOf(endpoint, harness, acme)
      for (const { role, kind, token } of lacking) {
        const denied = { token, status: 403, error: "PermissionDenied", audited: 1 }
        const [answer] = await refuses(endpoint, request, [{ title: `${role} ${kind}`, ...denied }])
        assert.deepEqual(answer?.body.details, [])
        assert.deepEqual(Object.keys(answer?.body ?? {}), [
          "reqId",
          "statusCode",
          "message",
          "details",
          "error",
        ])
        const row = await lastAuditRow()
        assert.equal(row.org_id, acme.id)
        assert.equal(row.event_type, "permission-denied")
        assert.equal(row.actor_type, kind === "user" ? "user" : "identity")
        assert.deepEqual(row.event_metadata, {
          permissionAction: action,
          permissionSubject: subject,
          permissionSubjectDetails: {},
          errorName: "PermissionDenied",
          message: answer?.body.message,
          route: endpoint.path,
          method: endpoint.method,
          projectId: null,
        })
      }
    })

    test("asks for the right before it says whether anything exists", async () => {
      const request = await keptCaseOf(endpoint, harness, acme)
      const token = lacking.find(({ role }) => role === "no-access")?.token
      const absent = everyIdReplaced(request)
      await refuses(endpoint, absent, [
        { title: "unknown ids", token, status: 403, error: "PermissionDenied", audited: 1 },
      ])
    })

    test("looks at the input before the right", async () => {
      const request = await keptCaseOf(endpoint, harness, acme)
      const token = lacking[0]?.token
      await refuses(
        endpoint,
        request,
        badInputs(endpoint, request).map((input) => ({ ...input, token })),
      )
    })
  })
}

describe("administering the instance", () => {
  const ofInstance = guarded.filter(({ access }) => access === "instanceAdmin")

  test("is no right of any organization: others are refused, and nobody's audit log speaks of it", async () => {
    assert.ok(ofInstance.length > 5)
    const others = [
      ...holders.map(({ role, kind, token }) => ({ title: `${role} ${kind}`, token })),
      { title: "an admin of an organization", token: stranger.token },
      { title: "the same without an organization", token: stranger.signedInToken },
      { title: "a machine identity with the role admin", token: elsewhere.token },
    ]
    const expected = { status: 403, error: "ForbiddenError" }
    for (const endpoint of ofInstance) {
      const request = await keptCaseOf(endpoint, harness, acme)
      const unknown = everyIdReplaced(request)
      await refuses(endpoint, request, [
        ...others.map((other) => ({ ...other, ...expected })),
        ...others.map((other) => ({ ...other, request: unknown, ...expected })),
      ])
    }
  })

  test("what does not exist is 404", async () => {
    for (const endpoint of ofInstance) {
      const request = await keptCaseOf(endpoint, harness, acme)
      if (placesOf(request).length === 0) continue
      const absent = { title: endpoint.id, token: acme.adminToken, status: 404, error: "NotFound" }
      await refuses(endpoint, everyIdReplaced(request), [absent])
    }
  })
})

describe("what a success leaves behind", () => {
  /** How many audit rows a success writes, by its declaration. */
  const rowsOf = (endpoint: Endpoint): number => {
    if (endpoint.audit) return 0
    // A GET that is declared to write does so in a transaction, unless what it writes is that it was read.
    return endpoint.method !== "GET" || endpoint.transaction || endpoint.recordsRead ? 1 : 0
  }

  /** A service token that opens all of the project of a request. */
  const serviceTokenFor = async (endpoint: Endpoint, request: Request): Promise<string> =>
    (await addServiceToken(harness, await projectOf(harness, endpoint, request))).token

  test("who goes without an audit row says why", () => {
    for (const { id, audit } of endpoints) if (audit) assert.ok(audit.none.length > 20, id)
  })

  for (const endpoint of endpoints.filter(({ id }) => !withoutSuccess.has(id))) {
    for (const kind of endpoint.callers) {
      test(`${endpoint.id} by a ${kind} leaves ${rowsOf(endpoint)} audit rows`, async () => {
        const request = await caseOf(endpoint)(harness, acme)
        const person = endpoint.access === "signedIn" ? acme.signedInToken : acme.adminToken
        const known = {
          user: async () => person,
          machine: async () => acme.token,
          service: () => serviceTokenFor(endpoint, request),
        }[kind]
        const token = request.token ?? (endpoint.access === "public" ? undefined : await known())
        const before = await changes()
        people.ok(await send(harness, endpoint, { request, token }))
        const after = await changes()
        assert.equal(after.audit - before.audit, rowsOf(endpoint))
        if (endpoint.method === "GET") assert.deepEqual(after.rest, before.rest)
      })
    }
  }

  test("setting the instance up is the first row of its organization", async () => {
    const row = await harness.db
      .selectFrom("audit_logs")
      .select(["org_id", "event_type", "actor_type"])
      .orderBy("created_at")
      .executeTakeFirst()
    assert.deepEqual(row, { org_id: acme.id, event_type: "bootstrap-instance", actor_type: "platform" })
  })

  test("HEAD asks for what GET asks for", async () => {
    for (const endpoint of guarded.filter(({ method }) => method === "GET")) {
      const request = await keptCaseOf(endpoint, harness, acme)
      const route = routeOf(endpoint, request).replace("GET", "HEAD")
      const noAccess = holders.find(({ role, kind }) => role === "no-access" && kind === "user")?.token
      assert.equal((await harness.call(route)).status, 401, route)
      if (permissionOf(endpoint))
        assert.equal((await harness.call(route, { token: noAccess })).status, 403, route)
    }
  })
})

test("whoever gives more than they may is refused, and that is written down", async () => {
  const endpoint = endpoints.find(({ id }) => id === "createIdentity")
  assert.ok(endpoint)
  const request = await keptCaseOf(endpoint, harness, acme)
  for (const { token } of holders.filter(({ role }) => role === "member")) {
    const boundary = { token, status: 403, error: "PermissionBoundaryError", audited: 1 }
    const [answer] = await refuses(endpoint, request, [{ title: "a member makes an admin", ...boundary }])
    const missingPermissions = [{ action: "grant-privileges", subject: "identity" }]
    assert.deepEqual(answer?.body.details, { missingPermissions })
    const row = await lastAuditRow()
    assert.equal(row.event_type, "permission-denied")
    assert.equal((row.event_metadata as Record<string, unknown>)["errorName"], "PermissionBoundaryError")
  }
})
