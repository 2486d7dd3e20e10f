import type { Make, Request } from "./access-cases.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"
import { addProject } from "./projects.ts"

let made = 0
const fresh = (): string => `tag-${++made}`

/** A project with a tag, as paths name it. */
async function freshTag(
  harness: Harness,
  organization: people.Organization,
): Promise<Record<string, string>> {
  const { id: projectId } = await addProject(harness, organization)
  const route = `POST /api/v1/projects/${projectId}/tags`
  const body = { slug: fresh(), color: "#ff0000" }
  const { tag } = people.ok(await harness.call(route, { token: organization.token, body }))
  return { projectId, tagId: tag.id, tagSlug: tag.slug }
}

const by =
  (more: () => Request = () => ({})): Make =>
  async (harness, organization) => ({ path: await freshTag(harness, organization), ...more() })
const withBody = by(() => ({ body: { slug: fresh(), color: "#00ff00" } }))

/** Requests about tags, see `cases` in access-cases.ts. */
export const tagCases: Record<string, Make> = {
  listTags: by(),
  createTag: withBody,
  getTag: by(),
  getTagBySlug: by(),
  updateTag: withBody,
  deleteTag: by(),
  listWorkspaceTags: by(),
  createWorkspaceTag: withBody,
  getWorkspaceTag: by(),
  getWorkspaceTagBySlug: by(),
  updateWorkspaceTag: withBody,
  deleteWorkspaceTag: by(),
}
