import type { Queries } from "../db/database.ts"
import type { Mailer } from "../mail/mailer.ts"
import { membershipEndMail } from "../mail/membership.ts"
import { keepDoing, type Pace, type Repeating } from "../repeating.ts"
import * as store from "./notices.store.ts"

/*
 * People are told by mail before a membership of theirs ends. Nothing depends on it: the end comes by itself. Each end is
 * told once, however many servers there are; one that is cut off between marking and sending leaves it untold.
 */

export type Telling = { db: Queries; mailer: Mailer; /** How long before the end. */ days: number }

const atOnce = 50

/** Tells of some ends that are near. Returns how many there were; throws when mail cannot be sent, to be tried again. */
export async function tellOfEnds({ db, mailer, days }: Telling): Promise<number> {
  const ending = await store.claimEnding(db, days, atOnce)
  for (const [index, { email, group_name, organization_name, valid_until }] of ending.entries()) {
    if (email === null) continue
    try {
      await mailer.send(
        membershipEndMail({
          to: email,
          group: group_name,
          organization: organization_name,
          until: valid_until,
        }),
      )
    } catch (error) {
      await store.giveBack(db, ending.slice(index))
      throw error
    }
  }
  return ending.length
}

/** Tells of ends by itself, every now and then, until it is stopped. What fails is tried again the next time. */
export const keepTelling = (telling: Telling, pace: Pace): Repeating =>
  keepDoing(async (signal) => {
    while (!signal.aborted && (await tellOfEnds(telling)) > 0);
  }, pace)
