import { createSigner, createVerifier } from "fast-jwt"
import { z } from "zod"
import { derive } from "../crypto/keys.ts"
import { DomainError } from "../errors.ts"

const day = 86_400
const userLifetime = 10 * day
/** A session that nobody used for so long has no refresh token any more. */
export const refreshDays = 90
const signupLifetime = 15 * 60
const mfaLifetime = 5 * 60

/** The one second factor there is: codes of an authenticator app. */
export const mfaMethod = "totp"

/** A person's access token. `organizationId` says which organization was selected; no claim says what is allowed. */
const userClaims = z.object({
  authTokenType: z.literal("accessToken"),
  authMethod: z.string(),
  userId: z.uuid(),
  tokenVersionId: z.uuid(),
  accessVersion: z.number(),
  organizationId: z.uuid().optional(),
})
/** Gets its holder a new access token, once: the session's next refresh token has another version. */
const refreshClaims = z.object({
  authTokenType: z.literal("refreshToken"),
  authMethod: z.string(),
  userId: z.uuid(),
  tokenVersionId: z.uuid(),
  refreshVersion: z.number(),
  organizationId: z.uuid().optional(),
})
/** Stands for a person whose second factor is still due; takes part in proving it and in nothing else. */
const mfaClaims = z.object({
  authTokenType: z.literal("mfaToken"),
  authMethod: z.string(),
  userId: z.uuid(),
  tokenVersionId: z.uuid(),
  accessVersion: z.number(),
})
/** A machine identity's access token. */
const machineClaims = z.object({
  authTokenType: z.literal("identityAccessToken"),
  authMethod: z.string(),
  identityId: z.uuid(),
  identityName: z.string(),
  clientSecretId: z.uuid().optional(),
  identityAccessTokenId: z.uuid(),
  orgId: z.uuid(),
})
/** Lets its holder complete the account that an invitation of this membership was sent to. */
const invitationClaims = z.object({
  authTokenType: z.literal("signupToken"),
  userId: z.uuid(),
  orgId: z.uuid(),
  invitationId: z.uuid(),
})
/** Lets its holder complete the account of an address that they have shown to read. */
const mailedClaims = z.object({
  authTokenType: z.literal("signupToken"),
  userId: z.uuid(),
  purpose: z.literal("sign-up"),
})
const signupClaims = z.union([invitationClaims, mailedClaims])
/** Lets its holder set the password of the account that a mailed code was for. */
const passwordResetClaims = z.object({
  authTokenType: z.literal("passwordResetToken"),
  userId: z.uuid(),
  codeId: z.uuid(),
})
const accessClaims = z.discriminatedUnion("authTokenType", [userClaims, machineClaims])

const withEnd = accessClaims.and(z.object({ exp: z.number().optional() }))

export type UserClaims = z.infer<typeof userClaims>
export type RefreshClaims = z.infer<typeof refreshClaims>
export type MachineClaims = z.infer<typeof machineClaims>
export type MfaClaims = z.infer<typeof mfaClaims>
export type InvitationClaims = z.infer<typeof invitationClaims>
export type SignupClaims = z.infer<typeof signupClaims>
export type PasswordResetClaims = z.infer<typeof passwordResetClaims>
/** What a service token says, which is no JWT: the secret part is kept as its hash alone. */
export type ServiceClaims = { authTokenType: "serviceToken"; tokenId: string; secretHash: string }
export type AccessClaims = UserClaims | MachineClaims | ServiceClaims
type Unsigned<Claims> = Omit<Claims, "authTokenType">

/** Signs and verifies the JWTs of this instance: HS256, one key, derived from the instance's AUTH_SECRET. */
export type Tokens = {
  /**
   * Good for ten days, or `atMostSeconds` when that is less. `isMfaVerified`: whether the session has passed the second
   * factor, told to clients.
   */
  signUser(
    claims: Omit<UserClaims, "authTokenType"> & { isMfaVerified?: boolean },
    atMostSeconds?: number,
  ): string
  /** Good for ninety days, or `atMostSeconds` when that is less. */
  signRefresh(claims: Omit<RefreshClaims, "authTokenType">, atMostSeconds?: number): string
  /** `lifetimeSeconds` 0 means that the token itself does not expire. */
  signMachine(claims: Omit<MachineClaims, "authTokenType">, lifetimeSeconds: number): string
  signMfa(claims: Omit<MfaClaims, "authTokenType">): string
  signPasswordReset(claims: Omit<PasswordResetClaims, "authTokenType">): string
  signSignup(claims: Unsigned<InvitationClaims> | Unsigned<z.infer<typeof mailedClaims>>): string
  /** Throws `TokenError` for what is malformed, forged or expired; undefined for a good token of another type. */
  verifyAccess(token: string): UserClaims | MachineClaims | undefined
  verifyRefresh(token: string): RefreshClaims | undefined
  verifyMfa(token: string): MfaClaims | undefined
  verifyPasswordReset(token: string): PasswordResetClaims | undefined
  verifySignup(token: string): SignupClaims | undefined
}

