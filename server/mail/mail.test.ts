import assert from "node:assert/strict"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { after, test } from "node:test"
import { setTimeout } from "node:timers/promises"
import { SMTPServer } from "smtp-server"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"

type Received = { from: string; to: string[]; text: string }
const received: Received[] = []
const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS"],
  onData(stream, session, done) {
    const chunks: Buffer[] = []
    stream.on("data", (chunk: Buffer) => chunks.push(chunk))
    stream.on("end", () => {
      const { mailFrom, rcptTo } = session.envelope
      received.push({
        from: mailFrom ? mailFrom.address : "",
        to: rcptTo.map(({ address }) => address),
        text: Buffer.concat(chunks).toString("utf8"),
      })
      done()
    })
  },
})
server.listen(0, "127.0.0.1")
await once(server.server, "listening")
after(() => server.close())
const { port } = server.server.address() as AddressInfo

const harness = await startHarness({
  SMTP_HOST: "127.0.0.1",
  SMTP_PORT: String(port),
  SMTP_FROM_ADDRESS: "conclave@acme.example",
  SMTP_FROM_NAME: "Acme's Conclave",
  SITE_URL: "https://conclave.acme.example/",
})
const acme = await people.bootstrap(harness)
const invite = (inviteeEmails: string[]) =>
  harness.call("POST /api/v1/invite-org/signup", {
    token: acme.token,
    body: { inviteeEmails, organizationId: acme.id },
  })

async function mailTo(address: string): Promise<Received> {
  for (let tries = 0; tries < 200; tries++) {
    const mail = received.find(({ to }) => to.includes(address))
    if (mail) return mail
    await setTimeout(25)
  }
  throw new Error(`No mail came for ${address}.`)
}

const unfolded = (text: string) => text.replace(/=\r\n/g, "").replace(/=3D/g, "=")

test("with a mail server the link is sent, and is not in the answer", async () => {
  const answer = people.ok(await invite(["grace@example.com"]))
  assert.equal(answer.completeInviteLinks, undefined)
  const mail = await mailTo("grace@example.com")
  assert.equal(mail.from, "conclave@acme.example")
  assert.match(mail.text, /^Subject: You are invited to Acme on Conclave/m)
  const link = /https:\/\/conclave\.acme\.example\/signupinvite\?\S+/.exec(unfolded(mail.text))?.[0] ?? ""
  const code = new URL(link).searchParams.get("token") ?? ""
  await people.accept(harness, { email: "grace@example.com", organizationId: acme.id, code })
})

test("each invited person gets a mail that names nobody else", async () => {
  people.ok(await invite(["one@example.com", "two@example.com"]))
  const [one, two] = [await mailTo("one@example.com"), await mailTo("two@example.com")]
  assert.deepEqual([one.to, two.to], [["one@example.com"], ["two@example.com"]])
  assert.ok(!one.text.includes("two@example.com"))
})

test("the status says that mail is configured", async () => {
  assert.equal(people.ok(await harness.call("GET /api/status")).emailConfigured, true)
})

test("a mail server that is away does not fail the invitation", async () => {
  await new Promise<void>((resolve) => server.close(() => resolve()))
  people.ok(await invite(["late@example.com"]))
  const { users } = people.ok(
    await harness.call(`GET /api/v2/organizations/${acme.id}/memberships`, { token: acme.token }),
  )
  assert.ok(users.some((user: { inviteEmail: string }) => user.inviteEmail === "late@example.com"))
})
