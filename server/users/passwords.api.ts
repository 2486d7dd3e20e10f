import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import { OwnUser, presentOwnUser } from "../http/user.ts"
import * as passwords from "./passwords.ts"

const newPassword = z.string().min(8).max(1024)
const message = z.object({ message: z.string() })
const tags: [string] = ["Passwords"]
const ofThePerson = none("An account belongs to its person and to no organization.")
const email = z.string().max(320)

export const passwordEndpoints = [
  endpoint("changePassword", "POST /api/v1/password/change-password", {
    summary: "Change your password; your other sessions end",
    tags,
    access: "signedIn",
    callers: ["user"],
    audit: ofThePerson,
    // The passwords are compared and hashed outside any transaction.
    transaction: false,
    body: z.object({
      currentPassword: z.string().min(1).max(1024).describe("The password that you have."),
      password: newPassword.describe("The password that you want, of at least 8 characters."),
    }),
    result: message,
    async handle(ctx, { body }) {
      await passwords.changePassword(ctx, body)
      return { message: "Your password has been changed" }
    },
  }),

  endpoint("requestPasswordReset", "POST /api/v1/password/email/password-reset", {
    summary: "Mail a link to set a new password, to an address that has an account",
    tags,
    access: "public",
    audit: ofThePerson,
    transaction: false,
    body: z.object({ email: email.describe("The address of the account.") }),
    result: message,
    async handle(ctx, { body }) {
      passwords.requestReset(ctx, body.email)
      return { message: "If the address has an account, a mail with a link is on its way" }
    },
  }),

  endpoint("verifyPasswordReset", "POST /api/v1/password/email/password-reset-verify", {
    summary: "Show the code of a mailed link, to get a token to set the password with",
    tags,
    access: "public",
    audit: none("Changes nothing: the code is used up when the password is set."),
    transaction: false,
    body: z.object({
      email: email.describe("The address of the account."),
      code: z.string().trim().min(1).max(128).describe("The code, from the mailed link."),
    }),
    result: z.object({ user: OwnUser, token: z.string(), userEncryptionVersion: z.number() }),
    async handle(ctx, { body }) {
      const { user, token } = await passwords.verifyReset(ctx, body)
      return {
        user: presentOwnUser(user),
        token,
        // Wanted by older clients; nothing is encrypted with the password here.
        userEncryptionVersion: 2,
      }
    },
  }),

  endpoint("resetPassword", "POST /api/v1/password/password-reset", {
    summary: "Set a new password with the token of a mailed link; all sessions end",
    tags,
    access: "public",
    audit: ofThePerson,
    transaction: false,
    body: z.object({ password: newPassword.describe("The new password, of at least 8 characters.") }),
    result: message,
    async handle(ctx, { body }) {
      await passwords.resetPassword(ctx, body.password)
      return { message: "The password has been set" }
    },
  }),
]
