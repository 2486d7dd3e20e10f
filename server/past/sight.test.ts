import assert from "node:assert/strict"
import { test } from "node:test"
import { startHarness } from "../test/harness.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject } from "../test/projects.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { token } = acme

test("the name of a group is shown to whom a rule shows it that names what is noted about them, and to nobody else", async () => {
  const project = await addProject(harness, acme)
  const rule = {
    subject: "groups",
    action: ["read"],
    conditions: { groupName: "{{identity.metadata.team}}" },
  }
  await addProjectRole(harness, project, "by-team", [rule])
  const group = await people.addGroup(harness, acme, "Payments")
  await putInProject(harness, project, { groupId: group.id }, "by-team")

  const groupsSeenBy = async (team: string): Promise<unknown[]> => {
    const { id, token: own } = await people.addIdentity(harness, acme, "no-access")
    const metadata = [{ key: "team", value: team }]
    people.ok(await harness.call(`PATCH /api/v1/identities/${id}`, { token, body: { metadata } }))
    people.ok(
      await harness.call(`POST /api/v1/groups/${group.id}/machine-identities/${id}`, { token, body: {} }),
    )
    const query = new URLSearchParams({ subjectType: "identity", subjectId: id, placeType: "project" })
    const answer = await harness.call(`GET /api/v1/access/as-of?${query.toString()}`, { token: own })
    const { holdings } = people.ok(answer) as { holdings: { group: { name: string | null } | null }[] }
    return [...new Set(holdings.map((holding) => holding.group?.name))]
  }
  assert.deepEqual(await groupsSeenBy("Payments"), ["Payments"])
  assert.deepEqual(await groupsSeenBy("Another"), [null])
})
