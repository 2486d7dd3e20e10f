import { z } from "zod"
import { displayName, storableText } from "./fields.ts"

/*
 * What requests about projects have in common on all generations of routes.
 */

export const projectType = z.enum([
  "secret-manager",
  "cert-manager",
  "kms",
  "ssh",
  "secret-scanning",
  "pam",
  "ai",
])

const slugShape = /^[a-z0-9]+(?:[_-][a-z0-9]+)*$/

/** What of a project may be changed; what is not sent stays. */
export const projectChanges = z.object({
  name: displayName("Name", 64).optional().describe("The name of the project."),
  slug: z
    .string()
    .trim()
    .max(64)
    .regex(
      slugShape,
      "Slug must consist of lower-case letters, digits and single dashes or underscores between them",
    )
    .optional()
    .describe("The slug of the project."),
  description: storableText.max(1_024).nullable().optional().describe("What the project is for."),
  autoCapitalization: z.boolean().optional().describe("Whether names of secrets are capitalized in forms."),
  hasDeleteProtection: z.boolean().optional().describe("Whether it is protected from deletion."),
  pitVersionLimit: z
    .number()
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe("How many versions are kept to go back to."),
  secretSharing: z.boolean().optional().describe("Whether secrets may be shared with others."),
  showSnapshotsLegacy: z.boolean().optional().describe("Whether clients show the snapshots of old."),
  secretDetectionIgnoreValues: z
    .array(storableText.max(1_024))
    .max(1_000)
    .optional()
    .describe("Values that are no secrets, whatever they look like."),
})
