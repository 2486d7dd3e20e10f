import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { displayName, idParam, slug, storableText, timestamp, uuid } from "../http/fields.ts"
import { environmentName, environmentPosition, environmentSlug, projectType } from "../http/project-fields.ts"
import { projectRoleSlug } from "../http/project-roles.ts"
import { presentRules, RuleOfProject, rulesField } from "../http/project-rules.ts"
import * as templates from "./templates.ts"

const Template = z.object({
  id: uuid,
  name: z.string(),
  description: z.string().nullable(),
  type: z.string(),
  roles: z.array(z.object({ name: z.string(), slug: z.string(), permissions: z.array(RuleOfProject) })),
  environments: z.array(z.object({ name: z.string(), slug: z.string(), position: z.number() })),
  orgId: uuid,
  createdAt: timestamp,
  updatedAt: timestamp,
})

const present = (template: templates.Template): z.input<typeof Template> => ({
  id: template.id,
  name: template.name,
  description: template.description,
  type: template.type,
  roles: template.roles.map(({ permissions, ...role }) => ({
    ...role,
    permissions: presentRules(permissions),
  })),
  environments: template.environments,
  orgId: template.org_id,
  createdAt: template.created_at.toISOString(),
  updatedAt: template.updated_at.toISOString(),
})

/** Items that each have another value of a key; a value that comes again is an issue of the later item. */
const differing =
  <K extends string>(key: K) =>
  (context: z.core.ParsePayload<Record<K, unknown>[]>): void => {
    const values = context.value.map((item) => item[key])
    for (const [index, value] of values.entries()) {
      if (values.indexOf(value) === index) continue
      const message = `Another one has this ${key} already`
      context.issues.push({ code: "custom", input: value, path: [index, key], message })
    }
  }

const fields = {
  name: slug(1, 64)
    .refine((name) => name !== "default", { error: "This name is reserved" })
    .describe("The name of the template, by which projects are made of it."),
  description: storableText.max(256).nullable().describe("What the template is for."),
  type: projectType.describe("What projects that are made of it are made for."),
  roles: z
    .array(
      z.object({
        name: displayName("Name", 255).describe("The name of the role."),
        slug: projectRoleSlug,
        permissions: rulesField(templates.vocabulary),
      }),
    )
    .max(50)
    .check(differing("slug"))
    .describe("The roles that a project begins with, besides the built-in ones."),
  environments: z
    .array(z.object({ name: environmentName, slug: environmentSlug, position: environmentPosition }))
    .min(1, "A template has at least one environment")
    .max(100)
    .check(differing("slug"), differing("position"))
    .describe("The environments that a project begins with."),
}

const tags: [string] = ["Project Templates"]
const params = z.object({ templateId: idParam("The ID of the template.") })
const one = z.object({ projectTemplate: Template })
const read = { organization: ["read", "project-templates"] } as const

export const templateEndpoints = [
  endpoint("listProjectTemplates", "GET /api/v1/project-templates", {
    summary: "List the templates of projects",
    tags,
    access: read,
    query: z.object({ type: projectType.optional().describe("Only those for this type of project.") }),
    result: z.object({ projectTemplates: z.array(Template) }),
    handle: async (ctx, { query }) => ({
      projectTemplates: (await templates.listTemplates(ctx, query)).map(present),
    }),
  }),

  endpoint("getProjectTemplate", "GET /api/v1/project-templates/{templateId}", {
    summary: "Get a template of projects",
    tags,
    access: read,
    params,
    result: one,
    handle: async (ctx, { params: { templateId } }) => ({
      projectTemplate: present(await templates.getTemplate(ctx, templateId)),
    }),
  }),

  endpoint("createProjectTemplate", "POST /api/v1/project-templates", {
    summary: "Make a template of projects",
    tags,
    access: { organization: ["create", "project-templates"] },
    body: z.object({
      ...fields,
      description: fields.description.optional(),
      type: fields.type.default("secret-manager"),
      roles: fields.roles.default([]),
      environments: fields.environments.optional(),
    }),
    result: one,
    handle: async (ctx, { body }) => ({
      projectTemplate: present(await templates.createTemplate(ctx, body)),
    }),
  }),

  endpoint("updateProjectTemplate", "PATCH /api/v1/project-templates/{templateId}", {
    summary: "Change a template, for projects that are made from then on",
    tags,
    access: { organization: ["edit", "project-templates"] },
    params,
    body: z.object(fields).partial(),
    result: one,
    handle: async (ctx, { params: { templateId }, body }) => ({
      projectTemplate: present(await templates.updateTemplate(ctx, templateId, body)),
    }),
  }),

  endpoint("deleteProjectTemplate", "DELETE /api/v1/project-templates/{templateId}", {
    summary: "Delete a template; projects that were made of it stay",
    tags,
    access: { organization: ["delete", "project-templates"] },
    params,
    result: one,
    handle: async (ctx, { params: { templateId } }) => ({
      projectTemplate: present(await templates.deleteTemplate(ctx, templateId)),
    }),
  }),
]
