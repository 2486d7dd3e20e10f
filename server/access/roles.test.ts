import assert from "node:assert/strict"
import { readFile, writeFile } from "node:fs/promises"
import { test } from "node:test"
import { rightsOf } from "./can.ts"
import { builtInProjectRules } from "./project-roles.ts"
import { builtInRules, type Rule } from "./roles.ts"
import { organizationActions, projectActions, type Permission } from "./vocabulary.ts"

type Table = { file: string; rules: Record<string, Rule[]>; actions: Record<string, readonly string[]> }

const tables: Table[] = [
  { file: "roles.snapshot.txt", rules: builtInRules, actions: organizationActions },
  { file: "project-roles.snapshot.txt", rules: builtInProjectRules, actions: projectActions },
]

const permissionsOf = ({ actions }: Table): Permission[] =>
  Object.entries(actions).flatMap(([subject, names]) =>
    names.map((action) => [action, subject] as unknown as Permission),
  )

/** Role × subject × action, one line an action. */
function textOf(table: Table): string {
  const permissions = permissionsOf(table)
  const roles = Object.keys(table.rules)
  const width = Math.max(...permissions.map(([action]) => action.length)) + 4
  const line = (first: string, cells: readonly string[]) =>
    `${first.padEnd(width)}${cells.map((cell) => cell.padEnd(11)).join("")}`.trimEnd()
  const lines = [line("", roles)]
  let last = ""
  for (const permission of permissions) {
    const [action, subject] = permission
    if (subject !== last) lines.push("", subject)
    last = subject
    const cells = roles.map((role) =>
      rightsOf(`${table.file} ${role}`, () => table.rules[role] ?? []).can(permission) ? "yes" : "-",
    )
    lines.push(line(`  ${action}`, cells))
  }
  return `${lines.join("\n")}\n`
}

for (const table of tables) {
  test(`what the built-in roles may do is what ${table.file} says`, async () => {
    const file = new URL(table.file, import.meta.url)
    if (process.env["UPDATE_SNAPSHOTS"] === "1") await writeFile(file, textOf(table))
    const committed = await readFile(file, "utf8")
    const advice = 'if the change is meant, run "UPDATE_SNAPSHOTS=1 npm test server/access/roles.test.ts"'
    assert.equal(textOf(table), committed, `${table.file} differs: ${advice}`)
  })

  test(`no role of ${table.file} names what the vocabulary does not have`, () => {
    const permissions = permissionsOf(table)
    for (const [role, rules] of Object.entries(table.rules)) {
      for (const { subject, action } of rules) {
        for (const name of [action].flat()) {
          assert.ok(
            permissions.some((known) => known[0] === name && known[1] === subject),
            `${role}: ${name} on ${subject}`,
          )
        }
      }
    }
  })
}
