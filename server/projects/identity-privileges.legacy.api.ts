import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, slug } from "../http/fields.ts"
import { presentPrivilege, Privilege, temporaryOf, timeFields } from "../http/privileges.ts"
import { olderRulesField } from "../http/project-rules.ts"
import * as privileges from "./privileges.ts"

/*
 * Privileges of machine identities as older clients ask: by the project's slug and the privilege's, and in the older
 * form of rules, or in a short one that is about secrets and means a rule for each action.
 */

const tags: [string] = ["Identity Specific Privileges"]
const isRange = (text: string): boolean => privileges.rangeMs(text) !== undefined
const time = timeFields(isRange)
const identityId = idParam("The ID of the machine identity.")
const projectSlug = idParam("The slug of the project.")
const privilegeSlug = idParam("The slug of the privilege.")
const inProject = ({ body }: { body: { projectSlug: string } }) => ({ slug: body.projectSlug })
const of = (value: string): privileges.HolderReference => ({ kind: "identity", by: "holderId", value })
const one = z.object({ privilege: Privilege })
const read = { project: ["read", "identity"] } as const
const edit = { project: ["edit", "identity"] } as const

const rules = olderRulesField(privileges.vocabulary)
const content = {
  slug: slug(1, 60).optional().describe("The slug of the privilege."),
  permissions: rules.optional(),
  privilegePermission: z
    .object({
      actions: z.array(z.string()).min(1).max(50),
      subject: z.literal("secrets"),
      conditions: z.record(z.string(), z.unknown()).optional(),
    })
    .transform(({ actions, subject, conditions }): unknown =>
      actions.map((action) => ({ action, subject, ...(conditions ? { conditions } : {}) })),
    )
    .pipe(rules)
    .optional()
    .describe("What is allowed with secrets, in place of `permissions`."),
}
type Content = {
  permissions?: z.output<typeof rules> | undefined
  privilegePermission?: z.output<typeof rules> | undefined
}
const rulesOf = ({ permissions, privilegePermission }: Content) => privilegePermission ?? permissions
const hasRules = (body: Content): boolean => rulesOf(body) !== undefined
const lacking = { error: "Send permissions or privilegePermission", path: ["permissions"] }
const given = z.object({ identityId, projectSlug, ...content })

const details = z
  .object({ ...content, isTemporary: z.boolean().optional(), ...time })
  .partial()
  .refine(
    ({ isTemporary, temporaryRange, temporaryAccessStartTime }) =>
      !isTemporary || (temporaryRange !== undefined && temporaryAccessStartTime !== undefined),
    { error: "A temporary privilege needs a range and a start", path: ["temporaryRange"] },
  )
  .describe("What of it changes.")

/** The time that is asked for: null for none, undefined where nothing is said of it. */
function temporaryIn({ isTemporary, temporaryRange, temporaryAccessStartTime }: z.output<typeof details>) {
  if (isTemporary === false) return null
  return temporaryRange !== undefined && temporaryAccessStartTime !== undefined
    ? temporaryOf({ temporaryRange, temporaryAccessStartTime })
    : undefined
}

export const olderIdentityPrivilegeEndpoints = [
  endpoint("createPermanentPrivilege", "POST /api/v1/additional-privilege/identity/permanent", {
    summary: "Give a machine identity a privilege for good, as older clients ask",
    tags,
    access: edit,
    inProject,
    body: given.refine(hasRules, lacking),
    result: one,
    previews: ({ body }) => ({ where: "project", who: { identities: [body.identityId] } }),
    async handle(ctx, { body }) {
      const privilege = { slug: body.slug, permissions: rulesOf(body) ?? [], temporary: null }
      return {
        privilege: presentPrivilege(await privileges.givePrivilege(ctx, of(body.identityId), privilege)),
      }
    },
  }),

  endpoint("createTemporaryPrivilege", "POST /api/v1/additional-privilege/identity/temporary", {
    summary: "Give a machine identity a privilege for a time, as older clients ask",
    tags,
    access: edit,
    inProject,
    body: given.extend(time).refine(hasRules, lacking),
    result: one,
    previews: ({ body }) => ({ where: "project", who: { identities: [body.identityId] } }),
    async handle(ctx, { body }) {
      const temporary = temporaryOf(body)
      const privilege = { slug: body.slug, permissions: rulesOf(body) ?? [], temporary }
      return {
        privilege: presentPrivilege(await privileges.givePrivilege(ctx, of(body.identityId), privilege)),
      }
    },
  }),

  endpoint("updatePrivilegeBySlug", "PATCH /api/v1/additional-privilege/identity", {
    summary: "Change a privilege of a machine identity, as older clients ask",
    tags,
    access: edit,
    inProject,
    body: z.object({ privilegeSlug, identityId, projectSlug, privilegeDetails: details }),
    result: one,
    previews: ({ body }) => ({ where: "project", who: { identities: [body.identityId] } }),
    async handle(ctx, { body: { privilegeDetails: sent, ...body } }) {
      const id = await privileges.idOfSlug(ctx, of(body.identityId), body.privilegeSlug)
      const changes = { slug: sent.slug, permissions: rulesOf(sent), temporary: temporaryIn(sent) }
      return {
        privilege: presentPrivilege(await privileges.changePrivilege(ctx, "identity", id, changes)),
      }
    },
  }),

  endpoint("deletePrivilegeBySlug", "DELETE /api/v1/additional-privilege/identity", {
    summary: "Take a privilege away from a machine identity, as older clients ask",
    tags,
    access: edit,
    inProject,
    body: z.object({ privilegeSlug, identityId, projectSlug }),
    result: one,
    previews: ({ body }) => ({ where: "project", who: { identities: [body.identityId] } }),
    async handle(ctx, { body }) {
      const id = await privileges.idOfSlug(ctx, of(body.identityId), body.privilegeSlug)
      return { privilege: presentPrivilege(await privileges.endPrivilege(ctx, "identity", id)) }
    },
  }),

  endpoint("listPrivilegesOfIdentity", "GET /api/v1/additional-privilege/identity", {
    summary: "List the privileges of a machine identity in a project, as older clients ask",
    tags,
    access: read,
    inProject: ({ query }) => ({ slug: query.projectSlug }),
    query: z.object({ identityId, projectSlug }),
    result: z.object({ privileges: z.array(Privilege) }),
    handle: async (ctx, { query }) => ({
      privileges: (await privileges.listPrivileges(ctx, of(query.identityId))).map(presentPrivilege),
    }),
  }),

  endpoint("getPrivilegeBySlug", "GET /api/v1/additional-privilege/identity/{privilegeSlug}", {
    summary: "Get a privilege of a machine identity by its slug, as older clients ask",
    tags,
    access: read,
    params: z.object({ privilegeSlug }),
    inProject: ({ query }) => ({ slug: query.projectSlug }),
    query: z.object({ identityId, projectSlug }),
    result: one,
    handle: async (ctx, { params, query }) => ({
      privilege: presentPrivilege(
        await privileges.getPrivilegeBySlug(ctx, of(query.identityId), params.privilegeSlug),
      ),
    }),
  }),
]
