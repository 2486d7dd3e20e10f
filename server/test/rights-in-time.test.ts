import assert from "node:assert/strict"
import { test } from "node:test"
import { builtInRoles, builtInRules, isBuiltInRole } from "../access/roles.ts"
import { organizationActions, type OrganizationPermission } from "../access/vocabulary.ts"
import { isInOrganization, lookUp } from "../auth/authenticate.ts"
import type { AccessClaims } from "../auth/token.ts"
import { newId } from "../crypto/ids.ts"
import { columnsOf, dated, interval } from "./dated.ts"
import { startHarness } from "./harness.ts"
import {
  isNow,
  permits,
  rolesHeld,
  type Grant,
  type Holder,
  type Interval,
  type OracleGroup,
} from "./oracle.ts"
import * as people from "./people.ts"
import { Choices, randomRules, universe } from "./random-rights.ts"
import { addAccount, addMachine, Rows } from "./rows.ts"

/*
 * People and machine identities with roles and groups of every age, written straight into the database: what the
 * look-up of a caller makes of them is what the oracle makes of the same intervals.
 */
const harness = await startHarness()
const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
const { db } = harness
const choices = new Choices(20_261_124)
const permissions = Object.entries(organizationActions).flatMap(([subject, actions]) =>
  actions.map((action): [string, string] => [action, subject]),
)
const org_id = acme.id
const now = Date.now()
const day = 86_400_000
const chance = { choices, now }

const grants = (most: number): Grant[] =>
  dated(
    chance,
    most,
    () => choices.one(roleNames),
    (role) => role,
  ).map(({ made, when }) => ({ role: made, when }))
const roleColumns = (role: string) =>
  isBuiltInRole(role) ? { role, custom_role_id: null } : { role: "custom", custom_role_id: role }

/* Custom roles by their ids, in the order in which later ones win. */
const custom = new Map(Array.from({ length: 8 }, () => [newId(), randomRules(choices)] as const))
const roleNames = [...builtInRoles, ...custom.keys()]
for (const [id, rules] of custom) {
  const permissions = JSON.stringify(rules)
  await db
    .insertInto("organization_roles")
    .values({ org_id, id, slug: `role-${id}`, name: "Role", permissions })
    .execute()
}

type Group = OracleGroup & { id: string }
const groups: Group[] = []
for (let number = 0; number < 12; number++) {
  const id = newId()
  const name = `Group ${number}`
  await db
    .insertInto("groups")
    .values({ org_id, id, name, slug: `group-${number}`, sort_key: name })
    .execute()
  const roles = dated(
    chance,
    3,
    () => choices.one(roleNames),
    () => "one",
  ).map(({ made, when }) => ({ role: made, when }))
  for (const { role, when } of roles) {
    const values = { org_id, id: newId(), group_id: id, ...roleColumns(role), ...columnsOf(when) }
    await db.insertInto("group_role_grants").values(values).execute()
  }
  groups.push({ id, roles })
}

type Kind = "user" | "identity"
/** Somebody's place, with roles and groups of its own, in the database and as the oracle sees it. */
async function addPlace(kind: Kind, whose: object, when: Interval): Promise<Holder> {
  const membership_id = newId()
  const place = { org_id, id: membership_id, ...columnsOf(when), ...whose }
  await db.insertInto(`organization_${kind}_memberships`).values(place).execute()
  const roles = grants(3)
  for (const { role, when } of roles) {
    const values = { org_id, id: newId(), membership_id, ...roleColumns(role), ...columnsOf(when) }
    await db.insertInto(`organization_${kind}_role_grants`).values(values).execute()
  }
  const joined = dated(
    chance,
    4,
    () => choices.one(groups),
    ({ id }) => id,
  )
  for (const { made, when } of joined) {
    const values = { org_id, id: newId(), membership_id, group_id: made.id, ...columnsOf(when) }
    await db.insertInto(`group_${kind}_memberships`).values(values).execute()
  }
  return { roles, groups: joined.map(({ made, when }) => ({ group: made, when })) }
}

