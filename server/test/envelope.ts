import assert from "node:assert/strict"
import type { Answer } from "./http.ts"

/** A refusal in the envelope, as JSON; `what` is shown when it is not. */
export function assertEnvelope(answer: Answer, what: string): void {
  const words = `${what}: ${answer.status} ${answer.text.slice(0, 300)}`
  assert.ok(answer.status >= 400 && answer.status < 500, words)
  assert.equal(answer.headers["content-type"], "application/json; charset=utf-8", words)
  const keys = Object.keys(answer.body ?? {}).filter((key) => key !== "details")
  assert.deepEqual(keys, ["reqId", "statusCode", "message", "error"], words)
  assert.equal(answer.body.statusCode, answer.status, words)
  assert.match(answer.body.reqId, /^req-[A-Za-z0-9]{14}$/, words)
}
