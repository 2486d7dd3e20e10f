import { z } from "zod"

/* From when until when somebody is in a group. */

const latest = Date.UTC(10_000, 0, 1)

const time = z.iso
  .datetime({ offset: true })
  .max(64)
  .refine((text) => Date.parse(text) < latest, { error: "Must be a time before the year 10000" })
  .transform((text) => new Date(text))

export const membershipDates = {
  from: time.optional().describe("From when; from now on when left out."),
  until: time
    .nullable()
    .optional()
    .describe("Until when: null for no end, and for as long as the group says when left out."),
}

type Sent = { from?: Date | undefined; until?: Date | null | undefined }

export const endsAfterItBegins: [(sent: Sent) => boolean, { error: string; path: string[] }] = [
  ({ from, until }) => !from || !until || until > from,
  { error: "Must be after the beginning", path: ["until"] },
]

/** What adding one member may bring. */
export const MembershipDates = z.object(membershipDates).refine(...endsAfterItBegins)
