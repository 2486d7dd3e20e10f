import assert from "node:assert/strict"
import { rm } from "node:fs/promises"
import { after, test } from "node:test"
import { singleConnection } from "../db/database.ts"
import { createTestDatabase } from "./databases.ts"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import { makeDataDir, startProcess, type RunningProcess } from "./processes.ts"
import { timesOf } from "./two-servers.ts"

// Two admins, two servers, and two acts at once that each take one admin away: whatever comes first, one stays.
const rounds = timesOf(1, 30)

const database = await createTestDatabase()
const dataDir = await makeDataDir()
const sql = singleConnection(database.connection)
await sql.connect()
const options = { dataDir, databaseUrl: database.url, env: { LOG_LEVEL: "error" } }
const left = await startProcess(options)
const right = await startProcess(options)

after(async () => {
  for (const server of [left, right]) server.kill("SIGTERM")
  await Promise.all([left, right].map((server) => server.exited))
  await sql.end()
  await database.drop()
  await rm(dataDir, { recursive: true, force: true })
})

const acme = await people.bootstrap(left)
type Person = { username: string; signedInToken: string }
const ada: Person = { username: acme.adminUsername, signedInToken: acme.signedInToken }
const eve: Person = {
  username: "eve@example.com",
  signedInToken: await people.accept(left, await people.invite(left, acme, "eve@example.com")),
}

type Admin = { token: string; route: string; signedInToken: string }
type Act = (server: RunningProcess, self: Admin, other: Admin) => Promise<Answer>

const acts: Record<string, Act> = {
  remove: (server, self, other) => server.call(`DELETE ${other.route}`, { token: self.token }),
  demote: (server, self, other) =>
    server.call(`PATCH ${other.route}`, { token: self.token, body: { role: "member" } }),
  deactivate: (server, self, other) =>
    server.call(`PATCH ${other.route}`, { token: self.token, body: { isActive: false } }),
  deleteAccount: (server, self) => server.call("DELETE /api/v2/users/me", { token: self.signedInToken }),
  leave: (server, self) => server.call(`DELETE ${self.route}`, { token: self.token }),
  /** By an admin of the instance, who belongs to another organization. */
  removeAccount: (server, self) =>
    server.call(`DELETE /api/v1/admin/user-management/users/${userOf(self.signedInToken)}`, {
      token: acme.token,
    }),
}
const userOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).userId

let made = 0
async function freshPerson(): Promise<Person> {
  const username = `mortal-${++made}@example.com`
  const signedInToken = await people.accept(left, await people.invite(left, acme, username))
  return { username, signedInToken }
}

/** A new organization whose only admins are the two. */
async function addOrganizationOfTwo(
  one: Person,
  other: Person,
): Promise<{ id: string; first: Admin; second: Admin }> {
  const body = { name: "Of two" }
  const created = await left.call("POST /api/v2/organizations", { token: one.signedInToken, body })
  const { id } = people.ok(created).organization
  const token = await people.select(left, one.signedInToken, id)
  const own = { ...acme, id, token }
  const invitation = await people.invite(left, own, other.username, "admin")
  people.ok(
    await left.call("POST /api/v1/invite-org/verify", { token: other.signedInToken, body: invitation }),
  )
  const adminOf = async (person: Person): Promise<Admin> => ({
    signedInToken: person.signedInToken,
    token: await people.select(left, person.signedInToken, id),
    route: `/api/v2/organizations/${id}/memberships/${await people.membershipIdOf(left, own, person.username)}`,
  })
  return { id, first: await adminOf(one), second: await adminOf(other) }
}

/** Counted from the tables and not by what the server thinks. */
async function adminsOf(orgId: string): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(
    `select count(*) from organization_user_memberships m
     join organization_user_role_grants r on r.org_id = m.org_id and r.membership_id = m.id
     where m.org_id = $1 and not m.is_closed and m.deactivated_at is null and m.accepted_at is not null
       and not r.is_closed and r.role = 'admin'`,
    [orgId],
  )
  return Number(rows[0]?.count)
}

const eventsOf = async (orgId: string): Promise<number> => {
  const { rows } = await sql.query<{ count: string }>(
    `select count(*) from audit_logs where org_id = $1 and event_type in
       ('remove-organization-member', 'leave-organization', 'update-organization-membership', 'delete-user')`,
    [orgId],
  )
  return Number(rows[0]?.count)
}

const names = Object.keys(acts)
const pairs = names.flatMap((one) => names.map((other) => [one, other] as const))
const ends = new Set(["deleteAccount", "removeAccount"])

for (const [one, other] of pairs) {
  test(`${one} and ${other} at once leave an admin`, async () => {
    for (let round = 0; round < rounds; round++) {
      const isFinal = ends.has(one) || ends.has(other)
      const both = isFinal ? [await freshPerson(), await freshPerson()] : [ada, eve]
      const { id, first, second } = await addOrganizationOfTwo(both[0] ?? ada, both[1] ?? eve)
      assert.equal(await adminsOf(id), 2)
      const answers = await Promise.all([
        acts[one]?.(left, first, second),
        acts[other]?.(right, second, first),
      ])
      const statuses = answers.map((answer) => answer?.status ?? 0)
      const shown = answers.map((answer) => answer?.text).join("\n")
      // The slower one is the last admin, or has just lost its right, its place, or what it aims at.
      assert.ok(statuses.includes(200), shown)
      assert.ok(
        statuses.every((status) => [200, 400, 403, 404].includes(status)),
        shown,
      )
      assert.ok((await adminsOf(id)) >= 1, shown)
      // Who was removed a moment before has no place left to end with the account.
      const done = statuses.filter((status) => status === 200).length
      assert.ok((await eventsOf(id)) === done || (isFinal && (await eventsOf(id)) === done - 1), shown)
    }
  })
}

test("two who take the administration of the instance from each other, or go, at once leave one", async () => {
  const countAdmins = async (): Promise<number> => {
    const { rows } = await sql.query<{ count: string }>(
      "select count(*) from users where is_super_admin and is_accepted and deleted_at is null",
    )
    return Number(rows[0]?.count)
  }
  const routeOf = (person: Person) =>
    `/api/v1/admin/user-management/users/${userOf(person.signedInToken)}/admin-access`
  for (let round = 0; round < rounds * 4; round++) {
    const both = [await freshPerson(), await freshPerson()] as const
    const machine = { token: acme.token }
    for (const person of both) people.ok(await left.call(`PATCH ${routeOf(person)}`, machine))
    await sql.query("update users set is_super_admin = false where not id = any($1)", [
      both.map(({ signedInToken }) => userOf(signedInToken)),
    ])
    const [one, other] = both
    const answers = await Promise.all([
      left.call(`DELETE ${routeOf(other)}`, { token: one.signedInToken }),
      round % 2 === 0
        ? right.call(`DELETE ${routeOf(one)}`, { token: other.signedInToken })
        : right.call("DELETE /api/v2/users/me", { token: one.signedInToken }),
    ])
    assert.ok((await countAdmins()) === 1, answers.map(({ text }) => text).join("\n"))
    const statuses = answers.map(({ status }) => status)
    assert.ok(statuses.includes(200) && statuses.every((status) => [200, 400, 403].includes(status)))
  }
})
