import { z } from "zod"
import { actorType, LinkOfChain, presentLink, right } from "../http/chain.ts"
import { endpoint } from "../http/endpoint.ts"
import { idInBody, storableText, timestamp, uuid } from "../http/fields.ts"
import { limit } from "../http/page.ts"
import { compare, type Compare, type Compared, type Sourced } from "./compare.ts"
import { explain } from "./explain.ts"
import { whoCan, type AbleActor } from "./who-can.ts"

const AbleActorShown = z.object({
  actorType,
  id: uuid,
  name: z.string(),
  endsAt: timestamp.nullable(),
  sources: z.array(z.array(LinkOfChain)),
  sourceCount: z.number().int(),
})

const present = ({ kind, endsAt, sources, ...actor }: AbleActor): z.input<typeof AbleActorShown> => ({
  ...actor,
  actorType: kind,
  endsAt: endsAt?.toISOString() ?? null,
  sources: sources.map((chain) => chain.map(presentLink)),
})

/** Paths of one environment that are shown of each effect. */
const mostPaths = 20

const ActorCompared = z.object({
  actorType,
  id: uuid,
  name: z.string(),
  missing: z
    .enum(["no-place-in-organization", "invitation-not-accepted", "inactive", "no-place-in-project"])
    .optional(),
})
const Effect = z.object({
  subject: z.string(),
  action: z.string(),
  environments: z
    .array(z.object({ environment: z.string(), paths: z.array(z.string()), pathCount: z.number().int() }))
    .optional(),
})
const EffectByChain = Effect.extend({ chain: z.array(LinkOfChain) })

const presentActor = ({ kind, id, name, hindrance }: Compared): z.input<typeof ActorCompared> => ({
  actorType: kind,
  id,
  name,
  ...(hindrance ? { missing: hindrance } : {}),
})

function presentEffect({ subject, action, folders }: Compare["both"][number]): z.input<typeof Effect> {
  if (!folders) return { subject, action }
  const environments = [...Map.groupBy(folders, ({ environment }) => environment)].map(
    ([environment, found]) => ({
      environment,
      paths: found.slice(0, mostPaths).map(({ path }) => path),
      pathCount: found.length,
    }),
  )
  return { subject, action, environments }
}

const presentSourced = ({ chain, ...effect }: Sourced): z.input<typeof EffectByChain> => ({
  ...presentEffect(effect),
  chain: chain.map(presentLink),
})

export const explainEndpoints = [
  endpoint("listWhoCan", "GET /api/v1/access/who-can", {
    summary: "List who may do something, and by what",
    tags: ["Access"],
    access: "inOrganization",
    isExtension: true,
    query: right.extend({
      actorType: actorType
        .optional()
        .describe("People or machine identities alone; both unless it is said, as far as you may read them."),
      search: storableText.max(255).optional().describe("A part of the name."),
      limit: limit(100).default(50).describe("How many to answer at most."),
      cursor: storableText.max(2_000).optional().describe("The nextCursor of the page before."),
    }),
    result: z.object({
      actorTypes: z.array(actorType),
      actors: z.array(AbleActorShown),
      nextCursor: z.string().nullable(),
    }),
    async handle(ctx, { query: { actorType: kind, ...asked } }) {
      const { actors, kinds, nextCursor } = await whoCan(ctx, {
        ...asked,
        kinds: kind ? [kind] : ["user", "identity"],
      })
      return { actorTypes: kinds, actors: actors.map(present), nextCursor }
    },
  }),
  endpoint("compareAccess", "GET /api/v1/access/compare", {
    summary: "Compare what two may do",
    tags: ["Access"],
    access: "inOrganization",
    isExtension: true,
    query: z.object({
      actorType: actorType.describe("Whether the one is a user or a machine identity."),
      actorId: idInBody.describe("The ID of the one."),
      otherType: actorType.describe("Whether the other is a user or a machine identity."),
      otherId: idInBody.describe("The ID of the other."),
      projectId: idInBody
        .optional()
        .describe(
          "The ID of the project to compare them in; without it, they are compared in the organization.",
        ),
    }),
    result: z.object({
      actor: ActorCompared,
      other: ActorCompared,
      actorOnly: z.array(EffectByChain),
      otherOnly: z.array(EffectByChain),
      both: z.array(Effect),
      mayDiffer: z.array(z.string()),
      folders: z.object({ count: z.number().int(), isAll: z.boolean() }).optional(),
    }),
    async handle(ctx, { query: { actorType: kind, actorId, otherType, otherId, projectId } }) {
      const compared = await compare(ctx, {
        one: { kind, id: actorId },
        other: { kind: otherType, id: otherId },
        projectId,
      })
      return {
        actor: presentActor(compared.one),
        other: presentActor(compared.other),
        actorOnly: compared.onlyOne.map(presentSourced),
        otherOnly: compared.onlyOther.map(presentSourced),
        both: compared.both.map(presentEffect),
        mayDiffer: compared.mayDiffer,
        ...(compared.folders ? { folders: compared.folders } : {}),
      }
    },
  }),
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
