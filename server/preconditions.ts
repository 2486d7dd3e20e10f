import type { PublicContext } from "./context.ts"
import { badRequest, DomainError } from "./errors.ts"
import type { Endpoint } from "./http/endpoint.ts"

/*
 * `ETag` and `If-Match` (RFC 9110, 8.8.3 and 13.1.1): a change that was thought out on an earlier state is not made. A tag
 * stands for the state of a thing, whichever route shows it.
 */

type Hash = (text: string) => string

/** The tag of a state: keyed, or whoever sees it could try what the state is. */
export const tagOf = (state: unknown, hash: Hash): string => `"${hash(JSON.stringify(state))}"`

/** Throws 400 for an `If-Match` where none is looked at, since what was wanted would then not hold. */
export function requireUnderstood({ ifMatch, method }: Endpoint, { request }: PublicContext): void {
  if (ifMatch || method === "GET" || request.header("if-match") === undefined) return
  throw badRequest("This operation does not look at If-Match: send it without")
}

/**
 * Throws 412 unless the state that `If-Match` names is that of what will be changed, which stays locked until the end of
 * the transaction. Tags that are weak match nothing.
 */
export async function requireMatch({ ifMatch }: Endpoint, ctx: PublicContext, input: unknown): Promise<void> {
  const header = ctx.request.header("if-match")
  if (!ifMatch || header === undefined) return
  const tag = tagOf(await ifMatch(ctx, input), ctx.services.keyedHash)
  const isMatch = header.split(",").some((each) => each.trim() === tag || each.trim() === "*")
  if (!isMatch) throw new DomainError("PreconditionFailed", "It was changed since: look at what is there now")
}
