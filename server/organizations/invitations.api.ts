import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { emailAddress, idText, storableText } from "../http/fields.ts"
import { roleSlug } from "../http/project-members.ts"
import { OwnUser, presentOwnUser } from "../http/user.ts"
import * as invitations from "./invitations.ts"
import { inviteInto } from "./project-invitations.ts"

const tags: [string] = ["Invitations"]

const link = z.object({ email: z.string(), link: z.string() })
/** What a link holds, and its holder shows. */
const shown = z.object({
  email: z.string().trim().max(320).describe("The address that was invited."),
  organizationId: z.uuid().describe("The ID of the organization."),
  code: z.string().trim().max(128).describe("The code of the invitation, from its link."),
})

/** A project, by its id or its slug, and the roles that the invited get in it. */
const project = z
  .object({
    id: idText.max(64).optional().describe("The ID of the project."),
    slug: storableText.max(64).optional().describe("The slug of the project, in place of the ID."),
    projectRoleSlug: z
      .array(roleSlug)
      .min(1, "Give at least one role")
      .max(50)
      .default(["member"])
      .describe("The slugs of the roles to give."),
  })
  .transform(({ id, slug, projectRoleSlug: roles }, context) => {
    if (id !== undefined && slug === undefined) return { project: { id }, roles }
    if (slug !== undefined && id === undefined) return { project: { slug }, roles }
    context.issues.push({
      code: "custom",
      input: id,
      path: ["id"],
      message: "Name the project by id or by slug",
    })
    return z.NEVER
  })

export const invitationEndpoints = [
  endpoint("inviteToOrganization", "POST /api/v1/invite-org/signup", {
    summary: "Invite people into the organization, and put them into projects",
    tags,
    access: { organization: ["create", "member"] },
    body: z.object({
      inviteeEmails: z.array(emailAddress).min(1).max(100).describe("The addresses to invite."),
      organizationId: idText.max(64).describe("The ID of the organization."),
      organizationRoleSlug: z
        .string()
        .trim()
        .min(1)
        .max(64)
        .default("member")
        .describe("The role that the invited get in the organization."),
      projects: z
        .array(project)
        .max(20)
        .default([])
        .describe("Projects to put them into, also who is in the organization already."),
    }),
    answers: "credential",
    result: z.object({
      message: z.string(),
      completeInviteLinks: z.array(link).optional(),
    }),
    async handle(ctx, { body }) {
      const links = await inviteInto(ctx, body)
      return {
        message: "The invitations have been made",
        ...(links ? { completeInviteLinks: links } : {}),
      }
    },
  }),

  endpoint("verifyInvitation", "POST /api/v1/invite-org/verify", {
    summary: "Show the code of an invitation, to accept it or to complete the account first",
    tags,
    access: "public",
    body: shown,
    result: z.object({ message: z.string(), token: z.string().optional(), user: OwnUser }),
    async handle(ctx, { body }) {
      const { user, signupToken } = await invitations.verifyInvitation(ctx, body)
      return signupToken
        ? {
            message: "Complete the account to accept the invitation",
            token: signupToken,
            user: presentOwnUser(user),
          }
        : { message: "The invitation has been accepted", user: presentOwnUser(user) }
    },
  }),

  endpoint("resendInvitation", "POST /api/v1/invite-org/signup-resend", {
    summary: "Send an invitation once more, with a new code",
    tags,
    access: { organization: ["create", "member"] },
    body: z.object({ membershipId: z.string().trim().max(64).describe("The ID of the invited membership.") }),
    answers: "credential",
    result: z.object({ signupToken: link.optional() }),
    async handle(ctx, { body }) {
      const signupToken = await invitations.resend(ctx, body.membershipId)
      return signupToken ? { signupToken } : {}
    },
  }),

  endpoint("declineInvitation", "POST /api/v1/invite-org/decline", {
    summary: "Say no to an invitation",
    tags,
    access: "public",
    isExtension: true,
    body: shown,
    result: z.object({ message: z.string() }),
    async handle(ctx, { body }) {
      await invitations.decline(ctx, body)
      return { message: "The invitation has been declined" }
    },
  }),
]
