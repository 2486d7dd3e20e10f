import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "./harness.ts"
import { covers, permits, type OracleRule } from "./oracle.ts"
import * as people from "./people.ts"
import { Choices, lessThan, randomRules, universe } from "./random-rights.ts"

/*
 * Every path that gives a right, asked by somebody with random rights P about a role with random rights Q, where the
 * receiver may hold random rights R: it is open exactly where the oracle says so, in both privilege systems.
 */
const pairs = 5
const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { token } = acme
const choices = new Choices(20_261_124)

type Rules = readonly OracleRule[]
type Needs = [action: string, subject: string]

async function admin(route: string, body?: object) {
  return people.ok(await harness.call(route, { token, body }))
}

/* The role of who acts, the one that is given, and the one that a receiver holds; what they allow changes by pair. */
async function addRole(slug: string): Promise<string> {
  return (await admin("POST /api/v1/organization/roles", { slug, name: slug, permissions: [] })).role.id
}
const roles = {
  actor: await addRole("actor"),
  given: await addRole("given"),
  present: await addRole("present"),
}

async function setRules(role: keyof typeof roles, rules: Rules): Promise<void> {
  const permissions = JSON.stringify(rules.map((rule) => ({ ...rule, action: [rule.action].flat() })))
  const where = { org_id: acme.id, id: roles[role] }
  await harness.db
    .updateTable("organization_roles")
    .set({ permissions })
    .where((row) => row.and(where))
    .execute()
}

async function setSystem(isNew: boolean): Promise<void> {
  const system = { uses_new_privilege_system: isNew }
  await harness.db.updateTable("organizations").set(system).where("id", "=", acme.id).execute()
}

const actorEmail = "actor@example.com"
const otherEmail = "other@example.com"
const person = await people.addPerson(harness, acme, { email: actorEmail, role: "actor" })
const machine = await people.addIdentity(harness, acme, "actor")
await people.addPerson(harness, acme, { email: otherEmail, role: "present" })
const actorPlace = await people.membershipIdOf(harness, acme, actorEmail)
const otherPlace = await people.membershipIdOf(harness, acme, otherEmail)

let made = 0
const fresh = (what: string): string => `${what}-${++made}`
const groupWith = async (role: string): Promise<string> =>
  (await admin("POST /api/v1/groups", { name: fresh("Group"), role })).id
const identityWith = async (role: string): Promise<string> =>
  (await admin("POST /api/v1/identities", { name: fresh("m"), organizationId: acme.id, role })).identity.id

/** A machine identity with the role `present`, of its own or by a group. */
async function receiver(): Promise<string> {
  if (choices.onceIn(2)) return identityWith("present")
  const id = await identityWith("no-access")
  await admin(`POST /api/v1/groups/${await groupWith("present")}/machine-identities/${id}`)
  return id
}
const tokenAuth = "/api/v1/auth/token-auth/identities"
const universalAuth = "/api/v1/auth/universal-auth/identities"
async function receiverWith(method: string): Promise<string> {
  const id = await receiver()
  await admin(`POST ${method}/${id}`, {})
  return id
}

/** A path that gives something: what its caller must be allowed, by which action it is guarded, and what is reached. */
type Path = {
  needs: Needs
  /** In the current system; where absent, whoever gives must hold all of it there, too. */ guard?: Needs
  /** Which rights must be held, in the order of the sentence. */ reached(
    p: Rules,
    q: Rules,
    r: Rules,
  ): Rules[]
  /** Sends the request after its fixtures are made. */ ask(): Promise<[route: string, body?: object]>
  /** Who can ask it; both unless it says so. */ by?: "person" | "machine"
}
const changeMember = `PATCH /api/v2/organizations/${acme.id}/memberships`
const givesQ = (_p: Rules, q: Rules): Rules[] => [q]
const changesR = (_p: Rules, q: Rules, r: Rules): Rules[] => [r, q]
const reachesR = (_p: Rules, _q: Rules, r: Rules): Rules[] => [r]
const groupGuard: Needs = ["grant-privileges", "groups"]
const identityGuard: Needs = ["grant-privileges", "identity"]

