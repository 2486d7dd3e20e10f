import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import { displayName, timestamp, uuid } from "../http/fields.ts"
import * as profile from "./profile.ts"

/** An account as its own person sees it. */
const User = z.object({
  id: uuid,
  email: z.string().nullable(),
  authMethods: z.array(z.string()),
  superAdmin: z.boolean(),
  firstName: z.string().nullable(),
  lastName: z.string().nullable(),
  isAccepted: z.boolean(),
  isMfaEnabled: z.boolean(),
  mfaMethods: z.array(z.string()),
  devices: z.array(z.object({ ip: z.string(), userAgent: z.string() })),
  createdAt: timestamp,
  updatedAt: timestamp,
  isGhost: z.boolean(),
  username: z.string(),
  isEmailVerified: z.boolean(),
  consecutiveFailedMfaAttempts: z.number(),
  isLocked: z.boolean(),
  temporaryLockDateEnd: timestamp.nullable(),
  consecutiveFailedPasswordAttempts: z.number(),
  selectedMfaMethod: z.string().nullable(),
})

/** With the names of keys that older clients require; there are none here, since nothing is encrypted with them. */
const UserWithKeys = User.extend({
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

const present = (user: profile.Profile): z.input<typeof User> => ({
  id: user.id,
  email: user.email,
  authMethods: ["email"],
  superAdmin: user.is_super_admin,
  firstName: user.first_name,
  lastName: user.last_name,
  isAccepted: user.is_accepted,
  isMfaEnabled: false,
  mfaMethods: [],
  devices: [],
  createdAt: user.created_at.toISOString(),
  updatedAt: user.updated_at.toISOString(),
  isGhost: false,
  username: user.username,
  isEmailVerified: user.is_accepted,
  consecutiveFailedMfaAttempts: 0,
  isLocked: false,
  temporaryLockDateEnd: null,
  consecutiveFailedPasswordAttempts: 0,
  selectedMfaMethod: null,
})

const presentWithKeys = (user: profile.Profile): z.input<typeof UserWithKeys> => ({
  ...present(user),
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
    result: z.object({ user: User }),
    handle: async (ctx, { body }) => ({ user: present(await profile.rename(ctx, body)) }),
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
    result: z.object({ user: User }),
    handle: async (_ctx, { facts }) => ({ user: present(profile.profileOf(facts)) }),
  }),
]
