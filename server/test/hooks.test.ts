import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import pino from "pino"
import { createApp, type App } from "../app.ts"
import { openDatabase } from "../db/database.ts"
import { endpoints } from "../endpoints.ts"
import { startHarness } from "./harness.ts"
import { call, type Answer } from "./http.ts"
import * as people from "./people.ts"

/*
 * What fails in the midst of a request, at each step that the framework has: that request is answered with 500, or
 * nothing, the process lives on, and nobody gets in who would not have got in otherwise.
 */
const harness = await startHarness()
const acme = await people.bootstrap(harness)
const database = openDatabase(harness.database.connection, 2)
after(() => database.close())
const log = pino({ level: "silent" })

/** The server's own app on the same database, with something more done at each request. */
async function withApp(
  log: pino.Logger,
  prepare: (app: App) => void,
): Promise<{ app: App; address: string }> {
  const app = createApp({
    base: { db: database.queries, lookups: database.lookups, services: harness.server.services },
    endpoints,
    pages: [],
    log,
    trustedProxies: [],
    answered() {},
    stage: () => "serving",
  })
  prepare(app)
  return { app, address: await app.listen({ port: 0, host: "127.0.0.1" }) }
}

const fail = (): never => {
  throw new Error("a fault that somebody has put here")
}

const steps = [
  "onRequest",
  "preParsing",
  "preValidation",
  "preHandler",
  "preSerialization",
  "onSend",
  "onResponse",
  "onError",
] as const

/** Hooks of each step have an own type; all that matters here is that this one fails. */
function addFailing(app: App, step: (typeof steps)[number], isFailing: () => boolean): void {
  const hook = async () => void (isFailing() && fail())
  const add = app.addHook.bind(app) as (name: string, hook: () => Promise<void>) => unknown
  add(step, hook)
}

const group = { name: "Nobody's" }

/** Requests of a stranger, of somebody with a bad token, and of an admin. */
const ask = (address: string, token?: string): Promise<Answer | undefined> =>
  call(address, "POST /api/v1/groups", { ...(token ? { token } : {}), body: group }).catch(() => undefined)

describe("a step that fails", () => {
  for (const step of steps) {
    test(`${step}: lets nobody in, and the process lives on`, async (t) => {
      let isFailing = true
      const { app, address } = await withApp(log, (made) => addFailing(made, step, () => isFailing))
      t.after(() => app.close())
      const before = await harness.state()
      for (const token of [undefined, "not-a-token", `${acme.token}x`]) {
        const answer = await ask(address, token)
        if (answer)
          assert.ok([401, 403, 500].includes(answer.status), `${step}: ${answer.status} ${answer.text}`)
      }
      assert.deepEqual(await harness.state(), before)

      isFailing = false
      assert.equal((await ask(address))?.status, 401)
      const made = await ask(address, acme.token)
      assert.equal(made?.status, 200, made?.text)
      people.ok(await call(address, `DELETE /api/v1/groups/${made?.body.id}`, { token: acme.token }))
    })
  }
})
