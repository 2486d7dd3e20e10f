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
const freshIdentity: Make = async (harness, organization) => {
  const project = await addProject(harness, organization)
  const { id } = await people.addIdentity(harness, organization, "no-access")
  return { path: { projectId: project.id, identityId: id } }
}
const identityIn: Make = async (harness, organization) => {
  const project = await addProject(harness, organization)
  const { id } = await people.addIdentity(harness, organization, "no-access")
  await putInProject(harness, project, { identityId: id }, "viewer")
  const place = await harness.db
    .selectFrom("active_project_identity_memberships as p")
    .innerJoin("active_organization_identity_memberships as m", "m.id", "p.membership_id")
    .select("p.id")
    .where("p.project_id", "=", project.id)
    .where("m.identity_id", "=", id)
    .executeTakeFirstOrThrow()
  return { path: { projectId: project.id, identityId: id, identityMembershipId: place.id } }
}
async function person(harness: Parameters<Make>[0], organization: people.Organization): Promise<string> {
  const email = `${fresh("project-guest")}@example.com`
  await people.invite(harness, organization, email, "no-access")
  return email
}
/** A person in a project; the body names them, where the endpoint has one. */
const userIn =
  (bodyOf?: (username: string) => Record<string, unknown>): Make =>
  async (harness, organization) => {
    const project = await addProject(harness, organization)
    const username = await person(harness, organization)
    await putInProject(harness, project, { username }, "viewer")
    const place = await harness.db
      .selectFrom("active_project_user_memberships as p")
      .innerJoin("active_organization_user_memberships as m", "m.id", "p.membership_id")
      .select(["p.id", "m.user_id"])
      .where("p.project_id", "=", project.id)
      .where("m.username", "=", username)
      .executeTakeFirstOrThrow()
    const path = { projectId: project.id, membershipId: place.id, userId: place.user_id }
    return bodyOf ? { path, body: bodyOf(username) } : { path }
  }
const newUsers: Make = async (harness, organization) => ({
  path: { projectId: (await addProject(harness, organization)).id },
  body: {
    // Both are in the organization: an invitation is recorded by itself.
    emails: [await person(harness, organization)],
    usernames: [await person(harness, organization)],
    roleSlugs: ["viewer"],
  },
})

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
const newAndWorkspace = ["", "V1Workspace"]
const ofIdentities = ["", "V1Projects", "V2Workspace"]

/** Requests about who is in projects, see `cases` in access-cases.ts. */
export const projectMemberCases: Record<string, Make> = {
  ...onAll("listProjectGroups", onlyProject, all),
  ...onAll("addProjectGroup", withBody(freshGroup, given), all),
  ...onAll("updateProjectGroup", withBody(groupIn, { roles }), all),
  ...onAll("getProjectGroup", groupIn, all),
  ...onAll("removeProjectGroup", groupIn, all),
  ...onAll("listProjectGroupUsers", groupIn, old),
  ...onAll("listProjectUserMemberships", onlyProject, newAndWorkspace),
  ...onAll("listProjectUsers", onlyProject, newAndWorkspace),
  ...onAll("getOwnProjectPermissions", onlyProject, newAndWorkspace),
  ...onAll("getProjectUserMembership", userIn(), newAndWorkspace),
  getProjectMembershipOfUser: userIn(),
  ...onAll(
    "getProjectMembershipByUsername",
    userIn((username) => ({ username })),
    newAndWorkspace,
  ),
  ...onAll("addProjectUsers", newUsers, ["", "V2Workspace"]),
  ...onAll(
    "updateProjectUserMembership",
    userIn(() => ({ roles })),
    newAndWorkspace,
  ),
  ...onAll(
    "removeProjectUsers",
    userIn((username) => ({ emails: [username], usernames: [username] })),
    ["", "V2Workspace"],
  ),
  ...onAll("removeProjectUser", userIn(), newAndWorkspace),
  ...onAll("listProjectIdentities", onlyProject, ofIdentities),
  ...onAll("addProjectIdentity", withBody(freshIdentity, given), ofIdentities),
  ...onAll("updateProjectIdentity", withBody(identityIn, { roles }), ofIdentities),
  ...onAll("getProjectIdentity", identityIn, ofIdentities),
  ...onAll("removeProjectIdentity", identityIn, ofIdentities),
  getProjectIdentityMembership: async (harness, organization) => {
    const { path } = await identityIn(harness, organization)
    return { path: { identityMembershipId: path?.["identityMembershipId"] ?? "" } }
  },
}
