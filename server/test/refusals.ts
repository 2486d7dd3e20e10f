import assert from "node:assert/strict"
import type { Harness } from "./harness.ts"
import type { Answer } from "./http.ts"

/** Does something, asserts that it is refused with that status (and error), and that no row has changed. */
export type Refused = (act: () => Promise<Answer>, status: number, error?: string) => Promise<Answer>

/** How a file asserts refusals; a denial may leave its row in the audit log where that is said. */
export const refusing =
  (harness: Harness, but?: "but for its record"): Refused =>
  async (act, status, error) => {
    const before = await harness.state()
    const answer = await act()
    assert.equal(answer.status, status, answer.text)
    if (error !== undefined) assert.equal(answer.body.error, error)
    const after = await harness.state()
    const unrecorded = but ? { audit_logs: [] } : {}
    assert.deepEqual({ ...after, ...unrecorded }, { ...before, ...unrecorded })
    return answer
  }
