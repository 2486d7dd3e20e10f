import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import { startHarness } from "./harness.ts"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import { listenTo, type Listening } from "./statements.ts"

let listening: Listening | undefined
const harness = await startHarness({}, async (database) => {
  listening = await listenTo(database)
  return listening.address
})
after(() => listening?.close())

const acme = await people.bootstrap(harness)
const elsewhere = await people.addOrganization(harness, acme)
await people.accept(harness, await people.invite(harness, elsewhere, "theirs@elsewhere.example"))
await people.invite(harness, elsewhere, "invited@elsewhere.example")
const group = await people.addGroup(harness, acme, "Readers")

type Shown = { status: number; headers: string[]; body: unknown; statements: string[] }

/** What somebody who asks about an address can see, and what the database was asked for it. */
async function shown(address: string, act: (address: string) => Promise<Answer>): Promise<Shown> {
  assert.ok(listening)
  let answer: Answer | undefined
  const statements = await listening.during(async () => (answer = await act(address)))
  assert.ok(answer)
  const text = answer.text
    .replaceAll(address, "<address>")
    .replaceAll(encodeURIComponent(address), "<address>")
  return {
    status: answer.status,
    headers: Object.keys(answer.headers).toSorted(),
    body: withoutChance(JSON.parse(text)),
    statements,
  }
}

/** Ids, codes and times are different in each answer; that they are there is not. */
const withoutChance = (body: unknown): unknown =>
  JSON.parse(
    JSON.stringify(body)
      .replace(/req-[A-Za-z0-9]{14}/g, "<request>")
      .replace(/\btoken=[0-9a-f]{32}/g, "token=<code>"),
  )

/** Asks about each address in the same way and sees that nothing tells them apart. */
async function assertAlike(addresses: string[], act: (address: string) => Promise<Answer>): Promise<Shown> {
  // Once before, so that every statement is prepared on every connection that may take it.
  for (let warmUp = 0; warmUp < 3; warmUp++) await act(`warm-up-${warmUp}@nowhere.example`)
  const answers: Shown[] = []
  for (const address of addresses) answers.push(await shown(address, act))
  const [first] = answers
  assert.ok(first)
  for (const answer of answers) assert.deepEqual(answer, first)
  return first
}

const known = "theirs@elsewhere.example"
const invited = "invited@elsewhere.example"
const unknown = "nobody@elsewhere.example"

describe("nobody learns who has an account", () => {
  test("by signing in with a wrong password", async () => {
    const { status, statements } = await assertAlike([known, invited, unknown], (email) =>
      harness.call("POST /api/v3/auth/login", { body: { email, password: "wrong" } }),
    )
    assert.equal(status, 400)
    assert.ok(statements.length > 0)
  })

  test("by adding people of other organizations to a group, or removing them", async () => {
    for (const method of ["POST", "DELETE"]) {
      const { status, statements } = await assertAlike([known, invited, unknown], (address) =>
        harness.call(`${method} /api/v1/groups/${group.id}/users/${encodeURIComponent(address)}`, {
          token: acme.token,
        }),
      )
      assert.equal(status, 404)
      assert.ok(statements.length > 0)
    }
  })

  test("by inviting", async () => {
    const { status, statements } = await assertAlike([known, invited, unknown], (email) =>
      harness.call("POST /api/v1/invite-org/signup", {
        token: acme.token,
        body: { inviteeEmails: [email], organizationId: acme.id },
      }),
    )
    assert.equal(status, 200)
    assert.ok(statements.some((statement) => statement.startsWith("insert into")))
  })
})
