import { createHmac, createSign, generateKeyPairSync, randomUUID } from "node:crypto"
import { derive } from "../crypto/keys.ts"
import * as people from "./people.ts"
import type { World } from "./access-cases.ts"
import { addProject } from "./projects.ts"
import { addServiceToken } from "./service-tokens.ts"

/** The AUTH_SECRET of the server under test, so that the tests can forge what only the server should sign. */
export const authSecret = "dGVzdHMgZm9yZ2UgdG9rZW5zIHdpdGggdGhpcyBrZXk"
const key = derive(authSecret, "access tokens v1")

type Claims = Record<string, unknown>
export type BadToken = { title: string; token: string; status: number; error: string }

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")
const claimsOf = (token: string): Claims =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())

/** A JWT made by hand: any header, any claims, any key. */
export function forge(
  claims: Claims,
  header: Claims = { alg: "HS256", typ: "JWT" },
  signedWith: Buffer = key,
): string {
  const text = `${part(header)}.${part(claims)}`
  const hash = { HS384: "sha384", HS512: "sha512" }[String(header["alg"])] ?? "sha256"
  return `${text}.${createHmac(hash, signedWith).update(text).digest("base64url")}`
}

const unsigned = (claims: Claims, alg: string): string => `${part({ alg, typ: "JWT" })}.${part(claims)}.`

function signedWithRsa(claims: Claims): string {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const text = `${part({ alg: "RS256", typ: "JWT", jwk: publicKey.export({ format: "jwk" }) })}.${part(claims)}`
  return `${text}.${createSign("sha256").update(text).sign(privateKey, "base64url")}`
}

const flipped = (text: string, index: number): string =>
  text.slice(0, index) + (text[index] === "A" ? "B" : "A") + text.slice(index + 1)

/** What is malformed, forged, expired or not yet good; all of it is 403 `TokenError`, whoever it names. */
export function forgeries(good: string, foreignOrgId: string): BadToken[] {
  const claims = claimsOf(good)
  const [header = "", payload = "", signature = ""] = good.split(".")
  const now = Math.floor(Date.now() / 1000)
  const tokens: Record<string, string> = {
    garbage: "garbage",
    "three parts of garbage": "a.b.c",
    "nothing but dots": "..",
    "five parts": `${good}.a.b`,
    "two parts": `${header}.${payload}`,
    "8,000 letters": "a".repeat(8_000),
    "the key of another instance": forge(claims, undefined, derive("another secret", "access tokens v1")),
    "the secret itself as the key": forge(claims, undefined, Buffer.from(authSecret)),
    "an empty key": forge(claims, { alg: "HS256", typ: "JWT", kid: "../../../dev/null" }, Buffer.alloc(0)),
    "algorithm none": unsigned(claims, "none"),
    "algorithm None": unsigned(claims, "None"),
    "algorithm none over a good signature": `${part({ alg: "none" })}.${payload}.${signature}`,
    "algorithm HS384": forge(claims, { alg: "HS384", typ: "JWT" }),
    "algorithm HS512": forge(claims, { alg: "HS512", typ: "JWT" }),
    "algorithm RS256 over our key": forge(claims, { alg: "RS256", typ: "JWT" }),
    "a key pair that the token brings along": signedWithRsa(claims),
    "no algorithm": forge(claims, { typ: "JWT" }),
    "claims changed after signing": `${header}.${part({ ...claims, orgId: foreignOrgId })}.${signature}`,
    "a bit of the signature flipped": `${header}.${payload}.${flipped(signature, 5)}`,
    "a bit of the header flipped": `${flipped(header, 9)}.${payload}.${signature}`,
    "half a signature": `${header}.${payload}.${signature.slice(0, 20)}`,
    "an empty signature": `${header}.${payload}.`,
    "expired a second ago": forge({ ...claims, iat: now - 60, exp: now - 1 }),
    "expired in 1970": forge({ ...claims, iat: 0, exp: 1 }),
    "not good before an hour": forge({ ...claims, nbf: now + 3_600 }),
  }
  return Object.entries(tokens).map(([title, token]) => ({ title, token, status: 403, error: "TokenError" }))
}

/** Well signed and not expired, but no access token: nobody is known by it. */
export function otherTokens(good: string): BadToken[] {
  const claims = claimsOf(good)
  const tokens: Record<string, string> = {
    "a sign-up token": forge({ authTokenType: "signupToken", userId: randomUUID(), orgId: randomUUID() }),
    "the token of a second factor that is due": forge({ ...claims, authTokenType: "mfaToken" }),
    "a refresh token": forge({ ...claims, authTokenType: "refreshToken", refreshVersion: 1 }),
    "an unknown type": forge({ ...claims, authTokenType: "somethingElse" }),
    "no type": forge({ ...claims, authTokenType: undefined }),
    "an empty set of claims": forge({}),
    "ids that are none": forge({ ...claims, userId: "1 or 1=1", identityId: "1 or 1=1" }),
    "an id that is a list": forge({
      ...claims,
      userId: [claims["userId"]],
      identityId: [claims["identityId"]],
    }),
  }
  return Object.entries(tokens).map(([title, token]) => ({
    title,
    token,
    status: 401,
    error: "UnauthorizedError",
  }))
}

