import { z } from "zod"
import { badRequest } from "../errors.ts"
import { isSecretName } from "../names.ts"
import { idInBody, storableText } from "./fields.ts"
import { environmentSlug, pathToRead } from "./folder.ts"

/*
 * What requests about secrets have in common on both generations of routes, in all the spellings that clients use.
 */

type Named = {
  projectId?: string | undefined
  workspaceId?: string | undefined
  projectSlug?: string | undefined
  workspaceSlug?: string | undefined
}

/**
 * The project that a request names in one of four ways; one that is sent empty names none. Where it may name none it is
 * the one that a service token is of, and 400 for everybody else.
 */
export function projectNamed(sent: Named): { id: string } | { slug: string } | { ofToken: string } {
  const id = sent.projectId || sent.workspaceId
  if (id) return { id }
  const slug = sent.projectSlug || sent.workspaceSlug
  return slug ? { slug } : { ofToken: "" }
}

const isNamed = (sent: Named): boolean => !("ofToken" in projectNamed(sent))

const slugOfProject = idInBody.optional().describe("The slug of the project, in place of its ID.")

/** How a request of a generation of routes names the project that it is about. */
const projectFields = {
  v4: {
    projectId: idInBody.optional().describe("The ID of the project."),
    projectSlug: slugOfProject,
  },
  v3: {
    workspaceId: idInBody.optional().describe("The ID of the project."),
    workspaceSlug: slugOfProject,
    projectSlug: slugOfProject,
  },
}
type Generation = keyof typeof projectFields

/** Which generation a route is of. */
export const generationOf = (route: string): Generation => (route.includes("/v4/") ? "v4" : "v3")

const secretPath = pathToRead.default("/").describe("The path of the folder.")

/** A query about a folder of secrets. Without an environment it is 400, as clients of the API are used to. */
export const placedQuery = <Shape extends z.core.$ZodLooseShape>(generation: Generation, shape: Shape) =>
  z
    .object({
      ...(projectFields[generation] as ProjectFields),
      environment: environmentSlug.optional(),
      secretPath,
      ...shape,
    })
    .transform((sent) => {
      const { environment } = sent as { environment?: string | undefined }
      if (!environment) throw badRequest("Name a project and an environment")
      return { ...sent, environment }
    })

/** A body about a folder of secrets. */
export const placedBody = <Shape extends z.core.$ZodLooseShape>(generation: Generation, shape: Shape) =>
  bodyInProject(generation, { environment: environmentSlug, secretPath, ...shape })

/** A body that names a project, as those of its generation do. */
export const bodyInProject = <Shape extends z.core.$ZodLooseShape>(generation: Generation, shape: Shape) =>
  z
    .object({ ...(projectFields[generation] as ProjectFields), ...shape })
    .refine((sent) => isNamed(sent as Named), {
      path: [generation === "v4" ? "projectId" : "workspaceId"],
      error: "Required",
    })

/** The fields of both, as whoever reads them sees them: what a generation does not name is never there. */
type ProjectFields = Record<keyof Named, z.ZodOptional<z.ZodString>>

/** The name of a secret that is to be. */
export const newName = z
  .string()
  .refine(isSecretName, { error: "The name of a secret is one word without slashes" })
  .describe("The name of the secret.")

/** The name of a secret that is looked for; what cannot be one names nothing. */
export const nameParam = storableText.max(512).describe("The name of the secret.")

export const kind = z
  .enum(["shared", "personal"])
  .default("shared")
  .describe("Whether it is the one that all share, or the caller's own in its place.")

/** The number of a version. */
export const versionNumber = z.int().min(1).max(2_147_483_647)

/** A value is trimmed, but for one line's end behind it. */
const value = storableText.transform((text) => `${text.trim()}${text.endsWith("\n") ? "\n" : ""}`)

export const newValue = value.describe("The value.")

const metadata = z
  .array(
    z.object({
      key: storableText.min(1).max(255),
      value: storableText.max(1_020).default(""),
      isEncrypted: z.boolean().optional(),
    }),
  )
  .max(100)

/** What a secret has beside its name and value; what is not sent is none, or stays. */
export const details = {
  secretComment: storableText.trim().max(10_000).optional().describe("What it is for."),
  secretMetadata: metadata.optional().describe("Pairs of key and value."),
  tagIds: z.array(idInBody).max(100).optional().describe("The IDs of its tags."),
  skipMultilineEncoding: z.boolean().nullish().describe("Whether clients leave lines' ends as they are."),
  secretReminderNote: storableText.max(1_024).nullish().describe("What a reminder says."),
  secretReminderRepeatDays: z
    .number()
    .int()
    .min(0)
    .max(3_650)
    .nullish()
    .describe("After how many days to remind; none for 0."),
}

const pair = /^key=([^]*?),value=([^]*)$/
const maxPairs = 10

/** Pairs of metadata that a secret must all have, as `key=a,value=b|key=c,value=d`; what is not of that form is none. */
export const metadataFilter = storableText
  .max(20_000)
  .optional()
  .transform((text) => {
    const pairs = (text ?? "").split("|").map((part) => pair.exec(part))
    const isFilter = pairs.length <= maxPairs && pairs.every((found) => found !== null)
    return isFilter ? pairs.map((found) => ({ key: found?.[1] ?? "", value: found?.[2] ?? "" })) : []
  })
  .describe("Only those with this metadata: key=a,value=b|key=c,value=d.")

/** Slugs of tags, separated by commas. */
export const tagSlugs = storableText
  .max(10_000)
  .optional()
  .transform((text) => (text ?? "").split(",").flatMap((slug) => slug.trim() || []))
  .describe("Only those with one of these tags.")
