import assert from "node:assert/strict"
import { test } from "node:test"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import { count, startTwoServers, timesOf } from "./two-servers.ts"

// The same request under one key on two servers: at once, and again.
const servers = await startTwoServers()
const { left, right, acme } = servers
const rounds = timesOf(100, 1_000)

const oneText = (answers: Answer[]): void => {
  const done = answers.filter(({ status }) => status === 200)
  assert.ok(done.length > 0)
  assert.equal(new Set(done.map(({ text }) => text)).size, 1)
  for (const { status, text } of answers) assert.ok(status === 200 || status === 409, text)
}

test("a request that is sent to both servers, and then again, has one effect", async () => {
  const group = await people.addGroup(left, acme, "Once each")
  const members = await people.inviteMany(left, acme, rounds)
  const work = async (index: number): Promise<void> => {
    const username = members[index] ?? ""
    const add = (server: typeof left) =>
      server.call(`POST /api/v1/groups/${group.id}/users/${username}`, {
        token: acme.token,
        headers: { "idempotency-key": `add-${index}` },
      })
    const make = (server: typeof left) =>
      server.call("POST /api/v1/groups", {
        token: acme.token,
        body: { name: `Made ${index}`, role: "no-access" },
        headers: { "idempotency-key": `make-${index}` },
      })
    for (const act of [add, make]) {
      const atOnce = await Promise.all([act(left), act(right), act(left)])
      const after = [await act(right), await act(left)]
      for (const { status, headers } of after)
        assert.deepEqual([status, headers["idempotent-replayed"]], [200, "true"])
      oneText([...atOnce, ...after])
    }
  }
  for (let done = 0; done < rounds; done += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, index) => work(done + index)))
  }
  assert.equal(await count(servers, "group_user_memberships where group_id = $1", [group.id]), rounds)
  assert.equal(await count(servers, "groups where name like 'Made %'"), rounds)
  const told = "audit_logs where event_type = 'add-user-to-group' and event_metadata ->> 'groupId' = $1"
  assert.equal(await count(servers, told, [group.id]), rounds)
  assert.equal(await count(servers, "idempotency_keys"), 2 * rounds)
})
