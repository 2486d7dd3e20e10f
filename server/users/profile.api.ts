import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import { displayName, emailAddress, uuid } from "../http/fields.ts"
import { OwnUser, presentOwnUser } from "../http/user.ts"
import * as addresses from "./addresses.ts"
import * as deletion from "./deletion.ts"
import * as profile from "./profile.ts"

/** With the names of keys that older clients require; there are none here, since nothing is encrypted with them. */
const UserWithKeys = OwnUser.extend({
  clientPublicKey: z.null(),
  serverPrivateKey: z.null(),
  encryptionVersion: z.number(),
  protectedKey: z.string(),
  protectedKeyIV: z.string(),
  protectedKeyTag: z.string(),
  publicKey: z.string(),
  encryptedPrivateKey: z.string(),
  iv: z.string(),
  tag: z.string(),
  salt: z.string(),
  verifier: z.string(),
  userId: uuid,
})

const presentWithKeys = (user: profile.Profile): z.input<typeof UserWithKeys> => ({
  ...presentOwnUser(user),
  clientPublicKey: null,
  serverPrivateKey: null,
  encryptionVersion: 2,
  protectedKey: "",
  protectedKeyIV: "",
  protectedKeyTag: "",
  publicKey: "",
  encryptedPrivateKey: "",
  iv: "",
  tag: "",
  salt: "",
  verifier: "",
  userId: user.id,
})

const tags: [string] = ["Users"]
const ofThePerson = none("An account belongs to its person and to no organization.")

export const profileEndpoints = [
  endpoint("getCurrentUser", "GET /api/v1/user", {
    summary: "Show your account",
    tags,
    access: "signedIn",
    callers: ["user"],
    facts: profile.profileFacts,
    factValues: () => [],
    result: z.object({ user: UserWithKeys }),
    handle: async (_ctx, { facts }) => ({ user: presentWithKeys(profile.profileOf(facts)) }),
  }),

  endpoint("getMe", "GET /api/v2/users/me", {
    summary: "Show your account, once you have selected an organization",
    tags,
    access: "inOrganization",
    callers: ["user"],
    facts: profile.profileFacts,
    factValues: () => [],
    result: z.object({ user: UserWithKeys }),
    handle: async (_ctx, { facts }) => ({ user: presentWithKeys(profile.profileOf(facts)) }),
  }),

  endpoint("deleteMe", "DELETE /api/v2/users/me", {
    summary: "Delete your account, and leave all organizations",
    tags,
    access: "signedIn",
    callers: ["user"],
    result: z.object({ user: OwnUser }),
    handle: async (ctx) => ({ user: presentOwnUser(await deletion.deleteOwnAccount(ctx)) }),
  }),

  endpoint("updateMyName", "PATCH /api/v2/users/me/name", {
    summary: "Change your name",
    tags,
    access: "signedIn",
    callers: ["user"],
    audit: ofThePerson,
    body: z.object({
      firstName: displayName("First name", 255).describe("Your first name."),
      lastName: displayName("Last name", 255)
        .or(z.literal(""))
        .optional()
        .describe("Your last name; empty for none, left out to keep the one you have."),
    }),
    result: z.object({ user: OwnUser }),
    handle: async (ctx, { body }) => ({ user: presentOwnUser(await profile.rename(ctx, body)) }),
  }),

  endpoint("requestMyEmail", "POST /api/v2/users/me/email-change/otp", {
    summary: "Mail a code to the address that you want to have",
    tags,
    access: "signedIn",
    callers: ["user"],
    audit: ofThePerson,
    // The password is compared outside any transaction; the code is a single statement.
    transaction: false,
    body: z.object({
      newEmail: emailAddress.describe("The address that you want to have."),
      password: z.string().min(1).max(1024).describe("Your password."),
    }),
    result: z.object({ message: z.string() }),
    async handle(ctx, { body }) {
      await addresses.requestAddress(ctx, body)
      return { message: "A code has been mailed to the address" }
    },
  }),

  endpoint("updateMyEmail", "PATCH /api/v2/users/me/email", {
    summary: "Change your address, which is your username too, with the code that was mailed to the new one",
    tags,
    access: "signedIn",
    callers: ["user"],
    body: z.object({
      newEmail: emailAddress.describe("The address that the code was mailed to."),
      otpCode: z.string().trim().min(1).max(32).describe("The code, of 6 digits."),
    }),
    result: z.object({ user: OwnUser }),
    handle: async (ctx, { body }) => ({
      user: presentOwnUser(
        await addresses.changeAddress(ctx, { newEmail: body.newEmail, code: body.otpCode }),
      ),
    }),
  }),

  endpoint("updateMyAuthMethods", "PUT /api/v2/users/me/auth-methods", {
    summary: "Choose how you sign in",
    tags,
    access: "signedIn",
    callers: ["user"],
    audit: none("There is one way to sign in, so that nothing can change."),
    body: z.object({
      authMethods: z
        .array(z.enum(["email"]))
        .min(1)
        .max(10)
        .describe("How you sign in: by address and password."),
    }),
    facts: profile.profileFacts,
    factValues: () => [],
    transaction: false,
    result: z.object({ user: OwnUser }),
    handle: async (_ctx, { facts }) => ({ user: presentOwnUser(profile.profileOf(facts)) }),
  }),
]
