import type { PublicContext } from "../context.ts"
import { newId } from "../crypto/ids.ts"
import { sameText } from "../crypto/keys.ts"
import type { Queries } from "../db/database.ts"
import { badRequest } from "../errors.ts"
import type { Mailer } from "../mail/mailer.ts"
import * as store from "./email-codes.store.ts"

const maxAttempts = 5

type Purpose = store.Purpose

/** The mail server; throws 400 where there is none, for whoever asks. */
export function requireMailer(ctx: PublicContext): Mailer {
  if (!ctx.services.mailer)
    throw badRequest("This server sends no mail: whoever runs it has to set SMTP_HOST")
  return ctx.services.mailer
}

/** The hash by which a code is kept; the code itself is in the mail alone. */
export const codeHashOf = (
  services: Pick<PublicContext["services"], "keyedHash">,
  purpose: Purpose,
  code: string,
): string => services.keyedHash(`e-mail code for ${purpose} ${code}`)

/** Opens a code and returns where to send it; undefined when there is no such account, or one was sent just now. */
export const openCode = (
  ctx: PublicContext,
  {
    code,
    ...rest
  }: { username: string; purpose: Purpose; address: string | null; code: string; lifetimeSeconds: number },
): Promise<string | undefined> =>
  store.openCode(ctx.db, { ...rest, id: newId(), codeHash: codeHashOf(ctx.services, rest.purpose, code) })

/** The account and the id of an open code that cannot be guessed. */
export const findCode = (
  ctx: PublicContext,
  { username, purpose, code }: { username: string; purpose: Purpose; code: string },
) => store.codeByHash(ctx.db, { username, purpose, codeHash: codeHashOf(ctx.services, purpose, code) })

/**
 * The address that the person's open code was sent to. A wrong code is 400 and counts: after five tries none is right
 * any more.
 */
export async function requireCode(
  ctx: PublicContext,
  { userId, purpose, code }: { userId: string; purpose: Purpose; code: string },
): Promise<string> {
  const open = await store.tryCode(ctx.db, { userId, purpose, maxAttempts })
  const isRight = sameText(open?.code_hash ?? "", codeHashOf(ctx.services, purpose, code))
  if (!open || !isRight) throw wrongCode({ keepsChanges: true })
  return open.address
}

export const closeCodes = (db: Queries, userId: string, purposes: Purpose[]): Promise<void> =>
  store.closeCodes(db, userId, purposes)

export const wrongCode = (extras: { keepsChanges?: boolean } = {}) =>
  badRequest("The code is wrong, has expired, or has been used", extras)

/** Closes every code of a person whose account is deleted, and forgets to which addresses they went. */
export const forgetCodes = store.forgetCodes
