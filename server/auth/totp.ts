import { randomBytes, randomInt } from "node:crypto"
import type { UserActor } from "../access/actor.ts"
import type { PublicContext, SignedInContext } from "../context.ts"
import { sameText } from "../crypto/keys.ts"
import { createEarlierSeal, type EarlierSeal, type Seal, type SealPlace } from "../crypto/seal.ts"
import { otpauthUrl, stepOfCode } from "../crypto/totp.ts"
import type { Queries } from "../db/database.ts"
import { badRequest, DomainError, forbidden, notFound } from "../errors.ts"
import * as store from "./totp.store.ts"

const issuer = "Conclave"
// As long as the hash of HMAC-SHA-1, which RFC 4226 (4, R6) recommends.
const secretBytes = 20
const recoveryCodeCount = 10
const limit = { attempts: 5, seconds: 600 }

const secretPlace = (id: string): SealPlace => ({ table: "authenticators", column: "sealed_secret", id })
const codesPlace = (id: string): SealPlace => ({
  table: "authenticators",
  column: "sealed_recovery_codes",
  id,
})

/** Makes a secret for the person's authenticator app, which counts for nothing until a code of it is shown. */
export async function register(ctx: SignedInContext): Promise<{ otpUrl: string; recoveryCodes: string[] }> {
  const actor = requirePerson(ctx)
  const secret = randomBytes(secretBytes)
  const recoveryCodes = newRecoveryCodes()
  const isPut = await store.putAuthenticator(ctx.db, actor.userId, {
    sealed_secret: ctx.services.seal.close(secret.toString("base64"), secretPlace(actor.userId)),
    sealed_recovery_codes: closeCodes(ctx, actor.userId, recoveryCodes),
  })
  if (!isPut)
    throw badRequest("An authenticator is registered already: remove it before you register another")
  return { otpUrl: otpauthUrl(secret, issuer, actor.username), recoveryCodes }
}

/** Whether a code of the person's authenticator was ever shown, and the recovery codes that are left. */
export async function getAuthenticator(
  ctx: SignedInContext,
): Promise<{ isVerified: boolean; recoveryCodes: string[] }> {
  const { userId } = requirePerson(ctx)
  const authenticator = await requireAuthenticator(ctx.db, userId)
  return {
    isVerified: authenticator.is_verified,
    recoveryCodes: openCodes(ctx, userId, authenticator.sealed_recovery_codes),
  }
}

/** Takes a code of the authenticator, which makes it count, and its session one that has passed the second factor. */
export async function verify(ctx: SignedInContext, code: string): Promise<void> {
  const { userId, sessionId } = requirePerson(ctx)
  const authenticator = await requireAuthenticator(ctx.db, userId)
  // The secret of one that is not verified was told to the caller, who has nothing to guess.
  if (authenticator.is_verified) await countAttempt(ctx.db, userId)
  const isProved = await proveCode(ctx, { userId, sessionId }, { authenticator, code })
  if (!isProved) throw badRequest("The code is wrong, or was used before")
}

/** Makes ten new recovery codes; the old ones are good no more. */
export async function renewRecoveryCodes(ctx: SignedInContext): Promise<void> {
  const { userId } = requirePerson(ctx)
  const sealed = closeCodes(ctx, userId, newRecoveryCodes())
  const isReplaced = await store.replaceRecoveryCodes(ctx.db, userId, sealed)
  if (!isReplaced) throw noAuthenticator()
}

/** The person's authenticator, if a code of it was ever shown. */
export async function verifiedAuthenticator(
  db: Queries,
  userId: string,
): Promise<store.AuthenticatorRow | undefined> {
  const authenticator = await store.authenticatorOf(db, userId)
  return authenticator?.is_verified ? authenticator : undefined
}

/** Counts an attempt of a person to give a code; throws 429 when there were five in ten minutes. */
export async function countAttempt(db: Queries, userId: string): Promise<void> {
  if (await store.countAttempt(db, userId, limit)) return
  throw new DomainError("RateLimited", "Too many codes were tried: log in again in ten minutes", {
    retryAfter: limit.seconds,
  })
}

