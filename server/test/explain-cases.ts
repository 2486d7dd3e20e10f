import type { Make } from "./access-cases.ts"
import type { Harness } from "./harness.ts"
import { freshIdentity } from "./identity-cases.ts"
import type { Organization } from "./people.ts"
import { addProject, putInProject } from "./projects.ts"

/** A right in a project that somebody has, and who that is. */
async function freshRight(harness: Harness, organization: Organization) {
  const project = await addProject(harness, organization)
  const identityId = await freshIdentity(harness, organization)
  await putInProject(harness, project, { identityId }, "viewer")
  const right = {
    projectId: project.id,
    environment: "dev",
    secretPath: "/",
    subject: "secrets",
    action: "read",
  }
  return { right, identityId }
}

/** Requests about why somebody may do something, and about what would change, see `cases` in access-cases.ts. */
export const explainCases: Record<string, Make> = {
  async listWhoCan(harness, organization) {
    const { right } = await freshRight(harness, organization)
    return { query: right }
  },
  async compareAccess(harness, organization) {
    const { right, identityId } = await freshRight(harness, organization)
    const otherId = await freshIdentity(harness, organization)
    const two = { actorType: "identity", actorId: identityId, otherType: "identity", otherId }
    return { query: { ...two, projectId: right.projectId } }
  },
  async explainAccess(harness, organization) {
    const { right, identityId } = await freshRight(harness, organization)
    return { query: { actorType: "identity", actorId: identityId, ...right } }
  },
  async previewAccess(harness, organization) {
    const { right, identityId } = await freshRight(harness, organization)
    const path = `/api/v1/projects/${right.projectId}/memberships/identities/${identityId}`
    return { body: { method: "PATCH", path, body: { roles: [{ role: "member" }] } } }
  },
  async getAccessAsOf(harness, organization) {
    const { identityId } = await freshRight(harness, organization)
    return { query: { subjectType: "identity", subjectId: identityId } }
  },
  async getAccessDifference(harness, organization) {
    const { identityId } = await freshRight(harness, organization)
    return { query: { subjectType: "identity", subjectId: identityId, from: new Date(0).toISOString() } }
  },
}
