import type { Rights } from "./can.ts"
import type { Rule } from "./roles.ts"
import { organizationActions, projectActions, type Permission } from "./vocabulary.ts"

/*
 * What rights come to, for all that may be done and all places that there are: what each of two may do beside the other.
 * It asks the rights themselves, as requests do.
 */

/** A folder of an environment. */
export type Folder = { environment: string; path: string }
/** Something that may be done: in these folders, or without any wherever it may be done. */
export type Effect = { subject: string; action: string; folders?: readonly Folder[] }
export type Comparison = {
  onlyOne: Effect[]
  onlyOther: Effect[]
  both: Effect[]
  /** Subjects about which the rules differ in what shows on particular things alone, such as one secret by its name. */
  mayDiffer: string[]
}

/** What is judged by the environment and the folder that it lies in. */
export const liesInFolders: ReadonlySet<string> = new Set([
  "secrets",
  "secret-folders",
  "secret-imports",
  "dynamic-secrets",
  "secret-syncs",
  "secret-rotation",
])

export const permissionTo = (action: string, subject: string): Permission =>
  // Actions and subjects are those of the lists, whose pairs the type names.
  [action, subject] as unknown as Permission

/**
 * Two rights beside each other, in the organization or in a project with these folders. Where rules are narrowed, what
 * lies in folders is judged in each of them, as for one thing without a name or tags; all else as whether it may be done
 * to any thing at all.
 */
export function compareRights(
  one: Rights,
  other: Rights,
  folders: readonly Folder[] | undefined,
): Comparison {
  const compared: Comparison = { onlyOne: [], onlyOther: [], both: [], mayDiffer: [] }
  const subjects: Readonly<Record<string, readonly string[]>> = folders ? projectActions : organizationActions
  for (const [subject, actions] of Object.entries(subjects)) {
    const [ofOne, ofOther] = [rulesAbout(one, subject), rulesAbout(other, subject)]
    const isNarrowed = areNarrowed([...ofOne, ...ofOther])
    if (isNarrowed && JSON.stringify(ofOne) !== JSON.stringify(ofOther)) compared.mayDiffer.push(subject)
    const places =
      isNarrowed && folders && folders.length > 0 && liesInFolders.has(subject) ? folders : undefined
    for (const action of actions) {
      if (places) addInFolders(compared, [one, other], { subject, action }, places)
      else add(compared, [one, other], { subject, action })
    }
  }
  return compared
}

/** What of somebody's rules speaks of a subject. */
export const rulesAbout = ({ rules }: Rights, subject: string): Rule[] =>
  rules.filter((rule) => rule.subject === subject)

/** Whether one of them is for some things only. */
export const areNarrowed = (rules: readonly Rule[]): boolean =>
  rules.some(({ conditions }) => Object.keys(conditions ?? {}).length > 0)

type Pair = readonly [Rights, Rights]
type Asked = { subject: string; action: string }
type Side = "onlyOne" | "onlyOther" | "both"

/** Who of both may do it, or undefined where neither may. */
function sideOf([one, other]: Pair, { subject, action }: Asked, folder?: Folder): Side | undefined {
  const object = folder && { environment: folder.environment, secretPath: folder.path }
  const permission = permissionTo(action, subject)
  const [mayOne, mayOther] = [one.can(permission, object), other.can(permission, object)]
  if (mayOne) return mayOther ? "both" : "onlyOne"
  return mayOther ? "onlyOther" : undefined
}

function add(compared: Comparison, pair: Pair, asked: Asked): void {
  const side = sideOf(pair, asked)
  if (side) compared[side].push(asked)
}

function addInFolders(compared: Comparison, pair: Pair, asked: Asked, folders: readonly Folder[]): void {
  for (const [side, found] of Map.groupBy(folders, (folder) => sideOf(pair, asked, folder)))
    if (side) compared[side].push({ ...asked, folders: found })
}
