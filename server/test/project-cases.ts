import type { Make } from "./access-cases.ts"
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

/** Requests about projects, see `cases` in access-cases.ts. */
export const projectCases: Record<string, Make> = {
  createProject: async () => ({
    body: {
      projectName: fresh("Project"),
      projectDescription: "made for a test",
      slug: fresh("project"),
      type: "secret-manager",
      template: "default",
      shouldCreateDefaultEnvs: true,
      hasDeleteProtection: false,
    },
  }),
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
}
