import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { run } from "../db/database.ts"
import { createMailer } from "../mail/mailer.ts"
import { startHarness } from "../test/harness.ts"
import { startMailServer } from "../test/mail-server.ts"
import * as people from "../test/people.ts"
import { keepTelling, tellOfEnds } from "./notices.ts"

const mail = await startMailServer()
const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { token } = acme
const day = 86_400_000
let made = 0
const smtp = {
  host: "127.0.0.1",
  port: Number(mail.env["SMTP_PORT"]),
  username: undefined,
  password: undefined,
  fromAddress: "conclave@acme.example",
  fromName: "Conclave",
}
const telling = { db: harness.db, mailer: createMailer(smtp), days: 7 }

async function freshMember(until: number | null, { isInvited = false } = {}) {
  const group = await people.addGroup(harness, acme, `Group ${++made}`)
  const email = `member-${made}@example.com`
  if (isInvited) await people.invite(harness, acme, email)
  else await people.addPerson(harness, acme, { email })
  const body = until === null ? undefined : { until: new Date(Date.now() + until).toISOString() }
  people.ok(await harness.call(`POST /api/v1/groups/${group.id}/users/${email}`, { token, body }))
  return { email, groupId: group.id, group: `Group ${made}` }
}

/** As if the membership had begun so many days earlier, and ended so many earlier, too. */
const age = (groupId: string, days: number) =>
  run(
    harness.db,
    `update group_user_memberships
     set valid_from = valid_from - $2 * interval '1 day', valid_until = valid_until - $2 * interval '1 day'
     where group_id = $1`,
    [groupId, days],
  )
const told = (email: string) => mail.received.filter(({ to }) => to.includes(email)).length

test("a person is told once before their membership ends, and once more when it was renewed", async () => {
  const { email, groupId, group } = await freshMember(30 * day)
  assert.equal(await tellOfEnds(telling), 0)
  await age(groupId, 24)
  // However many servers look at once.
  const counts = await Promise.all(Array.from({ length: 4 }, () => tellOfEnds(telling)))
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    1,
  )
  const { text } = await mail.mailTo(email)
  assert.match(text, new RegExp(`Subject: Your membership in ${group} on Conclave ends soon`))
  assert.match(text, /organization "Acme" ends at \d{4}-\d\d-\d\d \d\d:\d\d UTC/)
  assert.equal(await tellOfEnds(telling), 0)
  const body = { until: new Date(Date.now() + 30 * day).toISOString() }
  people.ok(await harness.call(`PATCH /api/v1/groups/${groupId}/users/${email}`, { token, body }))
  assert.equal(await tellOfEnds(telling), 0)
  await age(groupId, 24)
  assert.equal(await tellOfEnds(telling), 1)
  await mail.mailTo(email, 1)
})

test("nobody is told of what does not end, is far off, is over, lasts for hours, or has not begun", async () => {
  const never = await freshMember(null)
  const far = await freshMember(30 * day)
  const over = await freshMember(2 * day)
  await age(over.groupId, 3)
  const brief = await freshMember(day / 2)
  const fresh = await freshMember(3 * day)
  const invited = await freshMember(30 * day, { isInvited: true })
  await age(invited.groupId, 25)
  assert.equal(await tellOfEnds(telling), 0)
  for (const { email } of [never, far, over, brief, fresh, invited]) assert.equal(told(email), 0)
  // Of a few days, in the second half.
  await age(fresh.groupId, 2)
  assert.equal(await tellOfEnds(telling), 1)
  await mail.mailTo(fresh.email)
})

test("it goes on by itself, tries again what could not be sent, and stops when it is told to", async () => {
  const { email, groupId } = await freshMember(30 * day)
  await age(groupId, 24)
  const failures: unknown[] = []
  const nowhere = { ...telling, mailer: createMailer({ ...smtp, port: 1 }) }
  const failing = keepTelling(nowhere, { everyMs: 20, failed: (error) => failures.push(error) })
  while (failures.length < 2) await sleep(10)
  await failing.stop()
  assert.equal(told(email), 0)
  const failed = (error: unknown): void => assert.fail(String(error))
  const working = keepTelling(telling, { everyMs: 20, failed })
  await mail.mailTo(email)
  await working.stop()
  assert.equal(told(email), 1)
})