/** Machine identities whose token was good until something happened to it. */
async function endedMachines({ harness, acme, elsewhere }: World): Promise<BadToken[]> {
  const { db } = harness
  const [revoked, expired, deleted, left, swapped] = await Promise.all(
    Array.from({ length: 5 }, () => people.addIdentity(harness, acme, "admin")),
  )
  if (!revoked || !expired || !deleted || !left || !swapped)
    throw new Error("Five identities were asked for.")
  const revocation = `POST /api/v1/auth/token-auth/tokens/${revoked.tokenId}/revoke`
  people.ok(await harness.call(revocation, { token: acme.token }))
  const past = new Date(Date.now() - 1_000)
  await db
    .updateTable("identity_access_tokens")
    .set({ expires_at: past })
    .where("id", "=", expired.tokenId)
    .execute()
  await db.updateTable("identities").set({ deleted_at: past }).where("id", "=", deleted.id).execute()
  await db
    .updateTable("organization_identity_memberships")
    .set({ valid_until: new Date() })
    .where("identity_id", "=", left.id)
    .execute()
  const claims = claimsOf(swapped.token)
  const nobody = { status: 401, error: "UnauthorizedError" }
  return [
    { title: "a revoked token", token: revoked.token, ...nobody },
    { title: "a token that the database calls expired", token: expired.token, ...nobody },
    { title: "a token of a deleted machine identity", token: deleted.token, ...nobody },
    {
      title: "a token without a row",
      token: forge({ ...claims, identityAccessTokenId: randomUUID() }),
      ...nobody,
    },
    { title: "a token of another identity", token: forge({ ...claims, identityId: revoked.id }), ...nobody },
    {
      title: "a token moved to another organization",
      token: forge({ ...claims, orgId: elsewhere.id }),
      ...nobody,
    },
    { title: "a machine identity that left", token: left.token, status: 403, error: "ForbiddenError" },
  ]
}

/** People whose token was good until something happened to them. */
async function endedPeople({ harness, acme, elsewhere }: World): Promise<BadToken[]> {
  const { db } = harness
  const admin = (name: string) =>
    people.addPerson(harness, acme, { email: `${name}@ended.example`, role: "admin" })
  const [out, stale, left, undone] = [
    await admin("out"),
    await admin("stale"),
    await admin("left"),
    await admin("undone"),
  ]
  const idOf = (token: string, claim: string): string => String(claimsOf(token)[claim])
  await db.deleteFrom("sessions").where("id", "=", idOf(out, "tokenVersionId")).execute()
  await db
    .updateTable("sessions")
    .set({ access_version: 2 })
    .where("id", "=", idOf(stale, "tokenVersionId"))
    .execute()
  await db
    .updateTable("organization_user_memberships")
    .set({ is_closed: true, valid_until: new Date() })
    .where("user_id", "=", idOf(left, "userId"))
    .execute()
  await db.updateTable("users").set({ is_accepted: false }).where("id", "=", idOf(undone, "userId")).execute()
  const claims = claimsOf(acme.adminToken)
  const ended = { status: 404, error: "Session not found" }
  return [
    { title: "a session that was ended", token: out, ...ended },
    {
      title: "a session of somebody else",
      token: forge({ ...claims, userId: idOf(stale, "userId") }),
      ...ended,
    },
    { title: "a session that has moved on", token: stale, status: 401, error: "StaleSession" },
    { title: "a person who left", token: left, status: 403, error: "ForbiddenError" },
    { title: "an account that is not complete", token: undone, status: 404, error: "NotFound" },
    {
      title: "an organization that the person never joined",
      token: forge({ ...claims, organizationId: elsewhere.id }),
      status: 403,
      error: "ForbiddenError",
    },
  ]
}

/** Service tokens that are good no more, or never were. */
async function endedServiceTokens({ harness, acme }: World): Promise<BadToken[]> {
  const { db } = harness
  const [project, gone] = [await addProject(harness, acme), await addProject(harness, acme)]
  const add = () => addServiceToken(harness, project)
  const [good, deleted, expired] = [await add(), await add(), await add()]
  const orphan = await addServiceToken(harness, gone)
  people.ok(await harness.call(`DELETE /api/v1/projects/${gone.id}`, { token: acme.token }))
  const past = new Date(Date.now() - 1_000)
  await db.updateTable("service_tokens").set({ deleted_at: past }).where("id", "=", deleted.id).execute()
  await db.updateTable("service_tokens").set({ expires_at: past }).where("id", "=", expired.id).execute()
  const absent = { status: 404, error: "NotFound" }
  const wrong = { status: 401, error: "UnauthorizedError" }
  return [
    { title: "a service token that is none", token: "st.abc.def", ...absent },
    { title: "a deleted service token", token: deleted.token, ...absent },
    { title: "a service token of a deleted project", token: orphan.token, ...absent },
    { title: "an expired service token", token: expired.token, status: 403, error: "TokenError" },
    {
      title: "a service token with another's secret",
      token: `st.${good.id}.${deleted.token.slice(-32)}`,
      ...wrong,
    },
  ]
}

/** Tokens of a session that lacks the second factor which its person has turned on. */
export async function halfwayTokens({ harness, acme }: World): Promise<BadToken[]> {
  const factor = await people.addSecondFactor(harness, acme, "halfway@example.com")
  const claims = claimsOf(factor.signedInToken)
  const due = { status: 401, error: "SecondFactorDue" }
  return [
    { title: "a session that lacks the second factor", token: factor.signedInToken, ...due },
    {
      title: "the same for an organization, whatever it says of the second factor",
      token: forge({ ...claims, isMfaVerified: true, mfaMethod: "totp", organizationId: acme.id }),
      ...due,
    },
  ]
}

/** Every token that must open nothing, with the answer to it. */
export const badTokens = async (world: World): Promise<BadToken[]> => [
  ...forgeries(world.acme.token, world.elsewhere.id),
  ...forgeries(world.acme.adminToken, world.elsewhere.id),
  ...otherTokens(world.acme.token),
  ...otherTokens(world.acme.adminToken),
  ...(await endedMachines(world)),
  ...(await endedPeople(world)),
  ...(await endedServiceTokens(world)),
]
