import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import { displayName, emailAddress, uuid } from "../http/fields.ts"
import { OwnUser, presentOwnUser } from "../http/user.ts"
import * as signUp from "./sign-up.ts"

const tags: [string] = ["Sign-up"]

const account = {
  email: z.string().trim().max(320).describe("The address that the code was sent to."),
  firstName: displayName("First name", 255).describe("The first name of the person."),
  lastName: displayName("Last name", 255).optional().describe("The last name of the person."),
  password: z.string().min(1).max(1024).describe("The password of the account."),
}
const NewAccount = z.object({
  ...account,
  organizationName: displayName("Organization", 64)
    .optional()
    .describe("An organization to make, with the person as its admin; not for who was invited."),
})
const Completed = z.object({
  message: z.string(),
  user: OwnUser,
  token: z.string(),
  organizationId: uuid.optional(),
})

function present({ user, token, organizationId }: signUp.Completed): z.input<typeof Completed> {
  const message = "The account is complete"
  return { message, user: presentOwnUser(user), token, ...(organizationId ? { organizationId } : {}) }
}

export const signUpEndpoints = [
  endpoint("requestSignUp", "POST /api/v3/signup/email/signup", {
    summary: "Ask for an account: a code is mailed to the address",
    tags,
    access: "public",
    audit: none("Nobody has an account yet, and no organization has a part in it."),
    // What is done is done after the answer.
    transaction: false,
    body: z.object({ email: emailAddress.describe("The address that the account is to have.") }),
    result: z.object({ message: z.string() }),
    async handle(ctx, { body }) {
      await signUp.requestSignUp(ctx, body.email)
      return { message: "A code has been mailed to the address" }
    },
  }),

  endpoint("verifySignUp", "POST /api/v3/signup/email/verify", {
    summary: "Give the mailed code for a token to complete the account with",
    tags,
    access: "public",
    audit: none("Nobody has an account yet, and no organization has a part in it."),
    body: z.object({
      email: z.string().trim().max(320).describe("The address that the code was sent to."),
      code: z.string().trim().max(64).describe("The code of six digits."),
    }),
    result: z.object({ message: z.string(), token: z.string(), user: OwnUser }),
    async handle(ctx, { body }) {
      const { user, token } = await signUp.verifySignUp(ctx, body)
      return { message: "Complete the account", token, user: presentOwnUser(user) }
    },
  }),

  endpoint("completeAccount", "POST /api/v3/signup/complete-account", {
    summary: "Complete an account; the token is the one that the code of a sign-up or of an invitation gave",
    tags,
    access: "public",
    body: NewAccount.extend({
      type: z.literal("email").default("email").describe("How the account signs in."),
    }),
    result: Completed,
    handle: async (ctx, { body: { lastName = null, ...body } }) =>
      present(await signUp.completeAccount(ctx, { ...body, lastName })),
  }),

  endpoint("completeSignedUpAccount", "POST /api/v3/signup/complete-account/signup", {
    summary: "The same, as older clients call it",
    tags,
    access: "public",
    body: NewAccount,
    result: Completed,
    handle: async (ctx, { body: { lastName = null, ...body } }) =>
      present(await signUp.completeAccount(ctx, { ...body, lastName })),
  }),

  endpoint("completeInvitedAccount", "POST /api/v3/signup/complete-account/invite", {
    summary: "The same, as older clients call it for who was invited",
    tags,
    access: "public",
    body: z.object(account),
    result: Completed,
    handle: async (ctx, { body: { lastName = null, ...body } }) =>
      present(await signUp.completeAccount(ctx, { ...body, lastName })),
  }),
]
