import type { Make } from "./access-cases.ts"
import * as people from "./people.ts"
import { addProject, putInProject } from "./projects.ts"

let made = 0
const fresh = (what: string): string => `${what}-${++made}`

/** Roles as Terraform sends them: what is for good has an empty time, too. */
const roles = [
  {
    role: "member",
    isTemporary: false,
    temporaryMode: "",
    temporaryRange: "",
    temporaryAccessStartTime: "2026-01-01T00:00:00Z",
  },
  {
    role: "viewer",
    isTemporary: true,
    temporaryMode: "relative",
    temporaryRange: "1h",
    temporaryAccessStartTime: "2026-01-01T00:00:00Z",
  },
]
const given = { role: "viewer", roles }

const freshGroup: Make = async (harness, organization) => {
  const project = await addProject(harness, organization)
  const { id } = await people.addGroup(harness, organization, fresh("project-group"))
  return { path: { projectId: project.id, groupId: id, groupIdOrName: id } }
}
const groupIn: Make = async (harness, organization) => {
  const project = await addProject(harness, organization)
  const { id } = await people.addGroup(harness, organization, fresh("project-group"))
  await putInProject(harness, project, { groupId: id }, "viewer")
  return { path: { projectId: project.id, groupId: id } }
}
const withBody =
  (make: Make, body: Record<string, unknown>): Make =>
  async (harness, organization) => ({ ...(await make(harness, organization)), body })

const onlyProject: Make = async (harness, organization) => ({
  path: { projectId: (await addProject(harness, organization)).id },
})

/** The same case for an endpoint and its sisters on older routes. */
const onAll = (id: string, make: Make, generations: readonly string[]): Record<string, Make> =>
  Object.fromEntries(generations.map((generation) => [id + generation, make]))

const old = ["V1Projects", "V1Workspace", "V2Workspace"]
const all = ["", ...old]

/** Requests about who is in projects, see `cases` in access-cases.ts. */
export const projectMemberCases: Record<string, Make> = {
  ...onAll("listProjectGroups", onlyProject, all),
  ...onAll("addProjectGroup", withBody(freshGroup, given), all),
  ...onAll("updateProjectGroup", withBody(groupIn, { roles }), all),
  ...onAll("getProjectGroup", groupIn, all),
  ...onAll("removeProjectGroup", groupIn, all),
  ...onAll("listProjectGroupUsers", groupIn, old),
}
