import { z } from "zod"
import { displayName, slug, storableText } from "./fields.ts"

/*
 * What requests about roles of a project have in common on all generations of routes; each brings its form of rules.
 */

const reserved = new Set(["admin", "member", "viewer", "no-access", "custom"])

/** The slug of a role that is not built in. */
export const projectRoleSlug = slug(1, 64)
  .refine((text) => !reserved.has(text), { error: "This slug is reserved" })
  .describe("The slug of the role.")

const fields = <R extends z.ZodType>(rules: R) => ({
  slug: projectRoleSlug,
  name: displayName("Name", 255).describe("The name of the role."),
  description: storableText.max(1_000).nullable().describe("What the role is for."),
  permissions: rules,
})

/** The body that makes a role. */
export const newRole = <R extends z.ZodType>(rules: R) => {
  const { description, ...others } = fields(rules)
  return z.object({ ...others, description: description.default(null) })
}

/** The body that changes a role; what is not sent stays. */
export const changedRole = <R extends z.ZodType>(rules: R) => z.object(fields(rules)).partial()
