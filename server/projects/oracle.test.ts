import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { sql } from "kysely"
import { ruleFaults } from "../access/project-rules.ts"
import { lookUp } from "../auth/authenticate.ts"
import { openDatabase } from "../db/database.ts"
import { createTestDatabase } from "../test/databases.ts"
import { withMistake, withView, type Mistake } from "../test/mutants.ts"
import { isInProject } from "../test/project-oracle.ts"
import { differences, lookUpIn, misheld, Tally, type Engine } from "../test/project-oracle-rounds.ts"
import { createProjectCases, everRules, type ProjectCase } from "../test/random-projects.ts"
import { Choices } from "../test/random-rights.ts"
import { rulesHeldBy } from "./held.ts"

/*
 * People and machine identities in random projects, written straight into a database that no server runs on: nothing
 * but the clock ends what is over. `npm run oracle` does the same for a million decisions.
 */
const database = await createTestDatabase()
const { queries: db, close } = openDatabase(database.connection, 2)
after(async () => {
  await close()
  await database.drop()
})

const now = Date.now()
const choices = new Choices(20_261_124)
const size = { projects: 4, groups: 4, people: 7, machines: 7, questions: 60 }
const cases: ProjectCase[] = []
for (let number = 0; number < 4; number++) cases.push(...(await createProjectCases(db, choices, now, size)))
/* For the views alone, which are read for all at once. */
const many = await createProjectCases(db, choices, now, {
  projects: 6,
  groups: 24,
  people: 80,
  machines: 80,
  questions: 0,
})
const engine: Engine = { lookUp, rulesHeldBy }

/** How many features the decisions of a case turn on. */
function telling(one: ProjectCase): number {
  const tally = new Tally()
  tally.count(one, now)
  return [...tally.turned.values()].filter(({ allowed, refused }) => allowed + refused > 0).length
}
const tellingFirst = [
  ...cases.filter(({ isDeleted }) => isDeleted).slice(0, 1),
  ...cases
    .filter(({ isDeleted }) => !isDeleted)
    .map((one) => ({ one, size: telling(one) }))
    .toSorted((one, other) => other.size - one.size)
    .map(({ one }) => one),
]

describe("rights in a project are what an independent reading of its rows and rules makes of them", () => {
  test("in every decision about random people and machine identities", async (t) => {
    const found: string[] = []
    for (const one of cases) found.push(...(await differences(db, engine, { one, now })))
    assert.deepEqual(found.slice(0, 3), [], `${found.length} differences`)
    const tally = new Tally()
    for (const one of cases) tally.count(one, now)
    t.diagnostic(`${tally.cases} cases, ${tally.decisions} decisions, ${tally.allowed} allowed`)
    for (const [name, { allowed, refused }] of tally.turned) {
      assert.ok(allowed + refused >= 10, `${name} decides next to nothing`)
      t.diagnostic(`${name}: ${allowed} allowed by it, ${refused} refused`)
    }
    assert.ok(
      tally.allowed > tally.decisions / 8 && tally.allowed < tally.decisions * 0.8,
      `${tally.allowed}`,
    )
  })

  test("and what everybody holds is in the views, with its source and its time", async () => {
    assert.deepEqual(await misheld(db, [...cases, ...many], now), [])
  })

  test("and the rules are such as the API takes", () => {
    const rules = cases.flatMap(({ member }: ProjectCase) => everRules(member))
    assert.ok(rules.length > 500)
    assert.deepEqual(rules.flatMap(ruleFaults), [])
  })
})