type Session = { userId: string; sessionId: string }
type Attempt = { authenticator: store.AuthenticatorRow; code: string }

/** True when it is a code of the authenticator that was not used before; then the session has passed. */
export async function proveCode(ctx: PublicContext, session: Session, attempt: Attempt): Promise<boolean> {
  const { sealed_secret: sealedSecret } = attempt.authenticator
  const secret = ctx.services.seal.open(sealedSecret, secretPlace(session.userId))
  const step = stepOfCode(Buffer.from(secret, "base64"), attempt.code, Date.now())
  return step !== undefined && store.useCode(ctx.db, session, { sealedSecret, step })
}

/** True when it is one of the recovery codes that are left; then it is one no more, and the session has passed. */
export async function proveRecoveryCode(
  ctx: PublicContext,
  session: Session,
  { authenticator, code }: Attempt,
): Promise<boolean> {
  const before = authenticator.sealed_recovery_codes
  const codes = openCodes(ctx, session.userId, before)
  const left = codes.filter((one) => !sameText(one, code))
  if (left.length === codes.length) return false
  const after = closeCodes(ctx, session.userId, left)
  return store.useRecoveryCode(ctx.db, session, { before, after })
}

/** Opens second factors that were sealed by the root key itself, before there were data keys. */
export const earlierSeal = (encryptionKey: string): EarlierSeal =>
  createEarlierSeal(encryptionKey, "second factors v1")

const batchSize = 500

/** Seals every second factor anew that depends on the root key itself; run it in a transaction. Returns how many. */
export async function resealEarlier(db: Queries, seal: Seal): Promise<number> {
  let count = 0
  let after = "00000000-0000-0000-0000-000000000000"
  for (;;) {
    const rows = await store.lockSealed(db, after, batchSize)
    for (const { user_id: userId, sealed_secret: secret, sealed_recovery_codes: codes } of rows) {
      after = userId
      if (seal.isByDataKey(secret) && seal.isByDataKey(codes)) continue
      await store.replaceSealed(db, userId, {
        sealed_secret: seal.close(seal.open(secret, secretPlace(userId)), secretPlace(userId)),
        sealed_recovery_codes: seal.close(seal.open(codes, codesPlace(userId)), codesPlace(userId)),
      })
      count++
    }
    if (rows.length < batchSize) return count
  }
}

/** Forgets the person's authenticator; false when there is none. */
export const removeAuthenticator = store.removeAuthenticator

export const noAuthenticator = (): DomainError => notFound("No authenticator is registered")

/** The person who calls; machine identities have no second factor. */
export function requirePerson({ actor }: SignedInContext): UserActor {
  if (actor.kind !== "user") throw forbidden("Only people have a second factor")
  return actor
}

async function requireAuthenticator(db: Queries, userId: string): Promise<store.AuthenticatorRow> {
  const authenticator = await store.authenticatorOf(db, userId)
  if (!authenticator) throw noAuthenticator()
  return authenticator
}

const closeCodes = (ctx: PublicContext, userId: string, codes: string[]): Buffer =>
  ctx.services.seal.close(codes.join(" "), codesPlace(userId))

const openCodes = (ctx: PublicContext, userId: string, sealed: Buffer): string[] =>
  ctx.services.seal
    .open(sealed, codesPlace(userId))
    .split(" ")
    .filter((code) => code !== "")

// Without letters and digits that are taken for one another, since people copy them from paper: 5 bits each.
const alphabet = "abcdefghjkmnpqrstuvwxyz23456789"

/** Ten codes of ten letters, two groups of five: 49 bits each, of which five may be tried in ten minutes. */
function newRecoveryCodes(): string[] {
  const group = () => Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join("")
  return Array.from({ length: recoveryCodeCount }, () => `${group()}-${group()}`)
}