const paths: Record<string, Path> = {
  "makes a group with a role": {
    needs: ["create", "groups"],
    guard: groupGuard,
    reached: givesQ,
    ask: async () => ["POST /api/v1/groups", { name: fresh("Made"), role: "given" }],
  },
  "changes the role of a group": {
    needs: ["edit", "groups"],
    guard: groupGuard,
    reached: changesR,
    ask: async () => [`PATCH /api/v1/groups/${await groupWith("present")}`, { role: "given" }],
  },
  "takes the role of a group away": {
    needs: ["edit", "groups"],
    guard: groupGuard,
    reached: reachesR,
    ask: async () => [`PATCH /api/v1/groups/${await groupWith("present")}`, { role: "no-access" }],
  },
  "puts a person into a group": {
    needs: ["edit", "groups"],
    guard: ["add-members", "groups"],
    reached: givesQ,
    ask: async () => [`POST /api/v1/groups/${await groupWith("given")}/users/${otherEmail}`],
  },
  "puts itself, a person, into a group": {
    needs: ["edit", "groups"],
    guard: ["add-members", "groups"],
    reached: givesQ,
    ask: async () => [`POST /api/v1/groups/${await groupWith("given")}/users/${actorEmail}`],
    by: "person",
  },
  "puts a machine identity into a group": {
    needs: ["edit", "groups"],
    guard: ["add-identities", "groups"],
    reached: givesQ,
    ask: async () => [
      `POST /api/v1/groups/${await groupWith("given")}/machine-identities/${await identityWith("no-access")}`,
    ],
  },
  "puts itself, a machine identity, into a group": {
    needs: ["edit", "groups"],
    guard: ["add-identities", "groups"],
    reached: givesQ,
    ask: async () => [`POST /api/v1/groups/${await groupWith("given")}/machine-identities/${machine.id}`],
    by: "machine",
  },
  "invites with a role": {
    needs: ["create", "member"],
    reached: givesQ,
    ask: async () => [
      "POST /api/v1/invite-org/signup",
      {
        inviteeEmails: [`${fresh("invited")}@example.com`],
        organizationId: acme.id,
        organizationRoleSlug: "given",
      },
    ],
  },
  "changes the role of a member": {
    needs: ["edit", "member"],
    reached: changesR,
    async ask() {
      await admin(`${changeMember}/${otherPlace}`, { role: "present" })
      return [`${changeMember}/${otherPlace}`, { role: "given" }]
    },
  },
  "makes a machine identity with a role": {
    needs: ["create", "identity"],
    guard: identityGuard,
    reached: givesQ,
    ask: async () => [
      "POST /api/v1/identities",
      { name: fresh("made"), organizationId: acme.id, role: "given" },
    ],
  },
  "changes the role of a machine identity": {
    needs: ["edit", "identity"],
    guard: identityGuard,
    reached: changesR,
    ask: async () => [`PATCH /api/v1/identities/${await receiver()}`, { role: "given" }],
  },
  "changes its own role, as a machine identity": {
    needs: ["edit", "identity"],
    guard: identityGuard,
    reached: (p, q) => [p, q],
    ask: async () => [`PATCH /api/v1/identities/${machine.id}`, { role: "given" }],
    by: "machine",
  },
  "makes a role": {
    needs: ["create", "role"],
    reached: givesQ,
    ask: async () => [
      "POST /api/v1/organization/roles",
      { ...(await contentOf("given")), slug: fresh("role") },
    ],
  },
  "changes what a role allows": {
    needs: ["edit", "role"],
    reached: changesR,
    ask: async () => [`PATCH /api/v1/organization/roles/${roles.present}`, await contentOf("given")],
  },
  "changes what its own role allows": {
    needs: ["edit", "role"],
    reached: (p, q) => [p, q],
    ask: async () => [`PATCH /api/v1/organization/roles/${roles.actor}`, await contentOf("given")],
  },
  "lets a machine identity sign in with tokens": {
    needs: ["create-token", "identity"],
    reached: reachesR,
    ask: async () => [`POST ${tokenAuth}/${await receiver()}`, {}],
  },
  "changes how tokens of a machine identity are good": {
    needs: ["edit", "identity"],
    reached: reachesR,
    ask: async () => [`PATCH ${tokenAuth}/${await receiverWith(tokenAuth)}`, { accessTokenTTL: 60 }],
  },
  "makes a token for a machine identity": {
    needs: ["create-token", "identity"],
    reached: reachesR,
    ask: async () => [`POST ${tokenAuth}/${await receiverWith(tokenAuth)}/tokens`, {}],
  },
  "makes a token for itself": {
    needs: ["create-token", "identity"],
    reached: (p) => [p],
    ask: async () => [`POST ${tokenAuth}/${machine.id}/tokens`, {}],
    by: "machine",
  },
  "lets a machine identity sign in with client secrets": {
    needs: ["create-token", "identity"],
    reached: reachesR,
    ask: async () => [`POST ${universalAuth}/${await receiver()}`, {}],
  },
  "changes how a machine identity signs in": {
    needs: ["edit", "identity"],
    reached: reachesR,
    ask: async () => [`PATCH ${universalAuth}/${await receiverWith(universalAuth)}`, { accessTokenTTL: 60 }],
  },
  "makes a client secret": {
    needs: ["create-token", "identity"],
    reached: reachesR,
    ask: async () => [`POST ${universalAuth}/${await receiverWith(universalAuth)}/client-secrets`, {}],
  },
}

