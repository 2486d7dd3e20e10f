import type { Make, Request } from "./access-cases.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"
import { addProject, putInProject, type Project } from "./projects.ts"

let made = 0
const fresh = (what: string): string => `${what}-${++made}`

const permissions = [
  {
    subject: "secrets",
    action: ["describeSecret", "readValue"],
    conditions: { environment: { $in: ["dev"] }, secretPath: { $glob: "/{{identity.metadata.team}}/**" } },
    inverted: false,
  },
]
const olderPermissions = [
  { subject: "secrets", action: "read", conditions: { environment: "dev", secretPath: { $glob: "/a/*" } } },
]
const privilegePermission = {
  actions: ["read"],
  subject: "secrets",
  conditions: { environment: "dev", secretPath: { $glob: "/a/*" } },
}
const time = {
  temporaryMode: "relative",
  temporaryRange: "1h",
  temporaryAccessStartTime: "2026-01-01T00:00:00.000Z",
}
const type = { isTemporary: true, ...time }
const content = () => ({ slug: fresh("privilege"), permissions, type })

type Named = {
  project: Project
  identityId: string
  userId: string
  projectMembershipId: string
  privilege: { id: string; slug: string }
}

/** A project with somebody in it who has a privilege there. */
async function freshNamed(harness: Harness, organization: people.Organization, kind: "user" | "identity") {
  const project = await addProject(harness, organization)
  const { id: identityId } = await people.addIdentity(harness, organization, "no-access")
  await putInProject(harness, project, { identityId }, "no-access")
  const username = `${fresh("privileged")}@example.com`
  await people.invite(harness, organization, username)
  await putInProject(harness, project, { username }, "no-access")
  const member = await harness.db
    .selectFrom("active_project_user_memberships as pm")
    .innerJoin("active_organization_user_memberships as m", "m.id", "pm.membership_id")
    .select(["pm.id", "m.user_id"])
    .where("pm.project_id", "=", project.id)
    .where("m.username", "=", username)
    .executeTakeFirstOrThrow()
  const projectMembershipId = member.id
  const [call, holder] =
    kind === "user"
      ? ["POST /api/v1/user-project-additional-privilege", { projectMembershipId }]
      : ["POST /api/v2/identity-project-additional-privilege", { identityId, projectId: project.id }]
  const body = { ...holder, ...content() }
  const { privilege } = people.ok(await harness.call(call, { token: organization.token, body }))
  return { project, identityId, userId: member.user_id, projectMembershipId, privilege }
}

const about =
  (kind: "user" | "identity", request: (named: Named) => Request): Make =>
  async (harness, organization) =>
    request(await freshNamed(harness, organization, kind))
const bySlug = ({ identityId, project }: Named) => ({ identityId, projectSlug: project.slug })

/** Requests about additional privileges, see `cases` in access-cases.ts. */
export const privilegeCases: Record<string, Make> = {
  createIdentityPrivilege: about("identity", ({ identityId, project }) => ({
    body: { identityId, projectId: project.id, ...content() },
  })),
  listIdentityPrivileges: about("identity", ({ identityId, project }) => ({
    query: { identityId, projectId: project.id },
  })),
  getIdentityPrivilegeBySlug: about("identity", (named) => ({
    path: { privilegeSlug: named.privilege.slug },
    query: bySlug(named),
  })),
  getIdentityPrivilege: about("identity", ({ privilege: { id } }) => ({ path: { id } })),
  updateIdentityPrivilege: about("identity", ({ privilege: { id } }) => ({
    path: { id },
    body: content(),
  })),
  deleteIdentityPrivilege: about("identity", ({ privilege: { id } }) => ({ path: { id } })),
  createPermanentPrivilege: about("identity", (named) => ({
    body: {
      ...bySlug(named),
      slug: fresh("privilege"),
      permissions: olderPermissions,
      privilegePermission,
    },
  })),
  createTemporaryPrivilege: about("identity", (named) => ({
    body: {
      ...bySlug(named),
      slug: fresh("privilege"),
      permissions: olderPermissions,
      privilegePermission,
      ...time,
    },
  })),
  updatePrivilegeBySlug: about("identity", (named) => ({
    body: {
      ...bySlug(named),
      privilegeSlug: named.privilege.slug,
      privilegeDetails: {
        slug: fresh("privilege"),
        permissions: olderPermissions,
        privilegePermission,
        ...type,
      },
    },
  })),
  deletePrivilegeBySlug: about("identity", (named) => ({
    body: { ...bySlug(named), privilegeSlug: named.privilege.slug },
  })),
  listPrivilegesOfIdentity: about("identity", (named) => ({ query: bySlug(named) })),
  getPrivilegeBySlug: about("identity", (named) => ({
    path: { privilegeSlug: named.privilege.slug },
    query: bySlug(named),
  })),
  createUserPrivilege: about("user", ({ projectMembershipId }) => ({
    body: { projectMembershipId, ...content() },
  })),
  listUserPrivileges: about("user", ({ projectMembershipId }) => ({ query: { projectMembershipId } })),
  getUserPrivilege: about("user", ({ privilege }) => ({ path: { privilegeId: privilege.id } })),
  updateUserPrivilege: about("user", ({ privilege }) => ({
    path: { privilegeId: privilege.id },
    body: content(),
  })),
  deleteUserPrivilege: about("user", ({ privilege }) => ({ path: { privilegeId: privilege.id } })),
}
