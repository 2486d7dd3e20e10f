import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { Environment, presentEnvironment } from "../http/environment.ts"
import { idParam } from "../http/fields.ts"
import { environmentChanges, newEnvironment } from "../http/project-fields.ts"
import * as environments from "./environments.ts"

const tags: [string] = ["Environments"]
const projectId = idParam("The ID of the project.")
const params = z.object({ projectId, id: idParam("The ID of the environment.") })
const inProject = ({ params }: { params: { projectId: string } }) => ({ id: params.projectId })
const result = z.object({ message: z.string(), projectId: z.string(), environment: Environment })

export const environmentEndpoints = [
  endpoint("createEnvironment", "POST /api/v1/projects/{projectId}/environments", {
    summary: "Create an environment in a project",
    tags,
    access: { project: ["create", "environments"] },
    params: z.object({ projectId }),
    inProject,
    body: newEnvironment,
    result,
    handle: async (ctx, { body }) => ({
      message: "The environment was created",
      projectId: ctx.project.id,
      environment: presentEnvironment(await environments.createEnvironment(ctx, body)),
    }),
  }),

  endpoint("getEnvironment", "GET /api/v1/projects/{projectId}/environments/{id}", {
    summary: "Get an environment of a project",
    tags,
    access: { project: ["read", "environments"] },
    params,
    inProject,
    result: z.object({ environment: Environment }),
    handle: async (ctx, { params: { id } }) => ({
      environment: presentEnvironment(await environments.getEnvironment(ctx, id)),
    }),
  }),

  endpoint("getEnvironmentBySlug", "GET /api/v1/projects/{projectId}/environments/slug/{environmentSlug}", {
    summary: "Get an environment of a project by its slug",
    tags,
    access: { project: ["read", "environments"] },
    params: z.object({ projectId, environmentSlug: idParam("The slug of the environment.") }),
    inProject,
    result: Environment,
    handle: async (ctx, { params: { environmentSlug } }) =>
      presentEnvironment(await environments.getEnvironmentBySlug(ctx, environmentSlug)),
  }),

  endpoint("updateEnvironment", "PATCH /api/v1/projects/{projectId}/environments/{id}", {
    summary: "Change an environment, or move it among the others",
    tags,
    access: { project: ["edit", "environments"] },
    params,
    inProject,
    body: environmentChanges,
    result,
    handle: async (ctx, { params: { id }, body }) => ({
      message: "The environment was changed",
      projectId: ctx.project.id,
      environment: presentEnvironment(await environments.updateEnvironment(ctx, id, body)),
    }),
  }),

  endpoint("deleteEnvironment", "DELETE /api/v1/projects/{projectId}/environments/{id}", {
    summary: "Delete an environment of a project",
    tags,
    access: { project: ["delete", "environments"] },
    params,
    inProject,
    result,
    handle: async (ctx, { params: { id } }) => ({
      message: "The environment was deleted",
      projectId: ctx.project.id,
      environment: presentEnvironment(await environments.deleteEnvironment(ctx, id)),
    }),
  }),
]
