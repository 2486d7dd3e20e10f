import { runTests } from "../run-tests.ts"
import { judged, type Line } from "./line.ts"

/** Failures put into each step of the framework, by the test that does it. */
export async function failingSteps(): Promise<Line[]> {
  await runTests(["server/test/hooks.test.ts"])
  const isHeld = process.exitCode === 0
  return [
    {
      what: "a failure in each step of a request",
      times: 1,
      expected: "500, 401 or 403, nothing done, the process lives",
      seen: isHeld ? "as expected, by server/test/hooks.test.ts" : "the test failed",
      outcome: judged(isHeld),
    },
  ]
}
