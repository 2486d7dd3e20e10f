import { parseArgs } from "node:util"
import { lookUp } from "../server/auth/authenticate.ts"
import { openDatabase, type Queries } from "../server/db/database.ts"
import { rulesHeldBy } from "../server/projects/held.ts"
import { testDatabases } from "../server/test/databases.ts"
import { explainRound } from "../server/test/explain-rounds.ts"
import { boundaryCase, evaluatorCase, projectGuardCase, type Outcome } from "../server/test/oracle-rounds.ts"
import { differences as differencesOf, Tally } from "../server/test/project-oracle-rounds.ts"
import { createProjectCases } from "../server/test/random-projects.ts"
import { Choices } from "../server/test/random-rights.ts"
import { makeTemplate, temporaryPostgres } from "./temporary-postgres.ts"

/*
 * Rights against an independent oracle, in as many random cases as are asked for: `npm run oracle`. Each kind of case
 * is judged so often; a difference is printed, and fails. The same seed brings the same cases.
 */
const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "1000000" },
    seed: { type: "string" },
    /** Judges explanations alone. */ explanations: { type: "boolean", default: false },
    /** Leaves the cases without a database out. */ projects: { type: "boolean", default: false },
  },
})
const cases = Number(values.cases)
const seed = Number(values.seed ?? Date.now() % 2 ** 32)
const shown = 5

type Counts = { cases: number; allowed: number; differences: number; begin: number }

function report(name: string, { cases, allowed, differences, begin }: Counts): void {
  const seconds = ((performance.now() - begin) / 1_000).toFixed(1)
  console.log(`| ${[name, cases, allowed, differences, seed, seconds].join(" | ")} |`)
  if (differences > 0) process.exitCode = 1
}

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
  report(name, { cases, allowed, differences, begin })
}

const size = { projects: 3, groups: 6, people: 24, machines: 24, questions: 30 }

/** The same in projects, by the server's own statements on a database that no server runs on. */
async function compareInProjects(db: Queries): Promise<Tally> {
  const choices = new Choices(seed)
  const tally = new Tally()
  const begin = performance.now()
  let differences = 0
  while (tally.decisions < cases) {
    const now = Date.now()
    for (const one of await createProjectCases(db, choices, now, size)) {
      for (const difference of await differencesOf(db, { lookUp, rulesHeldBy }, { one, now })) {
        if (++differences <= shown) console.error(difference)
      }
      tally.count(one, now)
    }
  }
  report("projects", { cases: tally.decisions, allowed: tally.allowed, differences, begin })
  return tally
}

/** What explanations say, which is what was decided. */
async function compareExplanations(db: Queries): Promise<void> {
  const choices = new Choices(seed)
  const begin = performance.now()
  let [asked, allowed, differences] = [0, 0, 0]
  while (asked < cases) {
    const now = Date.now()
    for (const one of await createProjectCases(db, choices, now, size)) {
      const outcome = await explainRound(db, one, now)
      asked += outcome.asked
      allowed += outcome.allowed
      differences += outcome.differences.length
      for (const difference of outcome.differences.slice(0, shown)) console.error(difference)
    }
  }
  report("explanations", { cases: asked, allowed, differences, begin })
}

async function inProjects(): Promise<void> {
  const temporary = await temporaryPostgres()
  try {
    await makeTemplate(temporary)
    const database = openDatabase(temporary.connection(testDatabases.template), 2)
    if (values.explanations) {
      await compareExplanations(database.queries)
      await database.close()
      return
    }
    const { cases, turned } = await compareInProjects(database.queries)
    await compareExplanations(database.queries)
    await database.close()
    console.log(`\n${cases} people and machine identities in a project each. Decisions that turned on:\n`)
    console.log("| what | allowed by it | refused by it |\n|---|---|---|")
    for (const [what, { allowed, refused }] of turned)
      console.log(`| ${[what, allowed, refused].join(" | ")} |`)
  } finally {
    await temporary.stop()
  }
}

console.log("| judged | cases | allowed | differences | seed | seconds |")
console.log("|---|---|---|---|---|---|")
if (!values.projects && !values.explanations) {
  await compare("evaluator", evaluatorCase)
  await compare("boundary", boundaryCase)
  await compare("boundary in projects", projectGuardCase)
}
await inProjects()
