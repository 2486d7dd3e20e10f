import { z } from "zod"
import type { ProjectContext } from "../context.ts"
import { endpoint } from "../http/endpoint.ts"
import { idParam } from "../http/fields.ts"
import { presentProject, presentRole, Project, RoleOfProject } from "../http/project.ts"
import { newProject, projectChanges, projectType } from "../http/project-fields.ts"
import * as projects from "./projects.ts"

const tags: [string] = ["Projects"]
const params = z.object({ projectId: idParam("The ID of the project.") })
const inProject = ({ params: { projectId } }: { params: { projectId: string } }) => ({ id: projectId })

const locked = async (ctx: ProjectContext) => presentProject(await projects.lockedProject(ctx))

export const projectEndpoints = [
  endpoint("createProject", "POST /api/v1/projects", {
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

  endpoint("listProjects", "GET /api/v1/projects", {
    summary: "List the projects that you are in, by yourself or by a group",
    tags,
    access: "inOrganization",
    query: z.object({
      includeRoles: z
        .enum(["true", "false"])
        .default("false")
        .describe("Whether to answer the roles of each project."),
      type: projectType.optional().describe("Only those of this type."),
    }),
    result: z.object({ projects: z.array(Project.extend({ roles: z.array(RoleOfProject).optional() })) }),
    async handle(ctx, { query }) {
      if (query.includeRoles === "false") {
        return { projects: (await projects.listProjects(ctx, query)).map(presentProject) }
      }
      const listed = await projects.listProjectsWithRoles(ctx, query)
      return {
        projects: listed.map((each) => ({ ...presentProject(each), roles: each.roles.map(presentRole) })),
      }
    },
  }),

  endpoint("getProject", "GET /api/v1/projects/{projectId}", {
    summary: "Get a project that you are in",
    tags,
    access: { project: "membership" },
    params,
    inProject,
    result: z.object({ project: Project }),
    tagOf: (answer) => answer.project,
    handle: async (ctx) => ({ project: presentProject(await projects.getProject(ctx)) }),
  }),

  endpoint("getProjectBySlug", "GET /api/v1/projects/slug/{slug}", {
    summary: "Get a project that you are in by its slug",
    tags,
    access: { project: "membership" },
    params: z.object({ slug: idParam("The slug of the project.") }),
    inProject: ({ params }) => ({ slug: params.slug }),
    result: Project,
    tagOf: (answer) => answer,
    handle: async (ctx) => presentProject(await projects.getProject(ctx)),
  }),

  endpoint("updateProject", "PATCH /api/v1/projects/{projectId}", {
    summary: "Change a project",
    tags,
    access: { project: ["edit", "settings"] },
    params,
    inProject,
    body: projectChanges,
    result: z.object({ project: Project }),
    tagOf: (answer) => answer.project,
    ifMatch: locked,
    handle: async (ctx, { body }) => ({ project: presentProject(await projects.updateProject(ctx, body)) }),
  }),

  endpoint("deleteProject", "DELETE /api/v1/projects/{projectId}", {
    summary: "Delete a project, unless it is protected",
    tags,
    access: { project: ["delete", "workspace"] },
    params,
    inProject,
    result: z.object({ project: Project }),
    ifMatch: locked,
    previews: () => ({ where: "project", who: { everybodyInProject: true } }),
    handle: async (ctx) => ({ project: presentProject(await projects.deleteProject(ctx)) }),
  }),
]
