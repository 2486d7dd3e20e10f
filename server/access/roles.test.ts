import assert from "node:assert/strict"
import { readFile, writeFile } from "node:fs/promises"
import { test } from "node:test"
import { rightsOf } from "./can.ts"
import { builtInRoles, builtInRules } from "./roles.ts"
import { organizationActions, type OrganizationPermission } from "./vocabulary.ts"

const file = new URL("roles.snapshot.txt", import.meta.url)
const permissions = Object.entries(organizationActions).flatMap(([subject, actions]) =>
  actions.map((action) => [action, subject] as unknown as OrganizationPermission),
)

/** Role × subject × action, one line an action. */
function table(): string {
  const width = Math.max(...permissions.map(([action]) => action.length)) + 4
  const line = (first: string, cells: readonly string[]) =>
    `${first.padEnd(width)}${cells.map((cell) => cell.padEnd(11)).join("")}`.trimEnd()
  const lines = [line("", builtInRoles)]
  let last = ""
  for (const permission of permissions) {
    const [action, subject] = permission
    if (subject !== last) lines.push("", subject)
    last = subject
    const cells = builtInRoles.map((role) =>
      rightsOf(role, () => builtInRules[role]).can(permission) ? "yes" : "-",
    )
    lines.push(line(`  ${action}`, cells))
  }
  return `${lines.join("\n")}\n`
}

test("what the built-in roles may do is what roles.snapshot.txt says", async () => {
  if (process.env["UPDATE_SNAPSHOTS"] === "1") await writeFile(file, table())
  const committed = await readFile(file, "utf8")
  const advice = 'if the change is meant, run "UPDATE_SNAPSHOTS=1 npm test server/access/roles.test.ts"'
  assert.equal(table(), committed, `roles.snapshot.txt differs: ${advice}`)
})

test("no role names what the vocabulary does not have", () => {
  for (const [role, rules] of Object.entries(builtInRules)) {
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
