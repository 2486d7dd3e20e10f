import assert from "node:assert/strict"
import { projectActions, organizationActions, type Permission } from "../access/vocabulary.ts"
import type { Rights } from "../access/can.ts"
import { standingOf, type Standing } from "../explain/standing.ts"
import type { OracleRule } from "./oracle.ts"
import type { Harness } from "./harness.ts"
import type { World } from "./preview-worlds.ts"
import { randomQuestion } from "./random-project-rules.ts"
import type { Choices } from "./random-rights.ts"

/*
 * What a preview says against what the act then does: everybody's effective access before and after, as explanations
 * read it, one by one and not by what the preview reads.
 */

type Held = { standing: Standing | undefined; isAt: boolean }
/** By holder and project, or "" for the organization. */
export type Snapshot = Map<string, Held>

const keyOf = (id: string, projectId: string): string => `${id} ${projectId}`

/** Where everybody stands, in the organization and in every project. */
export async function snapshot({ db }: Harness, world: World): Promise<Snapshot> {
  const taken: Snapshot = new Map()
  for (const { kind, id } of world.holders) {
    for (const projectId of ["", ...world.projects.map((each) => each.id)]) {
      const place = { orgId: world.orgId, ...(projectId ? { projectId } : {}) }
      const standing = await standingOf(db, { kind, id }, place)
      const hindrance = standing?.hindrance
      const isAt = standing !== undefined && hindrance === undefined
      taken.set(keyOf(id, projectId), { standing, isAt })
    }
  }
  return taken
}

type Access = { subject: string; actions: string[]; environment?: string | null; secretPaths?: string[] }
export type Change = {
  project: { id: string } | null
  membership: "kept" | "gained" | "lost"
  when: string
  gained: Access[]
  lost: Access[]
  mayDiffer: string[]
  people: { count: number; shown: { id: string }[] }
  machineIdentities: { count: number; shown: { id: string }[] }
}

const folderSubjects = new Set([
  "secrets",
  "secret-folders",
  "secret-imports",
  "dynamic-secrets",
  "secret-syncs",
  "secret-rotation",
])

/** Everything that is allowed, a text each. */
function allowed(rights: Rights, projectId: string, world: World): Set<string> {
  const found = new Set<string>()
  const actions: Readonly<Record<string, readonly string[]>> = projectId
    ? projectActions
    : organizationActions
  for (const [subject, all] of Object.entries(actions)) {
    for (const action of all) {
      const permission = [action, subject] as unknown as Permission
      if (!projectId || !folderSubjects.has(subject)) {
        if (rights.can(permission)) found.add(`${subject} ${action}`)
        continue
      }
      for (const { environment, path } of world.foldersOf(projectId))
        if (rights.can(permission, { environment, secretPath: path }))
          found.add(`${subject} ${action} ${environment} ${path}`)
    }
  }
  return found
}

/** The same of what a preview lists. */
function listed(all: readonly Access[], projectId: string, world: World): string[] {
  return all.flatMap(({ subject, actions, environment, secretPaths }) =>
    actions.flatMap((action) => {
      if (!projectId || !folderSubjects.has(subject)) return [`${subject} ${action}`]
      const folders = world.foldersOf(projectId)
      const meant = environment
        ? folders.filter((folder) => folder.environment === environment && secretPaths?.includes(folder.path))
        : folders
      return meant.map((folder) => `${subject} ${action} ${folder.environment} ${folder.path}`)
    }),
  )
}

const without = (one: Set<string>, other: Set<string>): string[] =>
  [...one].filter((each) => !other.has(each)).toSorted()
const nothing = new Set<string>()

type Seen = { before: Snapshot; after: Snapshot; changes: readonly Change[] }

/** Where the preview has said something else than what came of it, in words. */
export function mistakes(world: World, choices: Choices, { before, after, changes }: Seen): string[] {
  const found: string[] = []
  for (const { kind, id } of world.holders) {
    for (const projectId of ["", ...world.projects.map((each) => each.id)]) {
      const [one, other] = [before.get(keyOf(id, projectId)), after.get(keyOf(id, projectId))]
      const change = changes.find(
        ({ project, people, machineIdentities }) =>
          (project?.id ?? "") === projectId &&
          (kind === "user" ? people : machineIdentities).shown.some((each) => each.id === id),
      )
      const say = (what: string): void =>
        void found.push(`${kind} ${id} in ${projectId || "the organization"}: ${what}`)
      if (change && change.when !== "now") {
        if (one?.isAt || other?.isAt) say(`it counts at once, and is said to be ${change.when}`)
        continue
      }
      compare({ world, choices, projectId, change, say }, one, other)
    }
  }
  return found
}

type Compared = {
  world: World
  choices: Choices
  projectId: string
  change: Change | undefined
  say: (what: string) => void
}

function compare({ world, choices, projectId, change, say }: Compared, one?: Held, other?: Held): void {
  const allowedTo = (held: Held | undefined) =>
    held?.isAt && held.standing ? allowed(held.standing.rights, projectId, world) : nothing
  const [had, has] = [allowedTo(one), allowedTo(other)]
  const said = {
    gained: listed(change?.gained ?? [], projectId, world).toSorted(),
    lost: listed(change?.lost ?? [], projectId, world).toSorted(),
  }
  const done = { gained: without(has, had), lost: without(had, has) }
  for (const way of ["gained", "lost"] as const) {
    if (JSON.stringify(said[way]) !== JSON.stringify(done[way]))
      say(`said to be ${way}: ${said[way].join(", ")}; was: ${done[way].join(", ")}`)
  }
  if (!one?.isAt || !other?.isAt || !one.standing || !other.standing) return
  if (projectId) compareThings({ choices, change, say }, one.standing, other.standing)
}

/** What is asked about particular things may differ only where the preview says that it may. */
function compareThings(
  { choices, change, say }: Pick<Compared, "choices" | "change" | "say">,
  one: Standing,
  other: Standing,
): void {
  const rules = [...one.rights.rules, ...other.rights.rules] as OracleRule[]
  if (rules.length === 0) return
  const named = { id: one.holder.id, username: one.holder.username, metadata: {} }
  for (let left = 8; left > 0; left--) {
    const { action, subject, thing } = randomQuestion(choices, rules, named)
    const permission = [action, subject] as unknown as Permission
    if (one.rights.can(permission, thing) === other.rights.can(permission, thing)) continue
    const isSaid =
      change?.mayDiffer.includes(subject) ||
      [...(change?.gained ?? []), ...(change?.lost ?? [])].some(
        (access) => access.subject === subject && access.actions.includes(action),
      )
    if (!isSaid) say(`${action} on ${subject} of ${JSON.stringify(thing)} differs, and is not said to`)
  }
}

/** Which projects nobody administers any more who did before, as everybody stands. */
export function leftWithoutAdmin(world: World, before: Snapshot, after: Snapshot): string[] {
  const hasAdmin = (taken: Snapshot, projectId: string): boolean =>
    world.holders.some(({ id }) => {
      const held = taken.get(keyOf(id, projectId))
      return held?.isAt === true && held.standing?.held.some(({ key }) => key === "admin") === true
    })
  return world.projects
    .flatMap(({ id }) => (hasAdmin(before, id) && !hasAdmin(after, id) ? [id] : []))
    .toSorted()
}

export const assertNone = (found: readonly string[], what: string): void =>
  assert.deepEqual(found, [], `${what}:\n${found.join("\n")}`)
