import { sql } from "kysely"

/** Where a page lies, counted from the end that is nearer to it. */
export type Slice = {
  /** Which way the statement sorts, so that it begins at that end. */ direction: "asc" | "desc"
  limit: number
  offset: number
}

type Order = "asc" | "desc"

/**
 * The part of a list of `total` rows that is asked for, so that the last page costs what the first one does; absent
 * when nothing lies there. Without a limit it is all the rest. `order` is the order in which the list is answered.
 */
export function sliceOf(
  total: number,
  asked: { limit: number | undefined; offset: number },
  order: Order = "asc",
): Slice | undefined {
  const end = Math.min(total, asked.offset + (asked.limit ?? total))
  const limit = end - asked.offset
  if (limit <= 0) return undefined
  const isNearStart = asked.offset <= total - end
  return isNearStart
    ? { direction: order, limit, offset: asked.offset }
    : { direction: order === "asc" ? "desc" : "asc", limit, offset: total - end }
}

/**
 * For `modifyFront` of a statement whose best plan depends on its values, such as how big a group is: it is planned
 * each time, which takes half a millisecond.
 */
export const plannedAnew = sql`/* planned anew */`
export const isPlannedAnew = (text: string): boolean => text.includes("/* planned anew */")
