import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam } from "../http/fields.ts"
import { NamedTag, newTag, presentNamedTag, presentTag, Tag, tagChanges } from "../http/tag.ts"
import * as rules from "./tags.ts"

/* The same tags, as older clients ask for them. */

const tags: [string] = ["Secret tags"]
const projectId = idParam("The ID of the project.")
const params = z.object({ projectId, tagId: idParam("The ID of the tag.") })
const inProject = ({ params }: { params: { projectId: string } }) => ({ id: params.projectId })

export const legacyTagEndpoints = [
  endpoint("listWorkspaceTags", "GET /api/v1/workspace/{projectId}/tags", {
    summary: "List the tags of a project",
    tags,
    access: { project: ["read", "tags"] },
    params: z.object({ projectId }),
    inProject,
    result: z.object({ workspaceTags: z.array(Tag) }),
    handle: async (ctx) => ({ workspaceTags: (await rules.listTags(ctx)).map(presentTag) }),
  }),

  endpoint("createWorkspaceTag", "POST /api/v1/workspace/{projectId}/tags", {
    summary: "Create a tag in a project",
    tags,
    access: { project: ["create", "tags"] },
    params: z.object({ projectId }),
    inProject,
    body: newTag,
    result: z.object({ workspaceTag: Tag }),
    handle: async (ctx, { body }) => ({ workspaceTag: presentTag(await rules.createTag(ctx, body)) }),
  }),

  endpoint("getWorkspaceTag", "GET /api/v1/workspace/{projectId}/tags/{tagId}", {
    summary: "Get a tag of a project",
    tags,
    access: { project: ["read", "tags"] },
    params,
    inProject,
    result: z.object({ workspaceTag: NamedTag }),
    handle: async (ctx, { params: { tagId } }) => ({
      workspaceTag: presentNamedTag(await rules.getTag(ctx, tagId)),
    }),
  }),

  endpoint("getWorkspaceTagBySlug", "GET /api/v1/workspace/{projectId}/tags/slug/{tagSlug}", {
    summary: "Get a tag of a project by its slug",
    tags,
    access: { project: ["read", "tags"] },
    params: z.object({ projectId, tagSlug: idParam("The slug of the tag.") }),
    inProject,
    result: z.object({ workspaceTag: NamedTag }),
    handle: async (ctx, { params: { tagSlug } }) => ({
      workspaceTag: presentNamedTag(await rules.getTagBySlug(ctx, tagSlug)),
    }),
  }),

  endpoint("updateWorkspaceTag", "PATCH /api/v1/workspace/{projectId}/tags/{tagId}", {
    summary: "Change a tag of a project",
    tags,
    access: { project: ["edit", "tags"] },
    params,
    inProject,
    body: tagChanges,
    result: z.object({ workspaceTag: Tag }),
    handle: async (ctx, { params: { tagId }, body }) => ({
      workspaceTag: presentTag(await rules.updateTag(ctx, tagId, body)),
    }),
  }),

  endpoint("deleteWorkspaceTag", "DELETE /api/v1/workspace/{projectId}/tags/{tagId}", {
    summary: "Delete a tag of a project",
    tags,
    access: { project: ["delete", "tags"] },
    params,
    inProject,
    result: z.object({ workspaceTag: Tag }),
    handle: async (ctx, { params: { tagId } }) => ({
      workspaceTag: presentTag(await rules.deleteTag(ctx, tagId)),
    }),
  }),
]
