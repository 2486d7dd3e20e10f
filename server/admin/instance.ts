import { platform, recordFrom } from "../audit/audit.ts"
import type { PublicContext, RequestInfo } from "../context.ts"
import { badRequest, forbidden } from "../errors.ts"
import { issueToken } from "../identities/access-tokens.ts"
import { insertAuthMethod } from "../identities/auth-methods.ts"
import { insertIdentity, type Identity } from "../identities/identities.ts"
import { joinUser } from "../organizations/members.ts"
import { insertOrganization, type Organization } from "../organizations/organizations.ts"
import { createAdmin, type User } from "../users/users.ts"
import * as store from "./instance.store.ts"

export { isSetUp } from "./instance.store.ts"

export type Bootstrapped = { user: User; organization: Organization; identity: Identity; token: string }

/**
 * Sets the instance up: its first admin, an organization, and a machine identity with a token that does not expire.
 * Once; of any number at the same time one wins. From this machine it needs nothing, from elsewhere the setup token.
 */
export async function bootstrap(
  ctx: PublicContext,
  input: { email: string; password: string; organization: string },
): Promise<Bootstrapped> {
  await requireRightToSetUp(ctx)
  if (await store.isSetUp(ctx.db)) throw badRequest("The instance has already been set up")
  const passwordHash = await ctx.services.passwords.hash(input.password)
  await store.markSetUp(ctx.db)

  const user = await createAdmin(ctx.db, input.email, passwordHash)
  if (!user) throw badRequest("There is already an account with this address")
  const organization = await insertOrganization(ctx.db, input.organization)
  await joinUser(ctx.db, { orgId: organization.id, userId: user.id, role: "admin" })
  const identity = await insertIdentity(ctx.db, {
    orgId: organization.id,
    name: "Instance Admin Identity",
    role: "admin",
    isInstanceAdmin: true,
  })
  const method = "token-auth"
  const auth = await insertAuthMethod(ctx.db, identity, method, { accessTokenTTL: 0, accessTokenMaxTTL: 0 })
  const name = "Instance Admin Token"
  const { accessToken } = await issueToken(ctx, { identity, auth, method, name })
  await recordFrom(
    ctx.db,
    { request: ctx.request, orgId: organization.id, actor: platform },
    "bootstrap-instance",
    { userId: user.id, username: user.username, identityId: identity.id },
  )
  ctx.request.afterCommit(() => ctx.services.setupToken.remove())
  return { user, organization, identity, token: accessToken }
}

async function requireRightToSetUp(ctx: PublicContext): Promise<void> {
  const sent = ctx.request.header("x-setup-token")
  if (sent !== undefined) {
    if (await ctx.services.setupToken.matches(sent)) return
    // Once the instance is set up there is no setup token any more, and that is what the caller should hear.
    if (await store.isSetUp(ctx.db)) return
    throw forbidden("The setup token is wrong: it is in the file setup-token of the server's data folder")
  }
  if (isFromThisMachine(ctx.request)) return
  throw forbidden(
    "Setting up from another machine needs the header X-Setup-Token: the server printed a link with it when it started, and keeps it in the file setup-token of its data folder",
  )
}

const forwardingHeaders = [
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "via",
]
const loopbackAddress = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/
const loopbackHost = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i

/**
 * True for a call that a program on this machine made directly: a browser led here by a foreign page sends `Origin`
 * or a foreign `Host`, and a proxy says that it forwards.
 */
export function isFromThisMachine(request: Pick<RequestInfo, "ip" | "header">): boolean {
  if (!loopbackAddress.test(request.ip)) return false
  if (!loopbackHost.test(request.header("host") ?? "")) return false
  return ["origin", ...forwardingHeaders].every((name) => request.header(name) === undefined)
}
