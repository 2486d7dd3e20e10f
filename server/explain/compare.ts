import {
  compareRights,
  permissionTo,
  type Comparison,
  type Effect,
  type Folder,
} from "../access/effective.ts"
import type { Context } from "../context.ts"
import type { Link } from "./chain.ts"
import { explained } from "./explain.ts"
import * as folders from "./folders.store.ts"
import { requireMayAsk, requireStanding, sightOf, viewerOf, type Subject, type Viewer } from "./sight.ts"
import type { Hindrance, Standing } from "./standing.ts"

/** Something that one of two may do, and the way by which; where it is judged by folders, in the first of these. */
export type Sourced = Effect & { chain: Link[] }

/** One of two who are compared. */
export type Compared = Subject & {
  name: string
  /** What keeps them from all rights there. */ hindrance: Hindrance | undefined
}

export type Compare = Omit<Comparison, "onlyOne" | "onlyOther"> & {
  one: Compared
  other: Compared
  onlyOne: Sourced[]
  onlyOther: Sourced[]
  /** In a project, how many folders both were looked at in, and whether that is all that the caller sees. */
  folders: { count: number; isAll: boolean } | undefined
}

/** So many folders are looked at. */
const most = 200

/**
 * What one may do that another may not, and the reverse, now, in the organization or in a project. Throws 403 unless the
 * caller may read both of them, and 404 as an explanation does.
 */
export async function compare(
  ctx: Context,
  { one, other, projectId }: { one: Subject; other: Subject; projectId?: string | undefined },
): Promise<Compare> {
  const viewer = await viewerOf(ctx, projectId)
  for (const each of [one, other]) requireMayAsk(ctx, viewer, each)
  const first = await requireStanding(ctx, viewer, one, { projectId })
  const second = await requireStanding(ctx, viewer, other, { projectId })
  const places = projectId === undefined ? undefined : await foldersSeen(ctx, viewer, projectId)
  const { onlyOne, onlyOther, ...rest } = compareRights(first.rights, second.rights, places?.seen)
  return {
    ...rest,
    one: shown(first),
    other: shown(second),
    onlyOne: sourced(viewer, first, onlyOne),
    onlyOther: sourced(viewer, second, onlyOther),
    folders: places && { count: places.seen.length, isAll: places.isAll },
  }
}

/** Of the folders of a project those that the caller may see. */
async function foldersSeen(
  ctx: Context,
  { project }: Viewer,
  projectId: string,
): Promise<{ seen: Folder[]; isAll: boolean }> {
  if (!project?.can(["read", "secret-folders"])) return { seen: [], isAll: true }
  const found = await folders.foldersOf(ctx.db, { orgId: ctx.actor.orgId, projectId }, most + 1)
  const seen = found
    .slice(0, most)
    .filter(({ environment, path }) =>
      project.can(["read", "secret-folders"], { environment, secretPath: path }),
    )
  return { seen, isAll: found.length <= most }
}

const shown = ({ kind, holder, hindrance }: Standing): Compared => ({
  kind,
  id: holder.id,
  name: holder.name,
  hindrance,
})

/** Each with the nearest way to it. */
const sourced = (viewer: Viewer, standing: Standing, effects: readonly Effect[]): Sourced[] => {
  const sight = sightOf(viewer, { kind: standing.kind, id: standing.holder.id })
  return effects.map((effect) => {
    const [folder] = effect.folders ?? []
    const object = folder && { environment: folder.environment, secretPath: folder.path }
    const question = { permission: permissionTo(effect.action, effect.subject), object }
    return { ...effect, chain: explained(standing, question, sight).chain }
  })
}
