import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idInBody, storableText, timestamp, uuid } from "../http/fields.ts"
import { environmentSlug, pathToRead } from "../http/folder.ts"
import { explain, type Link } from "./explain.ts"

const right = z.object({
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
const actorType = z.enum(["user", "identity"])

const LinkOfChain = z.object({
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

const presentLink = ({ endsAt, rule, ...link }: Link): z.input<typeof LinkOfChain> => ({
  ...link,
  endsAt: endsAt?.toISOString() ?? null,
  ...(rule ? { rule: { ...rule, action: [rule.action].flat(), inverted: rule.inverted ?? false } } : {}),
})

export const explainEndpoints = [
  endpoint("explainAccess", "GET /api/v1/access/explain", {
    summary: "Explain why somebody may do something, or may not",
    tags: ["Access"],
    access: "inOrganization",
    isExtension: true,
    query: right.extend({
      actorType: actorType.describe("Whether it is a user or a machine identity."),
      actorId: idInBody.describe("The ID of the user or the machine identity."),
      at: z.iso
        .datetime({ offset: true })
        .transform((text) => new Date(text))
        .optional()
        .describe("The time that is asked about, which has passed; now unless it is said."),
    }),
    result: z.object({
      allowed: z.boolean(),
      at: timestamp,
      chain: z.array(LinkOfChain),
      missing: z
        .object({
          reason: z.enum([
            "no-place-in-organization",
            "invitation-not-accepted",
            "inactive",
            "no-place-in-project",
            "no-rule",
            "forbidden",
          ]),
          forbiddenBy: z.array(LinkOfChain).optional(),
        })
        .optional(),
    }),
    async handle(ctx, { query: { actorType: kind, actorId: id, ...asked } }) {
      const { allowed, at, chain, missing } = await explain(ctx, { kind, id }, asked)
      return {
        allowed,
        at: at.toISOString(),
        chain: chain.map(presentLink),
        ...(missing
          ? {
              missing: {
                reason: missing.reason,
                ...(missing.reason === "forbidden"
                  ? { forbiddenBy: missing.forbiddenBy.map(presentLink) }
                  : {}),
              },
            }
          : {}),
      }
    },
  }),
]
