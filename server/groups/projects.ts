import type { Context } from "../context.ts"
import { projectsOfGroup } from "../projects/group-projects.ts"
import { getGroup } from "./groups.ts"

type Query = Parameters<typeof projectsOfGroup>[2]

/** All projects of the organization, each with since when the group is in it; for whoever may read groups. */
export async function listProjects(
  ctx: Context,
  groupId: string,
  query: Query,
): ReturnType<typeof projectsOfGroup> {
  const group = await getGroup(ctx, groupId)
  return projectsOfGroup(ctx, group.id, query)
}
