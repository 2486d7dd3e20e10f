/*
 * Whether answers that clients got at the same time can be explained by one order of what they asked for: every
 * request takes effect at one moment between its beginning and its answer, and what nobody knows the outcome of takes
 * effect at one later moment, or never.
 */

/** One request about whether somebody is in a group. */
export type Operation = {
  kind: "add" | "remove" | "read"
  /** Its place among all beginnings and answers of the history. */ begun: number
  /** The place of its answer. Absent: nobody knows whether it was done. */ answered?: number
  /** What held just before it took effect, as its answer says. */ found: boolean
}

/** What holds at one moment of one order that explains everything so far. */
type Moment = {
  isIn: boolean
  /** Bits of requests under way that have taken effect. */ done: number
  /** How many of unknown outcome have taken effect: those of one kind are all alike. */ lateAdds: number
  lateRemoves: number
}

type UnderWay = { slots: (Operation | undefined)[]; adds: number; removes: number }

// A number has 32 bits, of which the last is the sign.
const maxUnderWay = 31

const keyOf = ({ isIn, done, lateAdds, lateRemoves }: Moment): string =>
  `${isIn} ${done} ${lateAdds} ${lateRemoves}`

const leaves = ({ kind, found }: Operation): boolean => (kind === "read" ? found : kind === "add")

/**
 * The first request whose answer no order explains; undefined when one explains them all. All requests are about the
 * same person and group, and nobody was in it before.
 */
export function unexplained(operations: readonly Operation[]): Operation | undefined {
  const events = operations
    .flatMap((operation) => [
      { at: operation.begun, operation, isAnswer: false },
      { at: operation.answered ?? Infinity, operation, isAnswer: true },
    ])
    .filter(({ at }) => at !== Infinity)
    .toSorted((a, b) => a.at - b.at)
  const underWay: UnderWay = { slots: [], adds: 0, removes: 0 }
  let moments: Moment[] = [{ isIn: false, done: 0, lateAdds: 0, lateRemoves: 0 }]
  for (const { operation, isAnswer } of events) {
    if (!isAnswer) {
      begin(underWay, operation)
      continue
    }
    const slot = underWay.slots.indexOf(operation)
    const bit = 1 << slot
    moments = reachable(moments, underWay).filter(({ done }) => (done & bit) !== 0)
    if (moments.length === 0) return operation
    for (const moment of moments) moment.done &= ~bit
    underWay.slots[slot] = undefined
  }
  return undefined
}

function begin(underWay: UnderWay, operation: Operation): void {
  if (operation.answered === undefined) {
    if (operation.kind === "add") underWay.adds++
    if (operation.kind === "remove") underWay.removes++
    return
  }
  const free = underWay.slots.indexOf(undefined)
  const slot = free < 0 ? underWay.slots.length : free
  if (slot >= maxUnderWay) throw new Error(`More than ${maxUnderWay} requests about the same at once.`)
  underWay.slots[slot] = operation
}

/** These moments, and all that come of them when some of what is under way takes effect in some order. */
function reachable(from: readonly Moment[], { slots, adds, removes }: UnderWay): Moment[] {
  const seen = new Map<string, Moment>()
  const open = [...from]
  for (let moment = open.pop(); moment; moment = open.pop()) {
    const key = keyOf(moment)
    if (seen.has(key)) continue
    seen.set(key, moment)
    for (const [slot, operation] of slots.entries()) {
      const bit = 1 << slot
      if (!operation || (moment.done & bit) !== 0 || operation.found !== moment.isIn) continue
      open.push({ ...moment, isIn: leaves(operation), done: moment.done | bit })
    }
    // One that changes nothing may as well never be done.
    if (!moment.isIn && moment.lateAdds < adds)
      open.push({ ...moment, isIn: true, lateAdds: moment.lateAdds + 1 })
    if (moment.isIn && moment.lateRemoves < removes)
      open.push({ ...moment, isIn: false, lateRemoves: moment.lateRemoves + 1 })
  }
  return [...seen.values()]
}
