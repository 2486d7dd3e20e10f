import type { Affected } from "../access/affected.ts"
import type { Folder } from "../access/effective.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../db/database.ts"
import { changesBetween, type Change, type When } from "./changes.ts"
import { differenceIn, isInFolders } from "./difference.ts"
import { distinct, holdersOf, scopeOf, type Holder, type Kind, type Place, type Scope } from "./holders.ts"
import { lastAdmins, type LastAdmins } from "./last-admins.ts"
import * as store from "./preview.store.ts"
import {
  shownAccess,
  shownHolders,
  viewerOf,
  type NamedProject,
  type ShownAccess,
  type ShownHolders,
  type Viewer,
} from "./shown.ts"
import { standingsOf, type Standings } from "./standings.ts"

/*
 * What a change of access would come to. The act itself is done, with all its rules, and what those who are affected may
 * do is read behind it; then the transaction comes back to before the act, and the same is read there. Nobody but this
 * transaction ever sees what was done in it.
 */

/** To some people and machine identities the same happens in one place. */
export type ShownChange = {
  /** Null in the organization itself. */ project: NamedProject | null
  membership: Change["membership"]
  when: When
  gained: ShownAccess[]
  lost: ShownAccess[]
  mayDiffer: string[]
  people: ShownHolders
  machineIdentities: ShownHolders
}

export type Preview = {
  /** What the act would answer; what it would make has ids that are never given again. */ answer: unknown
  /** Whose rights change, of how many who were looked at. */
  people: { affected: number; compared: number; total: number }
  machineIdentities: { affected: number; compared: number; total: number }
  changes: ShownChange[]
  /** How many changes there are beyond those that are listed. */ unlisted: number
  /** Changes in projects that the caller is not in. */ elsewhere: { projects: number; changes: number }
  lastAdmin: LastAdmins
  /** Whether everybody who is affected was compared, and everything is listed. */ isComplete: boolean
}

const limits = { rows: 30_000, changes: 50, folders: 1_000 }

/**
 * Does the act in the transaction that `db` is, and answers what it would change. The caller rolls the transaction back.
 * `affects` tells whom it is about, the second time by what it answered.
 */
export async function previewOf(
  ctx: Context,
  affects: (answer: unknown) => Affected,
  act: () => Promise<unknown>,
): Promise<Preview> {
  const { db, actor } = ctx
  const place: Place = { orgId: actor.orgId, projectId: ctx.project?.id ?? null }
  const affected = affects(undefined)
  const scope = await scopeOf(db, place, affected.where)
  const known = await holdersOf(db, place, affected)
  await store.mark(db)
  const answer = await act()
  const holders = distinct([...known, ...(await holdersOf(db, place, affects(answer)))])
  const asked = { orgId: place.orgId, scope }
  const after = await standingsOf(db, { ...asked, budget: { rows: limits.rows } }, holders)
  await store.comeBack(db)
  const before = await standingsOf(db, { ...asked, budget: { rows: limits.rows } }, after.compared)
  const { compared } = before
  const changes = changesBetween(before.standings, after.standings, compared)
  const viewer = viewerOf(ctx, await ownStandings(ctx, scope))
  const shown = await shownChanges(db, { orgId: place.orgId, viewer }, changes)
  // Nothing is left of a project that is deleted.
  const isEnded = affected.who.everybodyInProject === true
  const lastAdmin = await lastAdmins(db, { orgId: place.orgId, viewer }, isEnded ? [] : changes)
  return {
    answer,
    people: countsOf("user", { holders, compared, changes }),
    machineIdentities: countsOf("identity", { holders, compared, changes }),
    ...shown,
    lastAdmin,
    isComplete: compared.length === holders.length && shown.unlisted + shown.elsewhere.changes === 0,
  }
}

