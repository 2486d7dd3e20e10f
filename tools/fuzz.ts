import { randomInt } from "node:crypto"
import { runTests } from "./run-tests.ts"

/*
 * The fuzz of `npm test`, longer and with other requests each time: 5,000 an operation, or as many as FUZZ_CASES says.
 * FUZZ_SEED draws the requests of an earlier run again, and FUZZ_ONLY names operations, joined by commas.
 */
await runTests(["server/test/fuzz.test.ts"], {
  FUZZ_CASES: process.env["FUZZ_CASES"] ?? "5000",
  FUZZ_SEED: process.env["FUZZ_SEED"] ?? String(randomInt(2 ** 31)),
})
