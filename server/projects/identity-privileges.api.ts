import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, slug } from "../http/fields.ts"
import { presentPrivilege, Privilege, timeOfType, typeField } from "../http/privileges.ts"
import { rulesField } from "../http/project-rules.ts"
import * as privileges from "./privileges.ts"

const tags: [string] = ["Identity Specific Privileges V2"]
const isRange = (text: string): boolean => privileges.rangeMs(text) !== undefined
const identityId = idParam("The ID of the machine identity.")
const projectId = idParam("The ID of the project.")
const params = z.object({ id: idParam("The ID of the privilege.") })
const inProject = ({ params }: { params: { id: string } }) => ({ identityPrivilegeId: params.id })
const of = (value: string): privileges.HolderReference => ({ kind: "identity", by: "holderId", value })
const fields = {
  slug: slug(1, 60).describe("The slug of the privilege."),
  permissions: rulesField(privileges.vocabulary),
  type: typeField(isRange),
}
const one = z.object({ privilege: Privilege })
const read = { project: ["read", "identity"] } as const
const edit = { project: ["edit", "identity"] } as const

export const identityPrivilegeEndpoints = [
  endpoint("createIdentityPrivilege", "POST /api/v2/identity-project-additional-privilege", {
    summary: "Give a machine identity a privilege in a project beside its roles",
    tags,
    access: edit,
    inProject: ({ body }) => ({ id: body.projectId }),
    body: z.object({ identityId, projectId, ...fields, slug: fields.slug.optional() }),
    result: one,
    previews: ({ body }) => ({ where: "project", who: { identities: [body.identityId] } }),
    async handle(ctx, { body: { identityId, type, ...body } }) {
      const given = { ...body, temporary: timeOfType(type) }
      return { privilege: presentPrivilege(await privileges.givePrivilege(ctx, of(identityId), given)) }
    },
  }),

  endpoint("listIdentityPrivileges", "GET /api/v2/identity-project-additional-privilege", {
    summary: "List the privileges that a machine identity has in a project beside its roles",
    tags,
    access: read,
    inProject: ({ query }) => ({ id: query.projectId }),
    query: z.object({ identityId, projectId }),
    result: z.object({ privileges: z.array(Privilege.omit({ permissions: true })) }),
    handle: async (ctx, { query }) => ({
      privileges: (await privileges.listPrivileges(ctx, of(query.identityId))).map(presentPrivilege),
    }),
  }),

  endpoint(
    "getIdentityPrivilegeBySlug",
    "GET /api/v2/identity-project-additional-privilege/slug/{privilegeSlug}",
    {
      summary: "Get a privilege of a machine identity by its slug",
      tags,
      access: read,
      params: z.object({ privilegeSlug: idParam("The slug of the privilege.") }),
      inProject: ({ query }) => ({ slug: query.projectSlug }),
      query: z.object({ identityId, projectSlug: idParam("The slug of the project.") }),
      result: one,
      async handle(ctx, { params, query }) {
        const found = await privileges.getPrivilegeBySlug(ctx, of(query.identityId), params.privilegeSlug)
        return { privilege: presentPrivilege(found) }
      },
    },
  ),

  endpoint("getIdentityPrivilege", "GET /api/v2/identity-project-additional-privilege/{id}", {
    summary: "Get a privilege of a machine identity",
    tags,
    access: read,
    params,
    inProject,
    result: one,
    handle: async (ctx, { params }) => ({
      privilege: presentPrivilege(await privileges.getPrivilege(ctx, "identity", params.id)),
    }),
  }),

  endpoint("updateIdentityPrivilege", "PATCH /api/v2/identity-project-additional-privilege/{id}", {
    summary: "Change a privilege of a machine identity",
    tags,
    access: edit,
    params,
    inProject,
    body: z.object(fields),
    result: one,
    previews: ({ params }) => ({ where: "project", who: { identityPrivileges: [params.id] } }),
    async handle(ctx, { params, body: { type, ...body } }) {
      const changes = { ...body, temporary: timeOfType(type) }
      const changed = await privileges.changePrivilege(ctx, "identity", params.id, changes)
      return { privilege: presentPrivilege(changed) }
    },
  }),

  endpoint("deleteIdentityPrivilege", "DELETE /api/v2/identity-project-additional-privilege/{id}", {
    summary: "Take a privilege away from a machine identity",
    tags,
    access: edit,
    params,
    inProject,
    result: one,
    previews: ({ params }) => ({ where: "project", who: { identityPrivileges: [params.id] } }),
    handle: async (ctx, { params }) => ({
      privilege: presentPrivilege(await privileges.endPrivilege(ctx, "identity", params.id)),
    }),
  }),
]
