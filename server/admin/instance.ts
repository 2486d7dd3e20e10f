import { ungoverned } from "../access/boundary.ts"
import { storedRole } from "../access/roles.ts"
import { platform, recordFrom } from "../audit/audit.ts"
import { openSession } from "../auth/login.ts"
import type { PublicContext, RequestInfo } from "../context.ts"
import { badRequest, forbidden } from "../errors.ts"
import { issueToken } from "../identities/access-tokens.ts"
import { insertAuthMethod } from "../identities/auth-methods.ts"
import { insertIdentity, type Identity } from "../identities/identities.ts"
import { joinFounder } from "../organizations/members.ts"
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
  const names = { firstName: "Admin", lastName: "User" }
  const { user, organization } = await setUp(ctx, { ...input, ...names })
  const granted = ungoverned("whoever founds an organization is its admin")
  const identity = await insertIdentity(ctx.db, granted, {
    orgId: organization.id,
    name: "Instance Admin Identity",
    role: storedRole("admin"),
    isInstanceAdmin: true,
  })
  const method = "token-auth"
  const auth = await insertAuthMethod(ctx.db, identity, method, { accessTokenTTL: 0, accessTokenMaxTTL: 0 })
  const name = "Instance Admin Token"
  const { accessToken } = await issueToken(ctx, { identity, auth, method, name })
  await recordSetUp(ctx, { user, organization, identity })
  return { user, organization, identity, token: accessToken }
}

/** Sets the instance up as `bootstrap` does, without a machine identity; signs its first admin in instead. */
export async function signUpAdmin(
  ctx: PublicContext,
  input: { email: string; password: string; firstName: string; lastName: string | null },
): Promise<{ user: User; organization: Organization; token: string }> {
  const { user, organization } = await setUp(ctx, { ...input, organization: "Admin Org" })
  await recordSetUp(ctx, { user, organization })
  return { user, organization, token: await openSession(ctx, user) }
}

type FirstAdmin = {
  email: string
  password: string
  firstName: string
  lastName: string | null
  organization: string
}

/** Makes the first admin and the organization, once, for whoever has the right to. */
async function setUp(
  ctx: PublicContext,
  input: FirstAdmin,
): Promise<{ user: User; organization: Organization }> {
  await requireRightToSetUp(ctx)
  if (await store.isSetUp(ctx.db)) throw badRequest("The instance has already been set up")
  const passwordHash = await ctx.services.passwords.hash(input.password)
  await store.markSetUp(ctx.db)

  const { email: username, firstName, lastName } = input
  const user = await createAdmin(ctx.db, { username, firstName, lastName, passwordHash })
  if (!user) throw badRequest("There is already an account with this address")
  const organization = await insertOrganization(ctx.db, input.organization)
  await joinFounder(ctx.db, organization.id, user.id)
  return { user, organization }
}

async function recordSetUp(
  ctx: PublicContext,
  { user, organization, identity }: { user: User; organization: Organization; identity?: Identity },
): Promise<void> {
  await recordFrom(
    ctx.db,
    { request: ctx.request, orgId: organization.id, actor: platform },
    "bootstrap-instance",
    { userId: user.id, username: user.username, ...(identity ? { identityId: identity.id } : {}) },
  )
  ctx.request.afterCommit(() => ctx.services.setupToken.remove())
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
