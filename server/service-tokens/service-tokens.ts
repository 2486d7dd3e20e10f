import { requireCovers } from "../access/boundary.ts"
import { noSuchProject } from "../access/project.ts"
import { rulesOfServiceToken, type Scope, type ServiceTokenPermission } from "../access/service-tokens.ts"
import { record } from "../audit/audit.ts"
import { isInOrganization } from "../auth/authenticate.ts"
import type { ProjectContext, SignedInContext } from "../context.ts"
import { newId, randomHex, uuidOrNull } from "../crypto/ids.ts"
import { hashOfCode } from "../crypto/keys.ts"
import { forbidden } from "../errors.ts"
import { giveToToken } from "../grants/service-tokens.ts"
import { getEnvironmentBySlug } from "../projects/environments.ts"
import { holdProject } from "../projects/projects.ts"
import * as store from "./service-tokens.store.ts"

export { scopePathFault, serviceTokenPermissions } from "../access/service-tokens.ts"

/*
 * Tokens for programs that need the secrets of one project, in some places of it. Whoever makes one hands out rights of
 * their own; from then on it is the project's, and goes on without them.
 */

export type ServiceToken = store.ServiceTokenRow
export type OwnServiceToken = ServiceToken & { maker: store.Maker }

const placeOf = ({ actor, project }: ProjectContext): store.At => ({
  orgId: actor.orgId,
  projectId: project.id,
})

type NewServiceToken = {
  name: string
  scopes: Scope[]
  permissions: ServiceTokenPermission[]
  /** After how many seconds it ends; null: never. */ expiresIn: number | null
}

/** Makes a token that may do no more than the caller may. The token itself is shown this once. */
export async function createServiceToken(
  ctx: ProjectContext,
  { name, scopes, permissions, expiresIn }: NewServiceToken,
): Promise<{ token: string; data: ServiceToken }> {
  const { actor } = ctx
  if (actor.kind !== "user") throw forbidden("Only people make service tokens")
  const what = "You may not make a service token that may do more than you may"
  const granted = requireCovers(ctx.project, rulesOfServiceToken(scopes, permissions), what)
  // Its environments keep their names until it is there.
  await holdProject(ctx)
  const [id, secret] = [newId(), randomHex(16)]
  const token = { id, name, secretHash: hashOfCode(secret), permissions, expiresIn }
  const place = { ...placeOf(ctx), makerId: actor.userId }
  await giveToToken(ctx.db, granted, place, { ...token, scopes: await foundScopes(ctx, scopes) })
  const data = await store.tokenById(ctx.db, placeOf(ctx), id)
  if (!data) throw new Error(`The service token ${id} is not there`)
  await record(ctx, "create-service-token", eventOf(data))
  return { token: `st.${id}.${secret}`, data }
}

/** The scopes with their environments; throws 404 when one is not there. */
async function foundScopes(ctx: ProjectContext, scopes: readonly Scope[]) {
  const ids = new Map<string, string>()
  for (const slug of new Set(scopes.map(({ environment }) => environment))) {
    ids.set(slug, (await getEnvironmentBySlug(ctx, slug)).id)
  }
  return scopes.map(({ environment, secretPath }) => ({
    environmentId: ids.get(environment) ?? "",
    secretPath,
  }))
}

/** The tokens of the project that are good, the newest first. */
export const listServiceTokens = (ctx: ProjectContext): Promise<ServiceToken[]> =>
  store.tokensOf(ctx.db, placeOf(ctx))

/** Ends a token: whoever has it is refused at the next request. */
export async function deleteServiceToken(ctx: ProjectContext, serviceTokenId: string): Promise<ServiceToken> {
  const id = uuidOrNull(serviceTokenId)
  const data = id === null ? undefined : await store.tokenById(ctx.db, placeOf(ctx), id)
  if (!data || !(await store.deleteToken(ctx.db, placeOf(ctx), data.id)))
    throw noSuchProject({ serviceTokenId })
  await record(ctx, "delete-service-token", eventOf(data))
  return data
}

/** The token that the caller is. */
export async function getOwnServiceToken({ db, actor }: SignedInContext): Promise<OwnServiceToken> {
  if (actor.kind !== "service" || !isInOrganization(actor)) throw forbidden("This is not a service token")
  const token = await store.ownToken(db, { orgId: actor.orgId, id: actor.tokenId })
  if (!token) throw noSuchProject({ serviceTokenId: actor.tokenId })
  return token
}

const eventOf = ({ project_id: projectId, id: serviceTokenId, name, ...token }: ServiceToken) => ({
  projectId,
  serviceTokenId,
  name,
  scopes: token.scopes.map(([environment, secretPath]) => ({ environment, secretPath })),
  permissions: token.permissions,
  expiresAt: token.expires_at?.toISOString() ?? null,
})
