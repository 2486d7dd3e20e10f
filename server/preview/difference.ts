import type { Rights } from "../access/can.ts"
import { missingFrom } from "../access/covers.ts"
import { areNarrowed, liesInFolders, permissionTo, rulesAbout, type Folder } from "../access/effective.ts"
import type { Rule } from "../access/roles.ts"
import { organizationActions, projectActions } from "../access/vocabulary.ts"

/*
 * What one set of rights allows that another does not. It asks the rights themselves, as requests do.
 */

/** Actions on a subject; in some folders of an environment where it is not the same in all of them. */
export type Access = { subject: string; actions: string[]; environment?: string; paths?: string[] }
export type Difference = {
  gained: Access[]
  lost: Access[]
  /** About what else the rules changed in a way that shows only on particular things, such as one secret by its name. */
  mayDiffer: string[]
}

type Actions = Readonly<Record<string, readonly string[]>>
const organization: Actions = organizationActions
const project: Actions = projectActions

/** Of the actions those that the second allows and the first does not; without an object, whether for any at all. */
function allowedBeyond(
  before: Rights,
  after: Rights,
  [subject, actions]: readonly [string, readonly string[]],
  object?: Record<string, unknown>,
): string[] {
  return actions.filter((action) => {
    const permission = permissionTo(action, subject)
    return after.can(permission, object) && !before.can(permission, object)
  })
}

/** Whether each surely allows the same about the subject as the other; no where that cannot be proved. */
const areSurelyAlike = (one: readonly Rule[], other: readonly Rule[]): boolean =>
  JSON.stringify(one) === JSON.stringify(other) ||
  (!isForbidding(one) &&
    !isForbidding(other) &&
    missingFrom(one, other).length === 0 &&
    missingFrom(other, one).length === 0)
const isForbidding = (rules: readonly Rule[]): boolean => rules.some(({ inverted }) => inverted === true)

const known = new Map<string, Difference>()
const maxKnown = 1_000

/** The difference where it is the same for all things of a kind; what lies in folders apart where rules are narrowed. */
export function difference(before: Rights, after: Rights, place: "organization" | "project"): Difference {
  const key = `${place} ${before.number} ${after.number}`
  const found = known.get(key)
  if (found) return found
  if (known.size >= maxKnown) known.clear()
  const made: Difference = { gained: [], lost: [], mayDiffer: [] }
  for (const entry of Object.entries(place === "project" ? project : organization)) {
    const [subject] = entry
    const [rulesBefore, rulesAfter] = [rulesAbout(before, subject), rulesAbout(after, subject)]
    const isNarrowed = areNarrowed([...rulesBefore, ...rulesAfter])
    if (isNarrowed && !areSurelyAlike(rulesBefore, rulesAfter)) made.mayDiffer.push(subject)
    if (isNarrowed && liesInFolders.has(subject)) continue
    const [gained, lost] = [allowedBeyond(before, after, entry), allowedBeyond(after, before, entry)]
    if (gained.length > 0) made.gained.push({ subject, actions: gained })
    if (lost.length > 0) made.lost.push({ subject, actions: lost })
  }
  known.set(key, made)
  return made
}

/** Whether there is a difference, or may be one. */
export const isAnything = ({ gained, lost, mayDiffer }: Difference): boolean =>
  gained.length + lost.length + mayDiffer.length > 0

/** Whether folders have to be looked at to tell it. */
export const isInFolders = ({ mayDiffer }: Difference): boolean =>
  mayDiffer.some((subject) => liesInFolders.has(subject))

/** The difference in what lies in folders, as for one thing without a name or tags in each, where rules are narrowed. */
export function differenceIn(
  before: Rights,
  after: Rights,
  subjects: readonly string[],
  folders: readonly Folder[],
): Pick<Difference, "gained" | "lost"> {
  const entries = Object.entries(project).filter(
    ([subject]) => liesInFolders.has(subject) && subjects.includes(subject),
  )
  const made = { gained: new Map<string, Access>(), lost: new Map<string, Access>() }
  const add = (to: Map<string, Access>, subject: string, actions: string[], folder: Folder): void => {
    if (actions.length === 0) return
    const { environment, path } = folder
    const key = [subject, environment, ...actions].join(" ")
    const access = to.get(key) ?? { subject, actions, environment, paths: [] }
    to.set(key, access)
    access.paths?.push(path)
  }
  for (const folder of folders) {
    const object = { environment: folder.environment, secretPath: folder.path }
    for (const entry of entries) {
      add(made.gained, entry[0], allowedBeyond(before, after, entry, object), folder)
      add(made.lost, entry[0], allowedBeyond(after, before, entry, object), folder)
    }
  }
  return { gained: [...made.gained.values()], lost: [...made.lost.values()] }
}
