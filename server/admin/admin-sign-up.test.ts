import assert from "node:assert/strict"
import { test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

const harness = await startHarness()
const body = { email: " Ada@Example.com ", password: "secret", firstName: " Ada ", lastName: "Lovelace" }
const signUp = (headers: Record<string, string> = {}, sent: unknown = body) =>
  harness.call("POST /api/v1/admin/signup", { body: sent, headers })

async function refused(act: () => ReturnType<typeof signUp>, status: number): Promise<void> {
  const before = await harness.state()
  const answer = await act()
  assert.equal(answer.status, status, answer.text)
  assert.equal(answer.headers["set-cookie"], undefined)
  assert.deepEqual(await harness.state(), before)
}

test("from another machine the sign-up of the admin needs the setup token", async () => {
  await refused(() => signUp({ "x-forwarded-for": "203.0.113.9" }), 403)
  await refused(() => signUp({ host: "conclave.example.com" }), 403)
  await refused(() => signUp({ origin: "https://evil.example" }), 403)
  await refused(() => signUp({ "x-setup-token": "0".repeat(48) }), 403)
})

for (const [what, sent] of Object.entries({
  nothing: {},
  "an address that is none": { ...body, email: "ada" },
  "no password": { ...body, password: "" },
  "no first name": { ...body, firstName: " " },
})) {
  test(`${what} is refused`, () => refused(() => signUp({}, sent), 422))
}

test("the admin signs up, once, and is signed in", async () => {
  // Key material that clients of old still send.
  const salt = { salt: "x", verifier: "y", protectedKey: "z", publicKey: "k" }
  const answer = await signUp({ "user-agent": "Mozilla/5.0" }, { ...body, ...salt })
  const { message, user, organization, token, new: isNew } = people.ok(answer)
  assert.deepEqual([typeof message, typeof isNew], ["string", "string"])
  assert.deepEqual(
    [user.username, user.firstName, user.lastName, user.superAdmin, user.isAccepted],
    ["ada@example.com", "Ada", "Lovelace", true, true],
  )
  assert.equal(organization.name, "Admin Org")
  assert.match(organization.slug, /^admin-org-[a-z0-9]{6}$/)
  const selected = await people.select(harness, token, organization.id)
  people.ok(await harness.call("POST /api/v1/groups", { token: selected, body: { name: "First" } }))
  const cookie = people.cookieOf(answer)
  people.ok(await harness.call("POST /api/v1/auth/token", { headers: { cookie } }))
  const login = { email: "ada@example.com", password: "secret" }
  people.ok(await harness.call("POST /api/v3/auth/login", { body: login }))
  const rows = await harness.db.selectFrom("audit_logs").select(["event_type", "event_metadata"]).execute()
  assert.deepEqual(rows[0], {
    event_type: "bootstrap-instance",
    event_metadata: { userId: user.id, username: "ada@example.com" },
  })
  await refused(() => signUp(), 400)
  await refused(() => signUp({ "x-setup-token": "whatever", host: "elsewhere.example" }), 400)
  const bootstrap = { email: "eve@example.com", password: "secret", organization: "Acme" }
  await refused(() => harness.call("POST /api/v1/admin/bootstrap", { body: bootstrap }), 400)
})