/** Where the caller is, which says what they may be shown. */
async function ownStandings({ db, actor }: Context, { projectIds }: Scope): Promise<Standings> {
  const own: Holder = {
    kind: actor.kind === "user" ? "user" : "identity",
    membership_id: actor.membershipId,
  }
  const scope = { organization: false, projectIds }
  const budget = { rows: Number.POSITIVE_INFINITY }
  return (await standingsOf(db, { orgId: actor.orgId, scope, budget }, [own])).standings
}

type Counted = { holders: readonly Holder[]; compared: readonly Holder[]; changes: readonly Change[] }

function countsOf(kind: Kind, { holders, compared, changes }: Counted) {
  const of = (all: readonly Holder[]): number => all.filter((holder) => holder.kind === kind).length
  const affected = new Set(
    changes.flatMap(({ holders: all }) => all.map(({ holder }) => holder.membership_id)),
  )
  const isAffected = ({ membership_id: id }: Holder): boolean => affected.has(id)
  return { affected: of(compared.filter(isAffected)), compared: of(compared), total: of(holders) }
}

/** Those of the organization first, then by the name of the project; only where the caller is. */
async function shownChanges(
  db: Queries,
  { orgId, viewer }: { orgId: string; viewer: Viewer },
  changes: readonly Change[],
): Promise<Pick<Preview, "changes" | "unlisted" | "elsewhere">> {
  const isSeen = ({ projectId }: Change): boolean => projectId === undefined || viewer.projects.has(projectId)
  const seen = changes.filter(isSeen)
  const hidden = changes.filter((change) => !isSeen(change))
  const projectIds = [...new Set(seen.flatMap(({ projectId }) => projectId ?? []))]
  const projects = projectIds.length > 0 ? await store.projectsNamed(db, orgId, projectIds) : []
  const rank = new Map(projects.map(({ id }, index) => [id, index]))
  const rankOf = ({ projectId }: Change): number =>
    projectId === undefined ? -1 : (rank.get(projectId) ?? 0)
  const listed = seen.toSorted((one, other) => rankOf(one) - rankOf(other)).slice(0, limits.changes)
  const folders = await foldersFor(db, orgId, listed)
  const byId = new Map(projects.map((project) => [project.id, project]))
  return {
    changes: listed.map((change) => shownChange(viewer, change, { byId, folders })),
    unlisted: seen.length - listed.length,
    elsewhere: {
      projects: new Set(hidden.map(({ projectId }) => projectId)).size,
      changes: hidden.length,
    },
  }
}

type FoldersOf = ReadonlyMap<string, readonly Folder[]>

async function foldersFor(db: Queries, orgId: string, changes: readonly Change[]): Promise<FoldersOf> {
  const needing = changes.filter(({ difference }) => isInFolders(difference))
  const projectIds = [...new Set(needing.flatMap(({ projectId }) => projectId ?? []))]
  if (projectIds.length === 0) return new Map()
  const rows = await store.foldersOf(db, orgId, projectIds, limits.folders)
  return Map.groupBy(rows, ({ project_id: id }) => id)
}

function shownChange(
  viewer: Viewer,
  { projectId, membership, when, before, after, difference, holders }: Change,
  { byId, folders }: { byId: ReadonlyMap<string, NamedProject>; folders: FoldersOf },
): ShownChange {
  const rights = projectId === undefined ? undefined : viewer.projects.get(projectId)
  const found = projectId === undefined ? [] : (folders.get(projectId) ?? [])
  const inFolders = differenceIn(before.rights, after.rights, difference.mayDiffer, found)
  return {
    project: projectId === undefined ? null : (byId.get(projectId) ?? null),
    membership,
    when,
    gained: shownAccess(rights, [...difference.gained, ...inFolders.gained]),
    lost: shownAccess(rights, [...difference.lost, ...inFolders.lost]),
    mayDiffer: difference.mayDiffer,
    people: shownHolders(viewer, holders, { kind: "user", projectId }),
    machineIdentities: shownHolders(viewer, holders, { kind: "identity", projectId }),
  }
}
