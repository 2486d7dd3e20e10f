import type { Make } from "./access-cases.ts"
import type { Harness } from "./harness.ts"
import { ok, type Organization } from "./people.ts"
import { addProject } from "./projects.ts"

let made = 0
const fresh = (what: string): string => `${what}-${++made}`

const changes = () => ({
  name: fresh("Project"),
  slug: fresh("changed-project"),
  description: "changed",
  autoCapitalization: true,
  hasDeleteProtection: false,
  pitVersionLimit: 20,
  secretSharing: false,
  showSnapshotsLegacy: true,
  secretDetectionIgnoreValues: ["example"],
})

const newProject = () => ({
  projectName: fresh("Project"),
  projectDescription: "made for a test",
  slug: fresh("project"),
  type: "secret-manager",
  template: "default",
  kmsKeyId: null,
  shouldCreateDefaultEnvs: true,
  hasDeleteProtection: false,
})

const newEnvironment = () => ({ name: fresh("Environment"), slug: fresh("env"), position: 2 })

const newTemplate = () => ({
  name: fresh("template"),
  description: "made for a test",
  type: "secret-manager",
  roles: [
    { name: "Reader", slug: "reader", permissions: [{ subject: "tags", action: ["read"], inverted: false }] },
  ],
  environments: [{ name: "Production", slug: "prod", position: 1 }],
})
const freshTemplate = async (harness: Harness, { token }: Organization) => {
  const answer = await harness.call("POST /api/v1/project-templates", { token, body: newTemplate() })
  return { templateId: ok(answer).projectTemplate.id as string }
}

/** An environment of a project of its own, and how a path names both. */
async function freshEnvironment(harness: Harness, organization: Organization) {
  const { id, environments } = await addProject(harness, organization)
  return { projectId: id, id: environments[1]?.id ?? "", environmentSlug: environments[1]?.slug ?? "" }
}

const inWorkspace = async (harness: Harness, organization: Organization) => {
  const { projectId, id } = await freshEnvironment(harness, organization)
  return { workspaceId: projectId, id }
}

/** Requests about projects, see `cases` in access-cases.ts. */
export const projectCases: Record<string, Make> = {
  createProject: async () => ({ body: newProject() }),
  listProjects: async () => ({ query: { includeRoles: "true", type: "secret-manager" } }),
  getProject: async (harness, organization) => ({
    path: { projectId: (await addProject(harness, organization)).id },
  }),
  getProjectBySlug: async (harness, organization) => ({
    path: { slug: (await addProject(harness, organization)).slug },
  }),
  updateProject: async (harness, organization) => ({
    path: { projectId: (await addProject(harness, organization)).id },
    body: changes(),
  }),
  deleteProject: async (harness, organization) => ({
    path: { projectId: (await addProject(harness, organization)).id },
  }),
  createEnvironment: async (harness, organization) => ({
    path: { projectId: (await addProject(harness, organization)).id },
    body: newEnvironment(),
  }),
  async getEnvironment(harness, organization) {
    const { projectId, id } = await freshEnvironment(harness, organization)
    return { path: { projectId, id } }
  },
  async getEnvironmentBySlug(harness, organization) {
    const { projectId, environmentSlug } = await freshEnvironment(harness, organization)
    return { path: { projectId, environmentSlug } }
  },
  async updateEnvironment(harness, organization) {
    const { projectId, id } = await freshEnvironment(harness, organization)
    return { path: { projectId, id }, body: { ...newEnvironment(), position: 3 } }
  },
  async deleteEnvironment(harness, organization) {
    const { projectId, id } = await freshEnvironment(harness, organization)
    return { path: { projectId, id } }
  },
  listProjectTemplates: async () => ({ query: { type: "secret-manager" } }),
  createProjectTemplate: async () => ({ body: newTemplate() }),
  getProjectTemplate: async (harness, organization) => ({ path: await freshTemplate(harness, organization) }),
  updateProjectTemplate: async (harness, organization) => ({
    path: await freshTemplate(harness, organization),
    body: newTemplate(),
  }),
  deleteProjectTemplate: async (harness, organization) => ({
    path: await freshTemplate(harness, organization),
  }),
  createWorkspace: async () => ({ body: newProject() }),
  listWorkspaces: async () => ({ query: { includeRoles: "true", type: "all" } }),
  getWorkspace: async (harness, organization) => ({
    path: { workspaceId: (await addProject(harness, organization)).id },
  }),
  getWorkspaceBySlug: async (harness, organization) => ({
    path: { slug: (await addProject(harness, organization)).slug },
  }),
  updateWorkspace: async (harness, organization) => ({
    path: { workspaceId: (await addProject(harness, organization)).id },
    body: changes(),
  }),
  setAuditLogsRetention: async (harness, organization) => ({
    path: { slug: (await addProject(harness, organization)).slug },
    body: { auditLogsRetentionDays: 30 },
  }),
  deleteWorkspace: async (harness, organization) => ({
    path: { workspaceId: (await addProject(harness, organization)).id },
  }),
  deleteWorkspaceBySlug: async (harness, organization) => ({
    path: { slug: (await addProject(harness, organization)).slug },
  }),
  listOrganizationWorkspaces: async (_harness, { id }) => ({
    path: { organizationId: id },
    query: { type: "secret-manager" },
  }),
  createWorkspaceEnvironment: async (harness, organization) => ({
    path: { workspaceId: (await addProject(harness, organization)).id },
    body: newEnvironment(),
  }),
  async getWorkspaceEnvironment(harness, organization) {
    const { workspaceId, id } = await inWorkspace(harness, organization)
    return { path: { workspaceId, envId: id } }
  },
  getEnvironmentById: async (harness, organization) => ({
    path: { envId: (await freshEnvironment(harness, organization)).id },
  }),
  updateWorkspaceEnvironment: async (harness, organization) => ({
    path: await inWorkspace(harness, organization),
    body: { ...newEnvironment(), position: 1 },
  }),
  deleteWorkspaceEnvironment: async (harness, organization) => ({
    path: await inWorkspace(harness, organization),
  }),
}
