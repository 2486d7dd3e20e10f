import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { Environment, presentEnvironment } from "../http/environment.ts"
import { idParam } from "../http/fields.ts"
import { environmentChanges, newEnvironment } from "../http/project-fields.ts"
import * as environments from "./environments.ts"

/* The same environments, as older clients ask for them. */

const tags: [string] = ["Environments"]
const workspaceId = idParam("The ID of the project.")
const envId = idParam("The ID of the environment.")
const params = z.object({ workspaceId, id: envId })
const inProject = ({ params }: { params: { workspaceId: string } }) => ({ id: params.workspaceId })
const result = z.object({ message: z.string(), workspace: z.string(), environment: Environment })

export const legacyEnvironmentEndpoints = [
  endpoint("createWorkspaceEnvironment", "POST /api/v1/workspace/{workspaceId}/environments", {
    summary: "Create an environment in a project",
    tags,
    access: { project: ["create", "environments"] },
    params: z.object({ workspaceId }),
    inProject,
    body: newEnvironment,
    result,
    handle: async (ctx, { body }) => ({
      message: "The environment was created",
      workspace: ctx.project.id,
      environment: presentEnvironment(await environments.createEnvironment(ctx, body)),
    }),
  }),

  endpoint("getWorkspaceEnvironment", "GET /api/v1/workspace/{workspaceId}/environments/{envId}", {
    summary: "Get an environment of a project",
    tags,
    access: { project: ["read", "environments"] },
    params: z.object({ workspaceId, envId }),
    inProject,
    result: z.object({ environment: Environment }),
    handle: async (ctx, { params }) => ({
      environment: presentEnvironment(await environments.getEnvironment(ctx, params.envId)),
    }),
  }),

  endpoint("getEnvironmentById", "GET /api/v1/workspace/environments/{envId}", {
    summary: "Get an environment by its ID alone",
    tags,
    access: { project: ["read", "environments"] },
    params: z.object({ envId }),
    inProject: ({ params }) => ({ environmentId: params.envId }),
    result: z.object({ environment: Environment }),
    handle: async (ctx, { params }) => ({
      environment: presentEnvironment(await environments.getEnvironment(ctx, params.envId)),
    }),
  }),

  endpoint("updateWorkspaceEnvironment", "PATCH /api/v1/workspace/{workspaceId}/environments/{id}", {
    summary: "Change an environment, or move it among the others",
    tags,
    access: { project: ["edit", "environments"] },
    params,
    inProject,
    body: environmentChanges,
    result,
    handle: async (ctx, { params: { id }, body }) => ({
      message: "The environment was changed",
      workspace: ctx.project.id,
      environment: presentEnvironment(await environments.updateEnvironment(ctx, id, body)),
    }),
  }),

  endpoint("deleteWorkspaceEnvironment", "DELETE /api/v1/workspace/{workspaceId}/environments/{id}", {
    summary: "Delete an environment of a project",
    tags,
    access: { project: ["delete", "environments"] },
    params,
    inProject,
    result,
    handle: async (ctx, { params: { id } }) => ({
      message: "The environment was deleted",
      workspace: ctx.project.id,
      environment: presentEnvironment(await environments.deleteEnvironment(ctx, id)),
    }),
  }),
]
