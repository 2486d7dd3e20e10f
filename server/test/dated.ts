import type { Interval } from "./oracle.ts"
import type { Choices } from "./random-rights.ts"

/*
 * Memberships and grants of every age, for tests that write them straight into the database. All are hours away from
 * `now`, so that it does not matter how long a test takes.
 */

const [hour, day] = [3_600_000, 86_400_000]

/** An interval that is to come, over, closed before or after its end, or lasting. */
export function interval(choices: Choices, now: number): Interval {
  const from = now - (1 + choices.below(3)) * day
  switch (choices.below(16)) {
    case 0:
      return { from: now + day, until: null, isClosed: false }
    case 1:
      return { from, until: now - hour, isClosed: false }
    case 2:
      return { from, until: now - hour, isClosed: true }
    case 3:
      return { from, until: now + day, isClosed: true }
    case 4:
      return { from, until: now + day, isClosed: false }
    default:
      return { from, until: null, isClosed: false }
  }
}

/** An interval as every dated table has it. */
export const columnsOf = ({ from, until, isClosed }: Interval) => ({
  valid_from: new Date(from),
  valid_until: until === null ? null : new Date(until),
  is_closed: isClosed,
})

export type Dated<T> = { made: T; when: Interval }

/** At most so many of these with intervals, of which one of each name may be open. */
export function dated<T>(
  { choices, now }: { choices: Choices; now: number },
  most: number,
  make: () => T,
  nameOf: (made: T) => unknown,
): Dated<T>[] {
  const open = new Set<unknown>()
  return choices
    .list(most, () => ({ made: make(), when: interval(choices, now) }))
    .filter(({ made, when }) => {
      if (when.isClosed) return true
      if (open.has(nameOf(made))) return false
      open.add(nameOf(made))
      return true
    })
}
