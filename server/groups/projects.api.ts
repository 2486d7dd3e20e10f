import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, search, timestamp } from "../http/fields.ts"
import { order, page } from "../http/page.ts"
import * as projects from "./projects.ts"

const ListedProject = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  description: z.string().nullable(),
  type: z.string(),
  joinedGroupAt: timestamp.nullable(),
})

export const groupProjectEndpoints = [
  endpoint("listGroupProjects", "GET /api/v1/groups/{id}/projects", {
    summary: "List the projects of the organization with the group's place in them",
    tags: ["Groups"],
    access: { organization: ["read", "groups"] },
    params: z.object({ id: idParam("The ID of the group.") }),
    query: z.object({
      ...page(10, 100),
      search: search(/^[A-Za-z0-9-]+$/, "letters, digits and dashes")
        .optional()
        .describe("Only projects whose name, slug or description contains this."),
      filter: z
        .enum(["assignedProjects", "unassignedProjects"])
        .optional()
        .describe("Only those that the group is in, or only those that it is not in."),
      ...order(["name"]),
    }),
    result: z.object({ projects: z.array(ListedProject), totalCount: z.number() }),
    async handle(ctx, { params, query }) {
      const { projects: listed, totalCount } = await projects.listProjects(ctx, params.id, query)
      return {
        projects: listed.map(({ joined_at, ...project }) => ({
          ...project,
          joinedGroupAt: joined_at?.toISOString() ?? null,
        })),
        totalCount,
      }
    },
  }),
]
