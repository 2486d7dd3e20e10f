import assert from "node:assert/strict"
import { after } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { startHarness, type Harness } from "./harness.ts"
import type { Answer } from "./http.ts"
import { listenTo, type Listening } from "./statements.ts"

/** What somebody who asks about an address can see, and what the database was asked for it. */
export type Shown = { status: number; headers: string[]; body: unknown; statements: string[] }

export type Alike = {
  harness: Harness
  /** Asks about each address in the same way and sees that nothing tells them apart; returns what all were shown. */
  assertAlike(addresses: string[], act: (address: string) => Promise<Answer>): Promise<Shown>
}

/**
 * A server whose statements are listened to. `quietMs`: how long to listen on after an answer, where something is done
 * behind it.
 */
export async function startListeningHarness(env: Record<string, string> = {}, quietMs = 0): Promise<Alike> {
  let listening: Listening | undefined
  const harness = await startHarness(env, async (database) => {
    listening = await listenTo(database)
    return listening.address
  })
  after(() => listening?.close())

  async function shown(address: string, act: (address: string) => Promise<Answer>): Promise<Shown> {
    assert.ok(listening)
    let answer: Answer | undefined
    const statements = await listening.during(async () => {
      answer = await act(address)
      await sleep(quietMs)
    })
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

  return {
    harness,
    async assertAlike(addresses, act) {
      // Once before, so that every statement is prepared on every connection that may take it.
      for (let warmUp = 0; warmUp < 3; warmUp++) await shown(`warm-up-${warmUp}@nowhere.example`, act)
      const answers: Shown[] = []
      for (const address of addresses) answers.push(await shown(address, act))
      const [first] = answers
      assert.ok(first)
      for (const answer of answers) assert.deepEqual(answer, first)
      return first
    },
  }
}

/** Ids, codes and times are different in each answer; that they are there is not. */
const withoutChance = (body: unknown): unknown =>
  JSON.parse(
    JSON.stringify(body)
      .replace(/req-[A-Za-z0-9]{14}/g, "<request>")
      .replace(/\btoken=[0-9a-f]{32}/g, "token=<code>"),
  )
