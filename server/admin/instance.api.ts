import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { displayName, emailAddress, timestamp, uuid } from "../http/fields.ts"
import { OwnUser, presentOwnUser } from "../http/user.ts"
import * as instance from "./instance.ts"

const Organization = z.object({
  id: uuid,
  name: z.string(),
  customerId: z.null(),
  slug: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
})

export const instanceEndpoints = [
  endpoint("bootstrapInstance", "POST /api/v1/admin/bootstrap", {
    summary: "Set the instance up: first admin, organization, and a machine identity with a token",
    tags: ["Admin"],
    access: "public",
    body: z.object({
      email: emailAddress.describe("The address of the first admin."),
      password: z.string().min(1).max(1024).describe("The password of the first admin."),
      organization: displayName("Organization", 64).describe("The name of the organization."),
    }),
    result: z.object({
      message: z.string(),
      user: z.object({
        username: z.string(),
        firstName: z.string().nullable(),
        lastName: z.string().nullable(),
        email: z.string().nullable(),
        id: uuid,
        superAdmin: z.boolean(),
      }),
      organization: z.object({ id: uuid, name: z.string(), slug: z.string() }),
      identity: z.object({ id: uuid, name: z.string(), credentials: z.object({ token: z.string() }) }),
    }),
    async handle(ctx, { body }) {
      const { user, organization, identity, token } = await instance.bootstrap(ctx, body)
      return {
        message: "The instance has been set up",
        user: {
          username: user.username,
          firstName: user.first_name,
          lastName: user.last_name,
          email: user.email,
          id: user.id,
          superAdmin: user.is_super_admin,
        },
        organization,
        identity: { id: identity.id, name: identity.name, credentials: { token } },
      }
    },
  }),

  endpoint("signUpAdmin", "POST /api/v1/admin/signup", {
    summary: "Set the instance up: first admin, who is signed in, and organization",
    tags: ["Admin"],
    access: "public",
    body: z.object({
      email: emailAddress.describe("The address of the first admin."),
      password: z.string().min(1).max(1024).describe("The password of the first admin."),
      firstName: displayName("First name", 255).describe("The first name of the first admin."),
      lastName: displayName("Last name", 255).optional().describe("The last name of the first admin."),
    }),
    result: z.object({
      message: z.string(),
      user: OwnUser,
      organization: Organization,
      token: z.string(),
      // Clients want a text here and read nothing from it.
      new: z.string(),
    }),
    async handle(ctx, { body }) {
      const { lastName = null, ...names } = body
      const { user, organization, token } = await instance.signUpAdmin(ctx, { ...names, lastName })
      return {
        message: "The instance has been set up",
        user: presentOwnUser(user),
        organization: {
          id: organization.id,
          name: organization.name,
          customerId: null,
          slug: organization.slug,
          createdAt: organization.created_at.toISOString(),
          updatedAt: organization.updated_at.toISOString(),
        },
        token,
        new: "true",
      }
    },
  }),
]
