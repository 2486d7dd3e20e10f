import assert from "node:assert/strict"
import { access } from "node:fs/promises"
import { join } from "node:path"
import { describe, test } from "node:test"
import { setTimeout } from "node:timers/promises"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { isFromThisMachine } from "./instance.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const body = { email: " Ada@Example.com ", password: "secret", organization: " Acme " }
const bootstrap = (headers: Record<string, string> = {}, sent: unknown = body) =>
  harness.call("POST /api/v1/admin/bootstrap", { body: sent, headers })

const refused = refusing(harness)

describe("before the set-up", () => {
  test("the server says that it is up", async () => {
    assert.equal(people.ok(await harness.call("GET /api/status")).message, "Ok")
  })

  for (const [name, value] of Object.entries({
    origin: "https://evil.example",
    host: "conclave.example.com",
    "x-forwarded-for": "203.0.113.9",
    forwarded: "for=203.0.113.9",
    "x-real-ip": "203.0.113.9",
    via: "1.1 proxy",
  })) {
    test(`a call with the header ${name} needs the setup token`, async () =>
      void (await refused(() => bootstrap({ [name]: value }), 403)))
  }

  test("a wrong setup token is refused, also from this machine", async () =>
    void (await refused(() => bootstrap({ "x-setup-token": "0".repeat(48) }), 403)))

  test("only an address of this machine counts as this machine", () => {
    const from = (ip: string, host: string) =>
      isFromThisMachine({ ip, header: (name) => (name === "host" ? host : undefined) })
    assert.deepEqual(
      [
        from("127.0.0.1", "localhost:8080"),
        from("::1", "[::1]:8080"),
        from("::ffff:127.0.0.1", "127.0.0.1"),
        from("10.0.0.7", "localhost:8080"),
        from("127.0.0.1", "localhost.evil.example"),
        from("127.0.0.1", "127.0.0.1.evil.example"),
      ],
      [true, true, true, false, false, false],
    )
  })

  for (const [what, sent] of Object.entries({
    nothing: {},
    "an address that is none": { ...body, email: "ada" },
    "an address with a look-alike @": { ...body, email: "ada\uff20example.com" },
    "an address that could retarget a path": { ...body, email: "../ada@example.com" },
    "no password": { ...body, password: "" },
    "no organization": { ...body, organization: " " },
  })) {
    test(`${what} is refused`, async () => void (await refused(() => bootstrap({}, sent), 422)))
  }
})

describe("the set-up", () => {
  test("makes an admin, an organization, and a machine identity whose token does not expire", async () => {
    const link = harness.server.setupLink ?? ""
    const setupToken = new URLSearchParams(new URL(link).hash.slice(1)).get("setup-token") ?? ""
    // From elsewhere, with the token.
    const answer = people.ok(await bootstrap({ host: "conclave.example.com", "x-setup-token": setupToken }))
    assert.equal(answer.user.username, "ada@example.com")
    assert.deepEqual(
      [answer.user.firstName, answer.user.lastName, answer.user.superAdmin],
      ["Admin", "User", true],
    )
    assert.equal(answer.organization.name, "Acme")
    assert.match(answer.organization.slug, /^acme-[a-z0-9]{6}$/)
    assert.equal(answer.identity.name, "Instance Admin Identity")
    const { token } = answer.identity.credentials
    const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString())
    assert.equal(claims.exp, undefined)
    assert.equal(claims.authTokenType, "identityAccessToken")
    people.ok(await harness.call("GET /api/v1/groups", { token }))
    // Removed right after the answer.
    const isThere = () =>
      access(join(harness.dataDir, "setup-token")).then(
        () => true,
        () => false,
      )
    for (let tries = 0; tries < 100 && (await isThere()); tries++) await setTimeout(10)
    assert.equal(await isThere(), false)
  })

  test("happens once", async () => {
    await refused(() => bootstrap(), 400)
    await refused(() => bootstrap({ "x-setup-token": "whatever", host: "elsewhere.example" }), 400)
  })
})
