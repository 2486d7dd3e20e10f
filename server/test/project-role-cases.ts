import type { Make } from "./access-cases.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"
import { addProject, type Project } from "./projects.ts"

let made = 0
const fresh = (what: string): string => `${what}-${++made}`

const roleBody = () => ({
  slug: fresh("role"),
  name: fresh("role"),
  description: "for a test",
  permissions: [
    {
      subject: "secrets",
      action: ["describeSecret"],
      conditions: { environment: "dev", secretPath: { $glob: "/{{identity.username}}/**" } },
      inverted: true,
    },
  ],
})
const olderRoleBody = () => ({
  slug: fresh("role"),
  name: fresh("role"),
  description: "for a test",
  permissions: [
    {
      subject: "secrets",
      action: "read",
      conditions: { environment: "dev", secretPath: { $glob: "/a/*" } },
    },
  ],
})

async function freshRole(harness: Harness, organization: people.Organization) {
  const project = await addProject(harness, organization)
  const call = `POST /api/v1/projects/${project.id}/roles`
  const { role } = people.ok(await harness.call(call, { token: organization.token, body: roleBody() }))
  return { project, roleId: String(role.id), roleSlug: String(role.slug) }
}

type Named = { project: Project; roleId: string; roleSlug: string }
/** A request about a role that is made for it. */
const about =
  (path: (named: Named) => Record<string, string>, body?: () => Record<string, unknown>): Make =>
  async (harness, organization) => ({
    path: path(await freshRole(harness, organization)),
    ...(body ? { body: body() } : {}),
  })
const byId = ({ project, roleId }: Named) => ({ projectId: project.id, roleId })
const bySlug = ({ project, roleId }: Named) => ({ projectSlug: project.slug, roleId })

/** Requests about the roles of projects, see `cases` in access-cases.ts. */
export const projectRoleCases: Record<string, Make> = {
  createProjectRole: about(({ project }) => ({ projectId: project.id }), roleBody),
  listProjectRoles: about(({ project }) => ({ projectId: project.id })),
  getProjectRoleBySlug: about(({ project, roleSlug }) => ({ projectId: project.id, roleSlug })),
  getProjectRole: about(({ roleId }) => ({ roleId })),
  updateProjectRole: about(byId, roleBody),
  deleteProjectRole: about(byId),
  createRoleOfProject: about(({ project }) => ({ projectId: project.id }), roleBody),
  listRolesOfProject: about(({ project }) => ({ projectId: project.id })),
  getRoleOfProjectBySlug: about(({ project, roleSlug }) => ({ projectId: project.id, roleSlug })),
  updateRoleOfProject: about(byId, roleBody),
  deleteRoleOfProject: about(byId),
  createRoleInWorkspace: about(({ project }) => ({ projectSlug: project.slug }), olderRoleBody),
  listRolesInWorkspace: about(({ project }) => ({ projectSlug: project.slug })),
  getRoleInWorkspaceBySlug: about(({ project, roleSlug }) => ({ projectSlug: project.slug, roleSlug })),
  updateRoleInWorkspace: about(bySlug, olderRoleBody),
  deleteRoleInWorkspace: about(bySlug),
}
