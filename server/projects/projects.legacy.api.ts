import { z } from "zod"
import type { ProjectContext } from "../context.ts"
import { anyCaller, endpoint } from "../http/endpoint.ts"
import { idParam } from "../http/fields.ts"
import { presentProject, presentRole, Project, ProjectRow, RoleOfProject } from "../http/project.ts"
import { newProject, projectChanges, projectType } from "../http/project-fields.ts"
import * as projects from "./projects.ts"

/* The same projects, which older clients call workspaces. */

const tags: [string] = ["Projects"]
const params = z.object({ workspaceId: idParam("The ID of the project.") })
const inProject = ({ params }: { params: { workspaceId: string } }) => ({ id: params.workspaceId })
const bySlug = z.object({ slug: idParam("The slug of the project.") })
const inProjectBySlug = ({ params }: { params: { slug: string } }) => ({ slug: params.slug })

const locked = async (ctx: ProjectContext) => presentProject(await projects.lockedProject(ctx))

export const legacyProjectEndpoints = [
  endpoint("createWorkspace", "POST /api/v2/workspace", {
    summary: "Create a project and become its admin",
    tags,
    access: { organization: ["create", "workspace"], or: ["create", "project"] },
    // One statement with its own audit row.
    transaction: false,
    body: newProject,
    result: z.object({ project: Project }),
    handle: async (ctx, { body: { projectName, projectDescription, ...body } }) => ({
      project: presentProject(
        await projects.createProject(ctx, { ...body, name: projectName, description: projectDescription }),
      ),
    }),
  }),

  endpoint("listWorkspaces", "GET /api/v1/workspace", {
    summary: "List the projects that you are in, by yourself or by a group",
    tags,
    access: "inOrganization",
    query: z.object({
      includeRoles: z
        .enum(["true", "false"])
        .default("false")
        .describe("Whether to answer the roles of each project."),
      type: z
        .union([projectType, z.literal("all")])
        .optional()
        .describe("Only those of this type."),
    }),
    result: z.object({ workspaces: z.array(Project.extend({ roles: z.array(RoleOfProject).optional() })) }),
    async handle(ctx, { query }) {
      const filter = { type: query.type === "all" ? undefined : query.type }
      if (query.includeRoles === "false") {
        return { workspaces: (await projects.listProjects(ctx, filter)).map(presentProject) }
      }
      const listed = await projects.listProjectsWithRoles(ctx, filter)
      return {
        workspaces: listed.map((each) => ({ ...presentProject(each), roles: each.roles.map(presentRole) })),
      }
    },
  }),

  endpoint("getWorkspace", "GET /api/v1/workspace/{workspaceId}", {
    summary: "Get a project that you are in",
    tags,
    access: { project: "membership" },
    callers: anyCaller,
    params,
    inProject,
    result: z.object({ workspace: Project }),
    tagOf: (answer) => answer.workspace,
    handle: async (ctx) => ({ workspace: presentProject(await projects.getProject(ctx)) }),
  }),

  endpoint("getWorkspaceBySlug", "GET /api/v2/workspace/{slug}", {
    summary: "Get a project that you are in by its slug",
    tags,
    access: { project: "membership" },
    params: bySlug,
    inProject: inProjectBySlug,
    result: Project,
    tagOf: (answer) => answer,
    handle: async (ctx) => presentProject(await projects.getProject(ctx)),
  }),

  endpoint("updateWorkspace", "PATCH /api/v1/workspace/{workspaceId}", {
    summary: "Change a project",
    tags,
    access: { project: ["edit", "settings"] },
    params,
    inProject,
    body: projectChanges,
    result: z.object({ workspace: ProjectRow }),
    tagOf: (answer) => answer.workspace,
    ifMatch: locked,
    handle: async (ctx, { body }) => ({ workspace: presentProject(await projects.updateProject(ctx, body)) }),
  }),

  endpoint("setAuditLogsRetention", "PUT /api/v1/workspace/{slug}/audit-logs-retention", {
    summary: "Say for how many days the audit log of a project is kept",
    tags,
    access: { project: ["edit", "settings"] },
    params: bySlug,
    inProject: inProjectBySlug,
    body: z.object({
      auditLogsRetentionDays: z.number().int().min(0).max(36_500).describe("How many days; 0 for always."),
    }),
    result: z.object({ message: z.string(), workspace: ProjectRow }),
    tagOf: (answer) => answer.workspace,
    ifMatch: locked,
    handle: async (ctx, { body }) => ({
      message: "The retention was set",
      workspace: presentProject(await projects.updateProject(ctx, body)),
    }),
  }),

  endpoint("deleteWorkspace", "DELETE /api/v1/workspace/{workspaceId}", {
    summary: "Delete a project, unless it is protected",
    tags,
    access: { project: ["delete", "workspace"] },
    params,
    inProject,
    result: z.object({ workspace: ProjectRow }),
    ifMatch: locked,
    previews: () => ({ where: "project", who: { everybodyInProject: true } }),
    handle: async (ctx) => ({ workspace: presentProject(await projects.deleteProject(ctx)) }),
  }),

  endpoint("deleteWorkspaceBySlug", "DELETE /api/v2/workspace/{slug}", {
    summary: "Delete a project by its slug, unless it is protected",
    tags,
    access: { project: ["delete", "workspace"] },
    params: bySlug,
    inProject: inProjectBySlug,
    result: ProjectRow,
    ifMatch: locked,
    previews: () => ({ where: "project", who: { everybodyInProject: true } }),
    handle: async (ctx) => presentProject(await projects.deleteProject(ctx)),
  }),

  endpoint("listOrganizationWorkspaces", "GET /api/v2/organizations/{organizationId}/workspaces", {
    summary: "List the projects of the organization that you are in",
    tags: ["Organizations"],
    access: "inOrganization",
    params: z.object({ organizationId: idParam("The ID of the organization.") }),
    query: z.object({ type: projectType.optional().describe("Only those of this type.") }),
    result: z.object({
      workspaces: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          slug: z.string(),
          organization: z.string(),
          environments: z.array(z.object({ name: z.string(), slug: z.string() })),
        }),
      ),
    }),
    async handle(ctx, { params, query }) {
      projects.requireOwnOrganization(ctx, params.organizationId)
      return {
        workspaces: (await projects.listProjects(ctx, query)).map(
          ({ id, name, slug, org_id, environments }) => ({
            id,
            name,
            slug,
            organization: org_id,
            environments,
          }),
        ),
      }
    },
  }),
]
