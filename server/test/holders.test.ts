import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { organizationActions } from "../access/vocabulary.ts"
import { endpoints } from "../endpoints.ts"
import { caseOf, createWorld, keptCaseOf, send } from "./access-cases.ts"
import { watchChanges } from "./changes.ts"
import { startHarness } from "./harness.ts"
import * as people from "./people.ts"

/*
 * Every endpoint that wants a permission of an organization, by people and machine identities who hold exactly that
 * permission, directly or through a group alone, and by those who hold all others. What the roles say is changed
 * before each, so that it also shows that a changed role counts at once. `project-access.test.ts` does the same for
 * permissions of a project.
 */
const harness = await startHarness()
const { acme } = await createWorld(harness)
const changes = await watchChanges(harness.db)
const { token } = acme
const roles = "/api/v1/organization/roles"
const admin = async (route: string, body?: unknown) => people.ok(await harness.call(route, { token, body }))
const addRole = async (slug: string): Promise<string> =>
  (await admin(`POST ${roles}`, { slug, name: slug, permissions: [] })).role.id

const exactly = await addRole("exactly-this")
const allBut = await addRole("all-but-this")

/** A person and a machine identity who hold a role, themselves or through a group. */
async function addHolders(
  role: string,
  isThroughGroup: boolean,
): Promise<Record<"user" | "machine", string>> {
  const own = isThroughGroup ? "no-access" : role
  const email = `${role}-${own}@example.com`
  const user = await people.addPerson(harness, acme, { email, role: own })
  const machine = await people.addIdentity(harness, acme, own)
  if (isThroughGroup) {
    const { id } = await people.addGroup(harness, acme, `Holders of ${role}`, role)
    await admin(`POST /api/v1/groups/${id}/users/${email}`)
    await admin(`POST /api/v1/groups/${id}/machine-identities/${machine.id}`)
  }
  return { user, machine: machine.token }
}

const holders = {
  "who holds exactly it": await addHolders("exactly-this", false),
  "who holds exactly it through a group": await addHolders("exactly-this", true),
}
const others = {
  "who holds everything else": await addHolders("all-but-this", false),
  "who holds everything else through a group": await addHolders("all-but-this", true),
}

const rules = (isMeant: (subject: string, action: string) => boolean) =>
  Object.entries(organizationActions).flatMap(([subject, actions]) => {
    const action = actions.filter((one) => isMeant(subject, one))
    return action.length > 0 ? [{ subject, action }] : []
  })

const wanting = endpoints.flatMap((endpoint) => {
  const { access } = endpoint
  return typeof access === "object" && "organization" in access
    ? [{ endpoint, permission: access.organization, instead: access.or }]
    : []
})

describe("a permission of an organization", () => {
  for (const { endpoint, permission, instead } of wanting) {
    const [action, subject] = permission
    test(`${endpoint.id} goes by ${action} on ${subject} alone, directly or through a group`, async () => {
      const isThis = (one: string, other: string) => one === subject && other === action
      await admin(`PATCH ${roles}/${exactly}`, { permissions: rules(isThis) })
      const isEnough = (one: string, other: string) =>
        isThis(one, other) || (one === instead?.[1] && other === instead[0])
      await admin(`PATCH ${roles}/${allBut}`, { permissions: rules((...one) => !isEnough(...one)) })
      for (const kind of (["user", "machine"] as const).filter((one) => endpoint.callers.includes(one))) {
        for (const [who, tokens] of Object.entries(others)) {
          const request = await keptCaseOf(endpoint, harness, acme)
          const { rest } = await changes()
          const answer = await send(harness, endpoint, { request, token: tokens[kind] })
          assert.equal(answer.body.error, "PermissionDenied", `${kind} ${who}: ${answer.text}`)
          assert.deepEqual((await changes()).rest, rest)
        }
        for (const [who, tokens] of Object.entries(holders)) {
          const request = await caseOf(endpoint)(harness, acme)
          const answer = await send(harness, endpoint, { request, token: tokens[kind] })
          // Who gives more than they may is stopped behind this gate, and so is who asks for what the case made elsewhere.
          const isElsewhere = request.token !== undefined && answer.status === 404
          const isThrough =
            answer.status === 200 || isElsewhere || answer.body.error === "PermissionBoundaryError"
          assert.ok(isThrough, `${kind} ${who}: ${answer.text}`)
        }
      }
    })
  }

  test("there are some", () => assert.ok(wanting.length >= 60, `${wanting.length}`))
})
