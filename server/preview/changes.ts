import { difference, isAnything, type Difference } from "./difference.ts"
import { keyOf, type Holder } from "./holders.ts"
import { nothing, type Held, type Hindrance, type Standing, type Standings } from "./standings.ts"

/*
 * Whose rights are others after a change than before it, gathered by place and by what changes: those to whom the same
 * happens are one entry.
 */

/** When it shows: for whoever has not accepted an invitation, or is inactive, not before that changes. */
export type When = "now" | "when-accepted" | "when-active"

export type Change = {
  /** Absent in the organization itself. */ projectId: string | undefined
  membership: "kept" | "gained" | "lost"
  when: When
  before: Held
  after: Held
  difference: Difference
  holders: Standing[]
}

/** What became of each of them, from the one moment to the other. */
export function changesBetween(before: Standings, after: Standings, compared: readonly Holder[]): Change[] {
  const changes = new Map<string, Change>()
  for (const holder of compared) {
    const sides = { before: before.get(keyOf(holder)), after: after.get(keyOf(holder)) }
    const shown = sides.after ?? sides.before
    if (!shown) continue
    const projectIds = new Set([
      ...(sides.before?.projects.keys() ?? []),
      ...(sides.after?.projects.keys() ?? []),
    ])
    for (const projectId of [undefined, ...projectIds]) {
      const change = changeAt(sides.before, sides.after, projectId)
      if (!change) continue
      const { membership, when } = change
      const key = [projectId ?? "", membership, when, change.before.rights.number, change.after.rights.number]
      const entry = changes.get(key.join(" ")) ?? { ...change, holders: [] }
      changes.set(key.join(" "), entry)
      entry.holders.push(shown)
    }
  }
  return [...changes.values()]
}

const hindranceOf = (standing: Standing | undefined): Hindrance => standing?.hindrance ?? "absent"

function changeAt(
  standingBefore: Standing | undefined,
  standingAfter: Standing | undefined,
  projectId: string | undefined,
): Omit<Change, "holders"> | undefined {
  const heldOf = (standing: Standing | undefined) =>
    projectId === undefined ? standing?.organization : standing?.projects.get(projectId)
  const hindrances = [hindranceOf(standingBefore), hindranceOf(standingAfter)] as const
  // Where rights count neither before nor after, it is told what they will be when they do.
  const isLater = !hindrances.includes("none")
  const countedOf = (standing: Standing | undefined): Held =>
    (isLater || hindranceOf(standing) === "none" ? heldOf(standing) : undefined) ?? nothing
  const membership = membershipOf(
    projectId === undefined ? standingBefore : heldOf(standingBefore),
    projectId === undefined ? standingAfter : heldOf(standingAfter),
  )
  const [before, after] = [countedOf(standingBefore), countedOf(standingAfter)]
  if (before.rights === after.rights && membership === "kept") return undefined
  const made = difference(before.rights, after.rights, projectId === undefined ? "organization" : "project")
  if (!isAnything(made) && membership === "kept") return undefined
  return { projectId, membership, when: whenOf(hindrances, isLater), before, after, difference: made }
}

/** Being in a place at all is a right of its own. */
function membershipOf(before: unknown, after: unknown): Change["membership"] {
  if (before && !after) return "lost"
  return after && !before ? "gained" : "kept"
}

function whenOf([before, after]: readonly [Hindrance, Hindrance], isLater: boolean): When {
  if (!isLater) return "now"
  return (after === "absent" ? before : after) === "invited" ? "when-accepted" : "when-active"
}