async function contentOf(role: keyof typeof roles): Promise<{ name: string; permissions: object[] }> {
  const { permissions } = (await admin(`GET /api/v1/organization/roles/${roles[role]}`)).role
  return { name: role, permissions }
}

/** Random rules that a role of an organization can have: conditions are about app connections alone. */
const rulesOfRole = (rules: Rules): OracleRule[] =>
  rules.map(({ subject, action, conditions, inverted }) => {
    if (subject !== "app-connections") return { subject, action }
    const connectionId = conditions?.["connectionId"]
    const isEmpty = (connectionId as { $in?: unknown[] } | undefined)?.$in?.length === 0
    const isNarrow = connectionId !== undefined && !isEmpty
    return {
      subject,
      action,
      ...(isNarrow ? { conditions: { connectionId } } : {}),
      ...(inverted ? { inverted } : {}),
    }
  })

const all: Needs[] = Object.values(paths).flatMap(({ needs, guard }) => (guard ? [needs, guard] : [needs]))
const some = (most: number): OracleRule[] =>
  all.filter(() => choices.below(10) < most).map(([action, subject]) => ({ subject, action }))

type Answer = "given" | "PermissionDenied" | "PermissionBoundaryError"

function meant(path: Path, [p, q, r]: [Rules, Rules, Rules], isNew: boolean): Answer {
  if (!permits(p, ...path.needs)) return "PermissionDenied"
  const isOpen =
    isNew && path.guard
      ? permits(p, ...path.guard)
      : path.reached(p, q, r).every((rules) => covers(p, rules, universe))
  return isOpen ? "given" : "PermissionBoundaryError"
}

const told: Record<Answer, number> = { given: 0, PermissionDenied: 0, PermissionBoundaryError: 0 }

/** Asks once; returns whether something was given. */
async function tryPath(name: string, rules: [Rules, Rules, Rules], isNew: boolean): Promise<boolean> {
  const path = paths[name]
  assert.ok(path)
  const by = path.by ?? choices.one(["person", "machine"] as const)
  const [route, body] = await path.ask()
  const answer = await harness.call(route, { token: by === "person" ? person : machine.token, body })
  const said = answer.status === 200 ? "given" : answer.body.error
  const isAsMeant = said === meant(path, rules, isNew)
  const [p, q, r] = rules.map((each) => JSON.stringify(each))
  assert.ok(isAsMeant, `${isNew ? "current" : "legacy"}: ${route} by ${p} for ${q} over ${r}: ${answer.text}`)
  told[said as Answer]++
  return said === "given"
}

/** Undoes what an open path has changed about who acts, the other member, and the roles. */
async function restore([p, q, r]: [Rules, Rules, Rules]): Promise<void> {
  await setRules("actor", p)
  await setRules("given", q)
  await setRules("present", r)
  await admin(`PATCH /api/v1/identities/${machine.id}`, { role: "actor" })
  const places = harness.db
    .selectFrom("organization_identity_memberships")
    .select("id")
    .where("identity_id", "=", machine.id)
  await harness.db.deleteFrom("group_identity_memberships").where("membership_id", "in", places).execute()
  await harness.db
    .deleteFrom("group_user_memberships")
    .where("membership_id", "in", [actorPlace, otherPlace])
    .execute()
}

describe("nobody gives, or reaches, what they do not hold", () => {
  for (const isNew of [true, false]) {
    const system = isNew ? "current" : "legacy"
    test(`by any of ${Object.keys(paths).length} paths, with ${pairs} random sets of rights, in the ${system} privilege system`, async () => {
      await setSystem(isNew)
      for (let pair = 0; pair < pairs; pair++) {
        const p = [...some(5), ...rulesOfRole(randomRules(choices))]
        const target = (): Rules =>
          rulesOfRole(choices.onceIn(4) ? randomRules(choices) : lessThan(choices, p))
        const rules: [Rules, Rules, Rules] = [p, target(), target()]
        let isOpened = true
        for (const name of Object.keys(paths)) {
          if (isOpened) await restore(rules)
          isOpened = await tryPath(name, rules, isNew)
        }
      }
    })
  }

  test("and each answer was given often enough to mean something", () => {
    const least = (2 * pairs * Object.keys(paths).length) / 20
    for (const [answer, count] of Object.entries(told)) assert.ok(count > least, `${answer}: ${count}`)
  })
})
