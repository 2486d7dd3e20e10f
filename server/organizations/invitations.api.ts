import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { displayName, emailAddress, idText, uuid } from "../http/fields.ts"
import * as invitations from "./invitations.ts"

const User = z.object({
  id: uuid,
  email: z.string().nullable(),
  username: z.string(),
  firstName: z.string().nullable(),
  lastName: z.string().nullable(),
  isAccepted: z.boolean(),
})

const present = (user: invitations.Verified["user"]): z.input<typeof User> => ({
  id: user.id,
  email: user.email,
  username: user.username,
  firstName: user.first_name,
  lastName: user.last_name,
  isAccepted: user.is_accepted,
})

const tags: [string] = ["Invitations"]

export const invitationEndpoints = [
  endpoint("inviteToOrganization", "POST /api/v1/invite-org/signup", {
    summary: "Invite people into the organization",
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
        .array(z.object({ id: z.string().max(64) }))
        .default([])
        .describe("Projects to add the invited to."),
    }),
    result: z.object({
      message: z.string(),
      completeInviteLinks: z.array(z.object({ email: z.string(), link: z.string() })).optional(),
    }),
    async handle(ctx, { body }) {
      const { projects, ...input } = body
      const links = await invitations.invite(ctx, { ...input, projectIds: projects.map(({ id }) => id) })
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
    body: z.object({
      email: z.string().trim().max(320).describe("The address that was invited."),
      organizationId: z.uuid().describe("The ID of the organization."),
      code: z.string().trim().max(128).describe("The code of the invitation, from its link."),
    }),
    result: z.object({ message: z.string(), token: z.string().optional(), user: User }),
    async handle(ctx, { body }) {
      const { user, signupToken } = await invitations.verifyInvitation(ctx, body)
      return signupToken
        ? {
            message: "Complete the account to accept the invitation",
            token: signupToken,
            user: present(user),
          }
        : { message: "The invitation has been accepted", user: present(user) }
    },
  }),

  endpoint("completeAccount", "POST /api/v3/signup/complete-account", {
    summary:
      "Complete the account that an invitation made; the token is the one that the invitation's code gave",
    tags,
    access: "public",
    body: z.object({
      type: z.literal("email").default("email").describe("How the account signs in."),
      email: z.string().trim().max(320).describe("The address that was invited."),
      firstName: displayName("First name", 255).describe("The first name of the person."),
      lastName: displayName("Last name", 255).optional().describe("The last name of the person."),
      password: z.string().min(1).max(1024).describe("The password of the account."),
    }),
    result: z.object({ message: z.string(), user: User, token: z.string() }),
    async handle(ctx, { body }) {
      const { email, firstName, lastName = null, password } = body
      const { user, token } = await invitations.completeAccount(ctx, { email, firstName, lastName, password })
      return { message: "The account is complete", user: present(user), token }
    },
  }),
]
