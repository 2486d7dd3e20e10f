import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idInBody, timestamp, uuid } from "../http/fields.ts"
import { page } from "../http/page.ts"
import { asOf, difference, type Holding } from "./past.ts"

const holderKind = z.enum(["user", "identity", "group"])
const placeKind = z.enum(["organization", "project", "group"])
const subjectKind = z.enum(["user", "identity", "group", "project"])
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))

const subject = {
  subjectType: subjectKind.describe("Whether it is a user, a machine identity, a group or a project."),
  subjectId: idInBody.describe("The ID of the user, the machine identity, the group or the project."),
}
const part = {
  placeType: placeKind
    .optional()
    .describe("Only what is held in the organization, in projects or in groups."),
  ...page(100, 1_000),
}

const name = z.string().nullable()
const Holding = z.object({
  what: z.enum(["membership", "role", "privilege"]),
  holder: z.object({ type: holderKind, id: uuid, name }),
  place: z.object({ type: placeKind, id: uuid, name }),
  group: z.object({ id: uuid, name }).nullable(),
  role: z.object({ id: uuid, slug: name, name, isChangedSince: z.boolean() }).nullable(),
  privilege: z.object({ id: uuid, slug: name, isChangedSince: z.boolean() }).nullable(),
  since: timestamp,
  until: timestamp.nullable(),
})
const Subject = z.object({ type: subjectKind, id: uuid, name })

const typed = <Kind extends string>({
  kind,
  id,
  name: called,
}: {
  kind: Kind
  id: string
  name: string | null
}) => ({ type: kind, id, name: called })

const changedSince = <Held extends { isChanged: boolean }>({ isChanged, ...held }: Held) => ({
  ...held,
  isChangedSince: isChanged,
})

const present = ({ what, holder, place, group, role, privilege, since, until }: Holding) => ({
  what,
  holder: typed(holder),
  place: typed(place),
  group,
  role: role && changedSince(role),
  privilege: privilege && changedSince(privilege),
  since: since.toISOString(),
  until: until?.toISOString() ?? null,
})

export const pastEndpoints = [
  endpoint("getAccessAsOf", "GET /api/v1/access/as-of", {
    summary: "Tell what somebody had at a time, or who was in a group or a project",
    tags: ["Access"],
    access: "inOrganization",
    isExtension: true,
    query: z.object({
      ...subject,
      at: time.optional().describe("The time that is asked about, which has passed; now unless it is said."),
      ...part,
    }),
    result: z.object({
      at: timestamp,
      subject: Subject.extend({
        isThere: z.boolean(),
        hasAccepted: z.boolean().optional(),
        isActive: z.boolean().nullish(),
      }),
      holdings: z.array(Holding),
      totalCount: z.number().int(),
    }),
    async handle(ctx, { query: { subjectType: kind, subjectId: id, placeType, ...asked } }) {
      const found = await asOf(ctx, { kind, id }, { ...asked, placeKind: placeType })
      const { isThere, hasAccepted, isActive, ...named } = found.subject
      return {
        at: found.at.toISOString(),
        subject: { ...typed(named), isThere, hasAccepted, isActive },
        holdings: found.holdings.map(present),
        totalCount: found.totalCount,
      }
    },
  }),

  endpoint("getAccessDifference", "GET /api/v1/access/difference", {
    summary: "Tell what somebody gained and lost between two times, or a group or a project did",
    tags: ["Access"],
    access: "inOrganization",
    isExtension: true,
    query: z.object({
      ...subject,
      from: time.describe("The first of the two times."),
      to: time.optional().describe("The second of them, which has passed; now unless it is said."),
      ...part,
    }),
    result: z.object({
      from: timestamp,
      to: timestamp,
      subject: Subject,
      changes: z.array(Holding.extend({ change: z.enum(["gained", "lost", "passed"]) })),
      totalCount: z.number().int(),
    }),
    async handle(ctx, { query: { subjectType: kind, subjectId: id, placeType, ...asked } }) {
      const found = await difference(ctx, { kind, id }, { ...asked, placeKind: placeType })
      return {
        from: found.from.toISOString(),
        to: found.to.toISOString(),
        subject: typed(found.subject),
        changes: found.changes.map(({ change, ...holding }) => ({ ...present(holding), change })),
        totalCount: found.totalCount,
      }
    },
  }),
]
