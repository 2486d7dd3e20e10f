import { z } from "zod"
import { displayName, slug, storableText } from "./fields.ts"

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

/** What a project is made of. */
export const newProject = z.object({
  projectName: displayName("Project name", 64).describe("The name of the project."),
  projectDescription: storableText.max(1_024).nullish().describe("What the project is for."),
  slug: slug(5, 36).optional().describe("The slug; made of the name when it is left out."),
  type: projectType
    .optional()
    .describe("What the project is made for; as the template says, or secret-manager, when it is left out."),
  template: storableText
    .min(1)
    .max(64)
    .default("default")
    .describe("The name of the template to make it of."),
  kmsKeyId: z.string().max(64).nullish().describe("A key of a key manager; there is none yet."),
  shouldCreateDefaultEnvs: z
    .boolean()
    .default(true)
    .describe("Whether to make dev, staging and prod; a template has its own."),
  hasDeleteProtection: z.boolean().default(false).describe("Whether it is protected from deletion."),
})

export const environmentName = displayName("Name", 255).describe("The name of the environment.")
export const environmentSlug = slug(1, 64).describe("The slug of the environment.")
export const environmentPosition = z
  .number()
  .int()
  .min(1)
  .max(10_000)
  .describe("Where it stands among the others.")

/** What an environment is made of. */
export const newEnvironment = z.object({
  name: environmentName,
  slug: environmentSlug,
  position: environmentPosition
    .optional()
    .describe("Where it stands among the others; behind them when it is left out."),
})

/** What of an environment may be changed; what is not sent stays. */
export const environmentChanges = z.object({
  name: environmentName.optional(),
  slug: environmentSlug.optional(),
  position: environmentPosition.optional().describe("Where it is to stand; others make room."),
})
