import type { Answer } from "./http.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"
import { addProject, addProjectRole, putInProject } from "./projects.ts"
import { becomes } from "./replicas.ts"

export type Sent = Record<string, unknown>
/** A place as `environment:path`. */
export const placeOf = (text: string): { environment: string; path: string } => {
  const [environment = "", path = ""] = text.split(":")
  return { environment, path }
}
export const search = (query: Record<string, string>) => new URLSearchParams(query).toString()

/** A project of its own, and what a test does in it as its admin, or as somebody else. */
export async function freshProject(harness: Harness, acme: people.Organization, token = acme.token) {
  const { call } = harness
  const project = await addProject(harness, acme)
  const at = (text: string) => ({ projectId: project.id, ...placeOf(text) })
  const secretAt = (text: string) => {
    const { path: secretPath, ...rest } = at(text)
    return { ...rest, secretPath }
  }
  const own = {
    project,
    at,
    secretAt,
    send: (route: string, body: object, by = token): Promise<Answer> => call(route, { token: by, body }),
    async folder(text: string): Promise<string> {
      const { path, ...rest } = at(text)
      const parent = path.slice(0, path.lastIndexOf("/")) || "/"
      const body = { ...rest, path: parent, name: path.slice(path.lastIndexOf("/") + 1) }
      return people.ok(await own.send("POST /api/v2/folders", body)).folder.id
    },
    async add(text: string, name: string, more: object = {}): Promise<string> {
      const body = { ...secretAt(text), secretValue: `${name} of ${text}`, ...more }
      return people.ok(await own.send(`POST /api/v4/secrets/${name}`, body)).secret.id
    },
    change: async (text: string, name: string, body: object) =>
      people.ok(await own.send(`PATCH /api/v4/secrets/${name}`, { ...secretAt(text), ...body })),
    tryImport: (into: string, source: string, by = token) =>
      own.send(
        "POST /api/v2/secret-imports",
        { ...at(into), import: placeOf(source), isReplication: true },
        by,
      ),
    async import(into: string, source: string): Promise<string> {
      return people.ok(await own.tryImport(into, source)).secretImport.id
    },
    get: async (id: string) =>
      people.ok(await call(`GET /api/v2/secret-imports/${id}`, { token })).secretImport,
    resync: (id: string, into: string, by = token) =>
      own.send(`POST /api/v2/secret-imports/${id}/replication-resync`, at(into), by),
    async list(text: string, by = token): Promise<Sent[]> {
      const query = search({ ...secretAt(text), includeImports: "true" })
      return people.ok(await call(`GET /api/v4/secrets?${query}`, { token: by })).imports
    },
    /** The names and values that a folder imports, one import after the other. */
    values: async (text: string, by = token): Promise<Record<string, unknown>[]> =>
      (await own.list(text, by)).map(({ secrets }) =>
        Object.fromEntries((secrets as Sent[]).map((each) => [each["secretKey"], each["secretValue"]])),
      ),
    becomes: (text: string, values: Record<string, string>) => becomes(() => own.values(text), [values]),
  }
  return own
}

export type Replicating = Awaited<ReturnType<typeof freshProject>>

/** Somebody with a role of these rules in a project. */
export async function withRules(
  harness: Harness,
  acme: people.Organization,
  own: Replicating,
  rules: unknown[],
): Promise<string> {
  const { id, token } = await people.addIdentity(harness, acme, "member")
  await addProjectRole(harness, own.project, `role-${id}`, rules as never)
  await putInProject(harness, own.project, { identityId: id }, `role-${id}`)
  return token
}