export function createTokens(authSecret: string): Tokens {
  const key = derive(authSecret, "access tokens v1")
  const signFor = (seconds: number) => createSigner({ algorithm: "HS256", key, expiresIn: seconds * 1_000 })
  const signForever = createSigner({ algorithm: "HS256", key })
  const signLasting = rememberingSigners(signFor)
  const open = openWith(key)
  return {
    signUser: (
      { authMethod, userId, tokenVersionId, accessVersion, isMfaVerified, organizationId },
      atMost = Infinity,
    ) =>
      signLasting(Math.min(userLifetime, atMost))({
        authMethod,
        authTokenType: "accessToken",
        userId,
        tokenVersionId,
        accessVersion,
        ...(isMfaVerified ? { isMfaVerified, mfaMethod } : {}),
        ...(organizationId ? { organizationId } : {}),
      }),
    signRefresh: (
      { authMethod, userId, tokenVersionId, refreshVersion, organizationId },
      atMost = Infinity,
    ) =>
      signLasting(Math.min(refreshDays * day, atMost))({
        authMethod,
        authTokenType: "refreshToken",
        userId,
        tokenVersionId,
        refreshVersion,
        ...(organizationId ? { organizationId } : {}),
      }),
    signMachine: ({ identityId, clientSecretId, identityAccessTokenId, ...ours }, seconds) =>
      (seconds === 0 ? signForever : signLasting(seconds))({
        identityId,
        ...(clientSecretId === undefined ? {} : { clientSecretId }),
        identityAccessTokenId,
        authTokenType: "identityAccessToken",
        identityName: ours.identityName,
        authMethod: ours.authMethod,
        orgId: ours.orgId,
      }),
    signMfa: ({ authMethod, userId, tokenVersionId, accessVersion }) =>
      signLasting(mfaLifetime)({
        authMethod,
        authTokenType: "mfaToken",
        userId,
        tokenVersionId,
        accessVersion,
      }),
    signPasswordReset: (claims) =>
      signLasting(signupLifetime)({ ...claims, authTokenType: "passwordResetToken" }),
    signSignup: (claims) => signLasting(signupLifetime)({ ...claims, authTokenType: "signupToken" }),
    verifyAccess: remembering((token) => withEnd.safeParse(open(token)).data),
    verifyRefresh: (token) => refreshClaims.safeParse(open(token)).data,
    verifyMfa: (token) => mfaClaims.safeParse(open(token)).data,
    verifyPasswordReset: (token) => passwordResetClaims.safeParse(open(token)).data,
    verifySignup: (token) => signupClaims.safeParse(open(token)).data,
  }
}

type Signer = (claims: Record<string, unknown>) => string
const maxSigners = 100

/** A signer for each lifetime in use, since making one takes longer than signing. */
function rememberingSigners(signFor: (seconds: number) => Signer): (seconds: number) => Signer {
  const signers = new Map<number, Signer>()
  return (seconds) => {
    const signer = signers.get(seconds) ?? signFor(seconds)
    if (signers.size >= maxSigners) signers.clear()
    signers.set(seconds, signer)
    return signer
  }
}

/** Opens tokens that this key has signed; throws `TokenError` for any other. */
function openWith(key: Buffer): (token: string) => unknown {
  const verify = createVerifier({ algorithms: ["HS256"], key })
  return (token) => {
    try {
      return verify(token)
    } catch (cause) {
      const isExpired = cause instanceof Error && "code" in cause && cause.code === "FAST_JWT_EXPIRED"
      const message = isExpired ? "Your token has expired" : "Your token is malformed or was not issued here"
      throw new DomainError("TokenError", message, { cause })
    }
  }
}

type Opened = z.infer<typeof withEnd>
const maxRemembered = 1_000

/**
 * Opens each token once: what it says and that it was signed here never changes. Whether it has expired is asked at
 * each use, and whether it is still good is the database's to say.
 */
function remembering(open: (token: string) => Opened | undefined): (token: string) => Opened | undefined {
  const opened = new Map<string, Opened>()
  return (token) => {
    const known = opened.get(token)
    if (known && (known.exp === undefined || known.exp * 1_000 > Date.now())) return known
    opened.delete(token)
    const claims = open(token)
    if (opened.size >= maxRemembered) opened.clear()
    if (claims) opened.set(token, claims)
    return claims
  }
}