/* Each mistake that the oracle must find, in the source or in a view. */
const mistakes: Readonly<Record<string, Mistake>> = {
  "conditions are passed over": {
    in: "access/can.ts",
    from: "matches(conditions, (judged as Judged).object)",
    to: "true || matches(conditions, (judged as Judged).object)",
  },
  "what forbids is passed over": {
    in: "access/can.ts",
    from: "[...rules] as",
    to: "rules.filter(({ inverted }) => !inverted) as",
  },
  "what forbids under conditions forbids nothing in general": {
    in: "access/can.ts",
    from: "matchesAll: Object.keys(conditions).length === 0",
    to: "matchesAll: true",
  },
  "$eq is passed over": {
    in: "access/conditions.ts",
    from: "$eq === undefined ||",
    to: "true ||",
  },
  "$ne is passed over": {
    in: "access/conditions.ts",
    from: "$ne === undefined ||",
    to: "true ||",
  },
  "$in is passed over": {
    in: "access/conditions.ts",
    from: "$in === undefined ||",
    to: "true ||",
  },
  "$glob is passed over": {
    in: "access/conditions.ts",
    from: "$glob === undefined ||",
    to: "true ||",
  },
  "$elemMatch is passed over": {
    in: "access/conditions.ts",
    from: "$elemMatch === undefined ||",
    to: "true ||",
  },
  "what is not there is equal to everything": {
    in: "access/conditions.ts",
    from: "Object.hasOwn(object, field) ? object[field] : undefined",
    to: "object[field] ?? Object.values(constraintOf(written))[0]",
  },
  "rules are not filled in": {
    in: "projects/held.ts",
    from: "filledIn(rules, named)",
    to: "rules",
  },
  "rights are shared by callers with other values": {
    in: "projects/held.ts",
    from: "values.length > 0 ? JSON.stringify(values)",
    to: 'values.length > 0 ? ""',
  },
  "a caller's value is a pattern": {
    in: "access/templates.ts",
    from: "return isPattern ?",
    to: "return false ?",
  },
  "custom roles come before built-in ones": {
    in: "projects/held.ts",
    from: "[...roles.flatMap((role) => builtIn.get(role) ?? []), ...found.toSorted(inOrder)]",
    to: "[...found.toSorted(inOrder), ...roles.flatMap((role) => builtIn.get(role) ?? [])]",
  },
  "privileges come in between": {
    in: "projects/held.ts",
    from: 'key.includes("-privilege:")',
    to: 'key.includes("user-privilege:")',
  },
  "read means one way of reading": {
    in: "access/project-rules.ts",
    from: 'const bothWays = ["describeSecret", "readValue"]',
    to: 'const bothWays = ["describeSecret"]',
  },
  "read is a right of its own": {
    in: "access/project-rules.ts",
    from: 'subject === "secrets" && action === "read"',
    to: "false",
  },
  "metadata that was removed counts": {
    in: "auth/callers.store.ts",
    from: "and d.removed_at is null",
    to: "order by d.removed_at nulls first",
  },
  "a deleted project is found": {
    in: "auth/callers.store.ts",
    from: "and p.deleted_at is null",
    to: "",
  },
  "rules of one project are good in all": {
    in: "auth/callers.store.ts",
    from: "where org_id = $1 and project_id = p.id and membership_id = m.id\n    ) as project_rules",
    to: "where org_id = $1 and membership_id = m.id\n    ) as project_rules",
  },
}

const views = ["user", "identity", "group"]
  .flatMap((kind) => [
    `project_${kind}_memberships`,
    `project_${kind}_role_grants`,
    ...(kind === "group" ? [] : [`project_${kind}_privileges`, `group_${kind}_memberships`]),
  ])
  .map((table) => `active_${table}`)
const passedOver: Readonly<Record<string, RegExp>> = {
  "is over all the same lasts": /\(?\(valid_until IS NULL\) OR \(valid_until > statement_timestamp\(\)\)\)?/,
  "is yet to come is there": /\(valid_from <= statement_timestamp\(\)\)/,
  "was ended by hand lasts": /\(NOT is_closed\)/,
}

describe("a mistake is found:", () => {
  for (const [name, mistake] of Object.entries(mistakes)) {
    test(name, async () => {
      const mistaken = await withMistake(mistake, ["auth/authenticate.ts", "projects/held.ts"])
      for (const one of tellingFirst) {
        if ((await differences(db, mistaken as Engine, { one, now })).length > 0) return
      }
      assert.fail("nobody would have noticed")
    })
  }

  const isFoundIn = (view: string, condition: RegExp): Promise<void> =>
    withView(
      db,
      view,
      (definition) => definition.replace(condition, "true"),
      async (inside) => {
        const found = await misheld(inside, [...cases, ...many], now)
        assert.ok(found.length > 0, `nobody would have noticed in ${view}`)
      },
    )

  for (const [what, condition] of Object.entries(passedOver)) {
    test(`what ${what}`, async () => {
      for (const view of views) await isFoundIn(view, condition)
    })
  }

  test("a privilege survives that its holder leaves and comes back", async () => {
    for (const kind of ["user", "identity"]) {
      await isFoundIn(`held_project_${kind}_rules`, /\(?place\.valid_from <= p\.given_at\)?/)
    }
  })
})

test("what is given for a time gives nothing when that is over, though no process of the server runs", async () => {
  for (const table of [
    "project_user_role_grants",
    "project_identity_role_grants",
    "project_group_role_grants",
    "project_user_privileges",
    "project_identity_privileges",
  ]) {
    await sql`
      update ${sql.table(table)} set valid_until = statement_timestamp() + interval '1 second'
      where not is_closed and valid_from <= statement_timestamp()
        and (valid_until is null or valid_until > statement_timestamp())`.execute(db)
  }
  const ofLive = cases.filter(({ isDeleted }) => !isDeleted)
  const heldBy = ({ kind, place }: ProjectCase) => rulesHeldBy(db, kind, place)
  assert.ok((await Promise.all(ofLive.map(heldBy))).flat().length > 100)
  await sleep(1_100)
  assert.deepEqual((await Promise.all(ofLive.map(heldBy))).flat(), [])
  for (const one of ofLive) {
    const project = await lookUpIn(db, engine, one)
    assert.deepEqual([project?.isMember, project?.rights.rules], [isInProject(one.member, now), []])
  }
})
