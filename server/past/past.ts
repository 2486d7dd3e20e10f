import { builtInProjectRoleNames, isBuiltInProjectRole } from "../access/project-roles.ts"
import { builtInRoleNames, isBuiltInRole } from "../access/roles.ts"
import type { Context } from "../context.ts"
import { badRequest } from "../errors.ts"
import * as store from "./past.store.ts"
import { maySee, requireSubject, seesAll, sightOf, type Known, type Sight, type Subject } from "./sight.ts"

export type { Subject } from "./sight.ts"

/** Something by which it is called; `name` is null for whoever may not see it. */
export type Named<Kind extends string> = { kind: Kind; id: string; name: string | null }

/** A role; `isChanged` of a custom one whose content is not known as it was. */
export type HeldRole = { id: string; slug: string | null; name: string | null; isChanged: boolean }

/** What somebody has or had somewhere, by a group where that is said, and when. */
export type Holding = {
  what: "membership" | "role" | "privilege"
  holder: Named<store.HolderKind>
  place: Named<store.PlaceKind>
  group: Omit<Named<"group">, "kind"> | null
  role: HeldRole | null
  privilege: Omit<HeldRole, "name"> | null
  since: Date
  until: Date | null
}

/** Whom or what it was asked about, as it was at a time. */
export type Standing = Named<store.SubjectKind> & {
  /** In the organization then. */ isThere: boolean
  /** Of people alone. */ hasAccepted?: boolean
  /** Of people alone; null where it is not known any more. */ isActive?: boolean | null
}

/** Which part of it is asked for. */
export type Part = { placeKind?: store.PlaceKind | undefined; limit: number; offset: number }

/** All that was held at a time that has passed, or is held now: by somebody or a group, or in a group or a project. */
export async function asOf(
  ctx: Context,
  subject: Subject,
  { at, ...part }: Part & { at?: Date | undefined },
): Promise<{ at: Date; subject: Standing; holdings: Holding[]; totalCount: number }> {
  const known = await requireSubject(ctx, subject, at)
  requirePast(known, at)
  const { rows, totalCount, sight } = await find(ctx, known, {
    ...part,
    from: at,
    to: at,
    isDifference: false,
  })
  const holdings = rows.map((row) => holdingOf(known, row, sight))
  return { at: at ?? known.now, subject: standingAt(known, at), holdings, totalCount }
}

/**
 * What was gained and lost from one time to another, in the order in which it happened: applied to what was held at the
 * first it gives what was held at the second. What began and ended between them is told, too.
 */
export async function difference(
  ctx: Context,
  subject: Subject,
  { from, to, ...part }: Part & { from: Date; to?: Date | undefined },
): Promise<{
  from: Date
  to: Date
  subject: Named<store.SubjectKind>
  changes: (Holding & { change: store.Change })[]
  totalCount: number
}> {
  const known = await requireSubject(ctx, subject, to)
  requirePast(known, to)
  const until = to ?? known.now
  if (from > until) throw badRequest("The first time must not come after the second")
  const { rows, totalCount, sight } = await find(ctx, known, { ...part, from, to, isDifference: true })
  const changes = rows.flatMap((row) =>
    row.change ? [{ ...holdingOf(known, row, sight), change: row.change }] : [],
  )
  const { kind, id, name } = known
  return { from, to: until, subject: { kind, id, name }, changes, totalCount }
}

function requirePast({ now }: Known, time: Date | undefined): void {
  if (time && time > now) throw badRequest("What will be is not known: ask about a time that has passed")
}

type Window = { from: Date | undefined; to: Date | undefined; isDifference: boolean }

/** The rows of the part that is asked for. Where some have to be left out, all are read to know which. */
async function find(ctx: Context, known: Known, { limit, offset, placeKind, ...window }: Part & Window) {
  const { kind, id, holderKinds } = known
  const asked = { orgId: ctx.actor.orgId, kind, id, holderKinds, placeKind, ...window }
  if (seesAll(known)) {
    const found = await store.holdings(ctx.db, { ...asked, limit, offset })
    return { ...found, sight: await sightOf(ctx, known, found.rows) }
  }
  const all = await store.holdings(ctx.db, { ...asked, limit: undefined, offset: 0 })
  const seen = all.rows.filter((row) => maySee(known, row))
  const rows = seen.slice(offset, offset + limit)
  return { rows, totalCount: seen.length, sight: await sightOf(ctx, known, rows) }
}

function standingAt({ kind, id, name, place, thing, now }: Known, asked: Date | undefined): Standing {
  const at = asked ?? now
  if (thing) {
    return { kind, id, name, isThere: thing.created_at <= at && (!thing.deleted_at || thing.deleted_at > at) }
  }
  const isThere = place?.is_there ?? false
  if (kind !== "user" || !place || !isThere) return { kind, id, name, isThere }
  const { is_accepted: hasAccepted, is_changed, is_inactive } = place
  return { kind, id, name, isThere, hasAccepted, isActive: is_changed ? null : !is_inactive }
}

function holdingOf(known: Known, row: store.HoldingRow, sight: Sight): Holding {
  const { what, place_kind, place_id, holder_kind, holder_id, group_id } = row
  const isSubject = place_kind === known.kind && place_id === known.id
  const isHolder = holder_kind === known.kind && holder_id === known.id
  return {
    what,
    holder: { kind: holder_kind, id: holder_id, name: isHolder ? known.name : row.holder_name },
    place: {
      kind: place_kind,
      id: place_id,
      name: (isSubject ? known.name : null) ?? (sight.place(row) ? row.place_name : null),
    },
    group: group_id === null ? null : { id: group_id, name: sight.group(row) ? row.group_name : null },
    role: roleOf(row, sight),
    privilege:
      row.privilege_id === null
        ? null
        : { id: row.privilege_id, slug: sight.privilege(row) ? row.slug : null, isChanged: row.is_changed },
    since: row.valid_from,
    until: row.valid_until,
  }
}

/** Built-in roles are known to everybody, and never change. */
function roleOf(row: store.HoldingRow, sight: Sight): HeldRole | null {
  const { role, custom_role_id, place_kind } = row
  if (role === null) return null
  if (custom_role_id !== null) {
    const isSeen = sight.role(row)
    return {
      id: custom_role_id,
      slug: isSeen ? row.slug : null,
      name: isSeen ? row.role_name : null,
      isChanged: row.is_changed,
    }
  }
  const names =
    place_kind === "project"
      ? isBuiltInProjectRole(role) && builtInProjectRoleNames[role]
      : isBuiltInRole(role) && builtInRoleNames[role]
  if (!names) throw new Error("A role that is none of its own is built in")
  return { id: names.id, slug: role, name: names.name, isChanged: false }
}
