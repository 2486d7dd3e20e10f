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

/** A new project of the first machine identity, with the environments that every project begins with. */
export async function addProject(server: ServerProcess, { admin }: Instance, name: string): Promise<string> {
  const { project } = await post(server, "/api/v1/projects", {
    token: admin.token,
    body: { projectName: name },
  })
  return project.id
}

/** Makes a folder at the top of an environment. */
export async function addFolder(
  server: ServerProcess,
  { admin }: Instance,
  place: { projectId: string; environment: string; name: string },
): Promise<void> {
  await post(server, "/api/v2/folders", { token: admin.token, body: { ...place, path: "/" } })
}

/** Makes secrets named `KEY_0` and on, a batch of a hundred at a time. */
export async function addSecrets(
  server: ServerProcess,
  { admin }: Instance,
  place: { projectId: string; environment: string; secretPath: string },
  count: number,
): Promise<void> {
  for (let first = 0; first < count; first += 100) {
    const secrets = Array.from({ length: Math.min(100, count - first) }, (_, index) => ({
      secretKey: `KEY_${first + index}`,
      secretValue: `value ${first + index} of some thirty letters`,
    }))
    await post(server, "/api/v4/secrets/batch", { token: admin.token, body: { ...place, secrets } })
  }
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
