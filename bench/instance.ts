import { call, type Answer } from "../server/test/http.ts"
import type { ServerProcess } from "./server.ts"

export type Machine = { identityId: string; tokenId: string; token: string }
export type Instance = { orgId: string; admin: Machine }

/** Sets a new server up and returns the machine identity that it hands out. */
export async function setUp(server: ServerProcess): Promise<Instance> {
  const body = { email: "admin@example.com", password: "correct horse battery staple", organization: "Bench" }
  const { organization, identity } = await post(server, "/api/v1/admin/bootstrap", { body })
  const { token } = identity.credentials
  return { orgId: organization.id, admin: { identityId: identity.id, tokenId: tokenIdOf(token), token } }
}

/** Another machine identity that may add people to groups. */
export async function addMachine(server: ServerProcess, { orgId, admin }: Instance): Promise<Machine> {
  const { token } = admin
  const body = { name: "Second machine", organizationId: orgId, role: "admin" }
  const { identity } = await post(server, "/api/v1/identities", { token, body })
  const path = `/api/v1/auth/token-auth/identities/${identity.id}`
  await post(server, path, { token, body: {} })
  const { accessToken } = await post(server, `${path}/tokens`, { token, body: {} })
  return { identityId: identity.id, tokenId: tokenIdOf(accessToken), token: accessToken }
}

/** So many new groups; returns their ids. */
export async function addGroups(
  server: ServerProcess,
  { admin }: Instance,
  name: string,
  count: number,
): Promise<string[]> {
  const ids: string[] = []
  for (let number = 1; number <= count; number++) {
    const body = { name: `${name} ${number}`, role: "no-access" }
    ids.push((await post(server, "/api/v1/groups", { token: admin.token, body })).id)
  }
  return ids
}

async function post(
  { host, port }: ServerProcess,
  path: string,
  options: { token?: string; body: unknown },
): Promise<Answer["body"]> {
  const answer = await call(`http://${host}:${port}`, `POST ${path}`, options)
  if (answer.status !== 200)
    throw new Error(`POST ${path} was answered with ${answer.status}: ${answer.text}`)
  return answer.body
}

/** A token says which one it is; nothing else is taken from it. */
function tokenIdOf(token: string): string {
  const claims: { identityAccessTokenId: string } = JSON.parse(
    Buffer.from(token.split(".")[1] ?? "", "base64url").toString(),
  )
  return claims.identityAccessTokenId
}
