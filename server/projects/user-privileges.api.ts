import { z } from "zod"
import type { ProjectReference } from "../access/project.ts"
import { endpoint } from "../http/endpoint.ts"
import { idParam, slug } from "../http/fields.ts"
import { presentPrivilegeOfUser, PrivilegeOfUser, timeOfType, typeField } from "../http/privileges.ts"
import { rulesField } from "../http/project-rules.ts"
import * as privileges from "./privileges.ts"

const tags: [string] = ["User Specific Privileges"]
const isRange = (text: string): boolean => privileges.rangeMs(text) !== undefined
const params = z.object({ privilegeId: idParam("The ID of the privilege.") })
const inProject = ({ params }: { params: { privilegeId: string } }) => ({
  userPrivilegeId: params.privilegeId,
})
const fields = {
  slug: slug(1, 60).describe("The slug of the privilege."),
  permissions: rulesField(privileges.vocabulary),
  type: typeField(isRange),
}
const one = z.object({ privilege: PrivilegeOfUser })
const read = { project: ["read", "member"] } as const
const edit = { project: ["edit", "member"] } as const

/** Whose: by a membership of their own, or by project and account, since who is in by a group has no such membership. */
const named = {
  projectMembershipId: idParam("The ID of the membership in the project.").optional(),
  projectId: idParam("The ID of the project, in place of the membership.").optional(),
  userId: idParam("The ID of the user, in place of the membership.").optional(),
}
type Named = { [K in keyof typeof named]?: string | undefined }
const isNamed = ({ projectMembershipId, projectId, userId }: Named): boolean =>
  projectMembershipId !== undefined || (projectId !== undefined && userId !== undefined)
const unnamed = { error: "Send projectMembershipId, or projectId and userId", path: ["projectMembershipId"] }

const projectOf = ({ projectMembershipId, projectId = "" }: Named): ProjectReference =>
  projectMembershipId === undefined ? { id: projectId } : { userMembershipId: projectMembershipId }
const of = ({ projectMembershipId, projectId, userId }: Named): privileges.HolderReference =>
  projectMembershipId === undefined
    ? { kind: "user", by: "holderId", value: userId ?? "" }
    : {
        kind: "user",
        by: "projectMembershipId",
        value: projectMembershipId,
        also: { projectId, holderId: userId },
      }

export const userPrivilegeEndpoints = [
  endpoint("createUserPrivilege", "POST /api/v1/user-project-additional-privilege", {
    summary: "Give somebody a privilege in a project beside their roles",
    tags,
    access: edit,
    inProject: ({ body }) => projectOf(body),
    body: z.object({ ...named, ...fields, slug: fields.slug.optional() }).refine(isNamed, unnamed),
    result: one,
    previews: ({ body: { projectMembershipId, userId } }) => ({
      where: "project",
      who:
        projectMembershipId === undefined
          ? { users: userId === undefined ? [] : [userId] }
          : { projectMembers: [projectMembershipId] },
    }),
    async handle(ctx, { body: { slug, permissions, type, ...whose } }) {
      const given = { slug, permissions, temporary: timeOfType(type) }
      return { privilege: presentPrivilegeOfUser(await privileges.givePrivilege(ctx, of(whose), given)) }
    },
  }),

  endpoint("listUserPrivileges", "GET /api/v1/user-project-additional-privilege", {
    summary: "List the privileges that somebody has in a project beside their roles",
    tags,
    access: read,
    inProject: ({ query }) => projectOf(query),
    query: z.object(named).refine(isNamed, unnamed),
    result: z.object({ privileges: z.array(PrivilegeOfUser.omit({ permissions: true })) }),
    handle: async (ctx, { query }) => ({
      privileges: (await privileges.listPrivileges(ctx, of(query))).map(presentPrivilegeOfUser),
    }),
  }),

  endpoint("getUserPrivilege", "GET /api/v1/user-project-additional-privilege/{privilegeId}", {
    summary: "Get a privilege of somebody",
    tags,
    access: read,
    params,
    inProject,
    result: one,
    handle: async (ctx, { params }) => ({
      privilege: presentPrivilegeOfUser(await privileges.getPrivilege(ctx, "user", params.privilegeId)),
    }),
  }),

  endpoint("updateUserPrivilege", "PATCH /api/v1/user-project-additional-privilege/{privilegeId}", {
    summary: "Change a privilege of somebody",
    tags,
    access: edit,
    params,
    inProject,
    body: z.object(fields).partial(),
    result: one,
    previews: ({ params }) => ({ where: "project", who: { userPrivileges: [params.privilegeId] } }),
    async handle(ctx, { params, body: { type, ...body } }) {
      const changes = { ...body, temporary: type && timeOfType(type) }
      const changed = await privileges.changePrivilege(ctx, "user", params.privilegeId, changes)
      return { privilege: presentPrivilegeOfUser(changed) }
    },
  }),

  endpoint("deleteUserPrivilege", "DELETE /api/v1/user-project-additional-privilege/{privilegeId}", {
    summary: "Take a privilege away from somebody",
    tags,
    access: edit,
    params,
    inProject,
    result: one,
    previews: ({ params }) => ({ where: "project", who: { userPrivileges: [params.privilegeId] } }),
    handle: async (ctx, { params }) => ({
      privilege: presentPrivilegeOfUser(await privileges.endPrivilege(ctx, "user", params.privilegeId)),
    }),
  }),
]
