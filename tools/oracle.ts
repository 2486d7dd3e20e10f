import { parseArgs } from "node:util"
import { boundaryCase, evaluatorCase, type Outcome } from "../server/test/oracle-rounds.ts"
import { Choices } from "../server/test/random-rights.ts"

/*
 * Rights against an independent oracle, in as many random cases as are asked for: `npm run oracle`. Each kind of case
 * is judged so often; a difference is printed, and fails. The same seed brings the same cases.
 */
const { values } = parseArgs({
  options: { cases: { type: "string", default: "1000000" }, seed: { type: "string" } },
})
const cases = Number(values.cases)
const seed = Number(values.seed ?? Date.now() % 2 ** 32)
const shown = 5

async function compare(name: string, one: (choices: Choices) => Outcome | Promise<Outcome>): Promise<void> {
  const choices = new Choices(seed)
  const begin = performance.now()
  let [allowed, differences] = [0, 0]
  for (let number = 0; number < cases; number++) {
    const { isAllowed, difference } = await one(choices)
    if (isAllowed) allowed++
    if (difference === undefined) continue
    if (++differences <= shown) console.error(`${name}, case ${number}: ${difference}`)
  }
  const seconds = ((performance.now() - begin) / 1_000).toFixed(1)
  console.log(`| ${[name, cases, allowed, differences, seed, seconds].join(" | ")} |`)
  if (differences > 0) process.exitCode = 1
}

console.log("| judged | cases | allowed | differences | seed | seconds |")
console.log("|---|---|---|---|---|---|")
await compare("evaluator", evaluatorCase)
await compare("boundary", boundaryCase)