type Case = { name: string; claims: AccessClaims; place: Interval; isAble: boolean; holder: Holder }

async function addPerson(number: number): Promise<Case> {
  const username = `person-${number}@acme.example`
  const [isInvited, isInactive] = [choices.onceIn(6), choices.onceIn(8)]
  const rows = new Rows()
  const { id: userId, claims } = addAccount(rows, org_id, username)
  await rows.write(db)
  const whose = {
    user_id: userId,
    username,
    search_key: username,
    accepted_at: isInvited ? null : new Date(now - day),
    deactivated_at: isInactive ? new Date(now - day) : null,
  }
  // Who was here before, or is an admin elsewhere, has nothing of it here and now.
  const before = { from: now - 9 * day, until: now - 5 * day, isClosed: true }
  if (choices.onceIn(3)) await addPlace("user", { ...whose, accepted_at: new Date(now - 9 * day) }, before)
  const there = { org_id: elsewhere.id, id: newId(), user_id: userId, username, search_key: username }
  await db
    .insertInto("organization_user_memberships")
    .values({ ...there, accepted_at: new Date() })
    .execute()
  const admin = { org_id: elsewhere.id, id: newId(), membership_id: there.id, role: "admin" }
  await db.insertInto("organization_user_role_grants").values(admin).execute()

  const place = interval(choices, now)
  const holder = await addPlace("user", whose, place)
  return { name: username, claims, place, isAble: !isInvited && !isInactive, holder }
}

async function addIdentity(number: number): Promise<Case> {
  const name = `machine ${number}`
  const rows = new Rows()
  const { id: identity_id, claims } = addMachine(rows, org_id, name)
  await rows.write(db)
  const place = interval(choices, now)
  const holder = await addPlace("identity", { identity_id }, place)
  return { name, claims, place, isAble: true, holder }
}

/** What the oracle says the roles allow: built-in ones first, then custom ones by id. */
const rulesOf = (held: string[]) => [
  ...builtInRoles.flatMap((role) => (held.includes(role) ? builtInRules[role] : [])),
  ...[...custom.keys()].toSorted().flatMap((id) => (held.includes(id) ? (custom.get(id) ?? []) : [])),
]

async function rightsOf({ claims }: Case) {
  const { actor } = await lookUp(db, claims, undefined, { ip: "127.0.0.1", beforeSecondFactor: false })
  assert.ok(isInOrganization(actor))
  return actor.rights
}

test("who holds roles of every age may do what the oracle says: 200 people and 80 machine identities", async () => {
  const cases: Case[] = []
  for (let number = 0; number < 200; number++) cases.push(await addPerson(number))
  for (let number = 0; number < 80; number++) cases.push(await addIdentity(number))
  let [letIn, keptOut, allowed, refused] = [0, 0, 0, 0]
  for (const one of cases) {
    if (!one.isAble || !isNow(one.place, now)) {
      await assert.rejects(rightsOf(one), { kind: "Forbidden" }, one.name)
      keptOut++
      continue
    }
    letIn++
    const rights = await rightsOf(one)
    const held = rolesHeld(one.holder, now)
    const rules = rulesOf(held)
    for (const [action, subject] of permissions) {
      for (const thing of [undefined, { connectionId: choices.one(universe.texts) }]) {
        const isAllowed = rights.can([action, subject] as unknown as OrganizationPermission, thing)
        const what = `${one.name} (${held.join()}): ${action} ${subject} ${JSON.stringify(thing)}`
        assert.equal(isAllowed, permits(rules, action, subject, thing), what)
        if (isAllowed) allowed++
        else refused++
      }
    }
  }
  assert.ok(
    letIn > 80 && keptOut > 60 && allowed > 1_000 && refused > 3_000,
    [letIn, keptOut, allowed, refused].join(),
  )
})
