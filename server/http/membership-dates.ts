import { z } from "zod"
import { timestamp } from "./fields.ts"

/* From when until when somebody is in a group. */

const latest = Date.UTC(10_000, 0, 1)

/** A time that is sent: ISO 8601 with an offset. */
export const sentTime = z.iso
  .datetime({ offset: true })
  .max(64)
  .refine((text) => Date.parse(text) < latest, { error: "Must be a time before the year 10000" })
  .transform((text) => new Date(text))

export const membershipDates = {
  from: sentTime.optional().describe("From when; from now on when left out."),
  until: sentTime
    .nullable()
    .optional()
    .describe("Until when: null for no end, and for as long as the group says when left out."),
}

type Sent = { from?: Date | null | undefined; until?: Date | null | undefined }

export const endsAfterItBegins: [(sent: Sent) => boolean, { error: string; path: string[] }] = [
  ({ from, until }) => !from || !until || until > from,
  { error: "Must be after the beginning", path: ["until"] },
]

/** What adding one member may bring. */
export const MembershipDates = z.object(membershipDates).refine(...endsAfterItBegins)

/** What changing one may bring: what is left out stays. */
export const ChangedDates = z
  .object({
    from: sentTime
      .nullable()
      .optional()
      .describe("From when, for one that has not begun; null to begin it at once."),
    until: sentTime.nullable().optional().describe("Until when; null for no end."),
  })
  .refine(...endsAfterItBegins)

/** The time of a membership, and whose say it is. */
export const MembershipTime = z.object({
  validFrom: timestamp,
  validUntil: timestamp.nullable(),
  sources: z.array(z.string()),
})

type Stored = { valid_from: Date; valid_until: Date | null; sources: string[] }
export const presentTime = (time: Stored): z.input<typeof MembershipTime> => ({
  validFrom: time.valid_from.toISOString(),
  validUntil: time.valid_until?.toISOString() ?? null,
  sources: time.sources,
})
