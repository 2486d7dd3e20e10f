import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam } from "../http/fields.ts"
import { NamedTag, newTag, presentNamedTag, presentTag, Tag, tagChanges } from "../http/tag.ts"
import * as rules from "./tags.ts"

const tags: [string] = ["Secret tags"]
const projectId = idParam("The ID of the project.")
const params = z.object({ projectId, tagId: idParam("The ID of the tag.") })
const inProject = ({ params }: { params: { projectId: string } }) => ({ id: params.projectId })

export const tagEndpoints = [
  endpoint("listTags", "GET /api/v1/projects/{projectId}/tags", {
    summary: "List the tags of a project",
    tags,
    access: { project: ["read", "tags"] },
    params: z.object({ projectId }),
    inProject,
    result: z.object({ tags: z.array(Tag) }),
    handle: async (ctx) => ({ tags: (await rules.listTags(ctx)).map(presentTag) }),
  }),

  endpoint("createTag", "POST /api/v1/projects/{projectId}/tags", {
    summary: "Create a tag in a project",
    tags,
    access: { project: ["create", "tags"] },
    params: z.object({ projectId }),
    inProject,
    body: newTag,
    result: z.object({ tag: Tag }),
    handle: async (ctx, { body }) => ({ tag: presentTag(await rules.createTag(ctx, body)) }),
  }),

  endpoint("getTag", "GET /api/v1/projects/{projectId}/tags/{tagId}", {
    summary: "Get a tag of a project",
    tags,
    access: { project: ["read", "tags"] },
    params,
    inProject,
    result: z.object({ tag: NamedTag }),
    handle: async (ctx, { params: { tagId } }) => ({
      tag: presentNamedTag(await rules.getTag(ctx, tagId)),
    }),
  }),

  endpoint("getTagBySlug", "GET /api/v1/projects/{projectId}/tags/slug/{tagSlug}", {
    summary: "Get a tag of a project by its slug",
    tags,
    access: { project: ["read", "tags"] },
    params: z.object({ projectId, tagSlug: idParam("The slug of the tag.") }),
    inProject,
    result: z.object({ tag: NamedTag }),
    handle: async (ctx, { params: { tagSlug } }) => ({
      tag: presentNamedTag(await rules.getTagBySlug(ctx, tagSlug)),
    }),
  }),

  endpoint("updateTag", "PATCH /api/v1/projects/{projectId}/tags/{tagId}", {
    summary: "Change a tag of a project",
    tags,
    access: { project: ["edit", "tags"] },
    params,
    inProject,
    body: tagChanges,
    result: z.object({ tag: Tag }),
    handle: async (ctx, { params: { tagId }, body }) => ({
      tag: presentTag(await rules.updateTag(ctx, tagId, body)),
    }),
  }),

  endpoint("deleteTag", "DELETE /api/v1/projects/{projectId}/tags/{tagId}", {
    summary: "Delete a tag of a project",
    tags,
    access: { project: ["delete", "tags"] },
    params,
    inProject,
    result: z.object({ tag: Tag }),
    handle: async (ctx, { params: { tagId } }) => ({ tag: presentTag(await rules.deleteTag(ctx, tagId)) }),
  }),
]
