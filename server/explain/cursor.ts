import type { Context } from "../context.ts"
import { badRequest } from "../errors.ts"
import type { Position } from "./candidates.store.ts"
import type { HolderKind } from "./standing.ts"

/** Up to where a list has been looked through. */
export type Mark = { kind: HolderKind; after: Position }

const placeOf = ({ actor }: Context) => ({ table: "access", column: "cursor", id: actor.orgId })

/**
 * A mark as it is handed out, for the next page. It is sealed: whoever it stands at may be one whom the caller does not
 * see.
 */
export const sealed = (ctx: Context, mark: Mark): string =>
  ctx.services.seal
    .close(JSON.stringify([mark.kind, mark.after.name, mark.after.id]), placeOf(ctx))
    .toString("base64url")

/** Throws 400 for what was not handed out in this organization. */
export function opened(ctx: Context, cursor: string): Mark {
  try {
    const text = ctx.services.seal.open(Buffer.from(cursor, "base64url"), placeOf(ctx))
    const [kind, name, id] = JSON.parse(text) as [HolderKind, string, string]
    return { kind, after: { name, id } }
  } catch {
    throw badRequest("The cursor is none that was answered here: begin anew without one")
  }
}
