import { z } from "zod"
import { idInBody, storableText, timestamp, uuid } from "./fields.ts"
import { environmentSlug, pathToRead } from "./folder.ts"

/** A right that is asked about, as it is named in a query. */
export const right = z.object({
  projectId: idInBody
    .optional()
    .describe("The ID of the project that the right is in; without it, it is one in the organization."),
  environment: environmentSlug.optional(),
  secretPath: pathToRead
    .optional()
    .describe("The path of the folder in the environment; / unless it is said."),
  subject: storableText.max(64).describe("What the right is about, such as secrets or member."),
  action: storableText.max(64).describe("What is to be done, such as read."),
})

export const actorType = z.enum(["user", "identity"])

/** A step of the way to a right, from its holder to the rule that decides. */
export const LinkOfChain = z.object({
  kind: z.enum(["user", "identity", "group", "project-membership", "role", "privilege"]),
  id: uuid,
  name: z.string().nullable(),
  endsAt: timestamp.nullable(),
  rule: z
    .object({
      subject: z.string(),
      action: z.array(z.string()),
      conditions: z.unknown().optional(),
      inverted: z.boolean(),
    })
    .optional(),
})

type Link = Omit<z.input<typeof LinkOfChain>, "endsAt" | "rule"> & {
  endsAt: Date | null
  rule?: { subject: string; action: string | string[]; conditions?: unknown; inverted?: boolean }
}

export const presentLink = ({ endsAt, rule, ...link }: Link): z.input<typeof LinkOfChain> => ({
  ...link,
  endsAt: endsAt?.toISOString() ?? null,
  ...(rule ? { rule: { ...rule, action: [rule.action].flat(), inverted: rule.inverted ?? false } } : {}),
})
