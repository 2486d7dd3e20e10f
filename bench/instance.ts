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

/** A person who is signed in and has selected the organization. */
export type Person = { userId: string; sessionId: string; token: string }

export async function signIn(server: ServerProcess, { orgId }: Instance): Promise<Person> {
  const body = { email: "admin@example.com", password: "correct horse battery staple" }
  const { accessToken } = await post(server, "/api/v3/auth/login", { body })
  const { token } = await post(server, "/api/v3/auth/select-organization", {
    token: accessToken,
    body: { organizationId: orgId },
  })
  const { userId, tokenVersionId } = claimsOf(token)
  return { userId: userId ?? "", sessionId: tokenVersionId ?? "", token }
}

/** Another organization of the first admin, with a machine identity that may do everything in it. */
export async function addOrganization(server: ServerProcess, name: string): Promise<Instance> {
  const credentials = { email: "admin@example.com", password: "correct horse battery staple" }
  const { accessToken } = await post(server, "/api/v3/auth/login", { body: credentials })
  const made = await post(server, "/api/v2/organizations", { token: accessToken, body: { name } })
  const orgId: string = made.organization.id
  const { token } = await post(server, "/api/v3/auth/select-organization", {
    token: accessToken,
    body: { organizationId: orgId },
  })
  return { orgId, admin: await addMachine(server, { orgId, admin: { identityId: "", tokenId: "", token } }) }
}

/** What a machine identity signs in with. */
export type Client = { identityId: string; clientId: string; clientSecret: string }

/** A machine identity with universal auth. */
export async function addClient(server: ServerProcess, { orgId, admin }: Instance): Promise<Client> {
  const { token } = admin
  const body = { name: "Client", organizationId: orgId, role: "member" }
  const { identity } = await post(server, "/api/v1/identities", { token, body })
  const path = `/api/v1/auth/universal-auth/identities/${identity.id}`
  const { clientId } = (await post(server, path, { token, body: {} })).identityUniversalAuth
  const { clientSecret } = await post(server, `${path}/client-secrets`, { token, body: {} })
  return { identityId: identity.id, clientId, clientSecret }
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
const tokenIdOf = (token: string): string => claimsOf(token)["identityAccessTokenId"] ?? ""

const claimsOf = (token: string): Record<string, string> =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())
