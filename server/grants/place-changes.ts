import type { Granted } from "../access/boundary.ts"
import type { Queries } from "../db/database.ts"
import * as store from "./place-changes.store.ts"

export type { Interval, OpenPlace } from "./place-changes.store.ts"
type Pair = store.Pair

/** Somebody's place in a group that is not over, held until the transaction ends; absent when there is none. */
export const holdPlace = (db: Queries, pair: Pair): Promise<store.OpenPlace | undefined> =>
  store.lockPlace(db, pair)

/**
 * Has a place in a group begin or end at another time, in the same interval, so that what hangs on it stays: absent when
 * it is over, or has begun already.
 */
export const moveInGroup = (
  db: Queries,
  _granted: Granted,
  pair: Pair,
  { place, to }: { place: store.OpenPlace; to: store.Interval },
): Promise<store.OpenPlace | undefined> => store.moveInterval(db, pair, place.id, to)
