import type { Make } from "./access-cases.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"
import { addProject } from "./projects.ts"

/** A project with a secret in its first environment, and the snapshot of that folder. */
async function freshSnapshot(harness: Harness, organization: people.Organization) {
  const { token } = organization
  const project = await addProject(harness, organization)
  const place = { projectId: project.id, environment: "dev", secretPath: "/" }
  people.ok(
    await harness.call("POST /api/v4/secrets/KEPT", { token, body: { ...place, secretValue: "value" } }),
  )
  const at = { workspaceId: project.id }
  const answer = await harness.call(
    `GET /api/v1/workspace/${project.id}/secret-snapshots?environment=dev&path=%2F`,
    { token },
  )
  const [newest] = people.ok(answer).secretSnapshots
  return { path: { ...at, secretSnapshotId: newest.id as string }, query: { environment: "dev", path: "/" } }
}

const ofFolder: Make = (harness, organization) => freshSnapshot(harness, organization)
const ofSnapshot: Make = async (harness, organization) => {
  const { path } = await freshSnapshot(harness, organization)
  return { path }
}

/** Requests about the history of folders, see `cases` in access-cases.ts. */
export const historyCases: Record<string, Make> = {
  listSecretSnapshots: async (harness, organization) => {
    const { query, ...request } = await ofFolder(harness, organization)
    return { ...request, query: { ...query, offset: "0", limit: "20" } }
  },
  countSecretSnapshots: ofFolder,
  getSecretSnapshot: ofSnapshot,
  rollBackToSecretSnapshot: ofSnapshot,
}
