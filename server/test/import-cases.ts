import type { Make, Request } from "./access-cases.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"
import { addProject } from "./projects.ts"

/** A project whose first environment imports the second, with a secret in that. */
async function freshImport(harness: Harness, organization: people.Organization, isReplication = false) {
  const { token } = organization
  const project = await addProject(harness, organization)
  const [at, source] = [
    { projectId: project.id, environment: "dev", path: "/" },
    { environment: "staging", path: "/" },
  ]
  const secret = { projectId: project.id, environment: "staging", secretPath: "/", secretValue: "value" }
  people.ok(await harness.call("POST /api/v4/secrets/IMPORTED", { token, body: secret }))
  const body = { ...at, import: source, isReplication }
  const answer = await harness.call("POST /api/v2/secret-imports", { token, body })
  return { at, id: people.ok(answer).secretImport.id as string }
}

type Shape = (of: Awaited<ReturnType<typeof freshImport>>) => Request

/** A request of today's routes, or of the older ones, where the project is a workspace. */
const both = (id: string, oldId: string, shape: Shape, isReplication = false): Record<string, Make> => ({
  [id]: async (harness, organization) => shape(await freshImport(harness, organization, isReplication)),
  async [oldId](harness, organization) {
    const { query, body, ...request } = shape(await freshImport(harness, organization, isReplication))
    const rename = ({ projectId, ...sent }: Record<string, unknown>) => ({ workspaceId: projectId, ...sent })
    return {
      ...request,
      ...(query ? { query: rename(query) as Record<string, string> } : {}),
      ...(body ? { body: rename(body) } : {}),
    }
  },
})

const ofOne = (id: string) => ({ path: { secretImportId: id } })

/** Requests about imports of secrets, see `cases` in access-cases.ts. */
export const importCases: Record<string, Make> = {
  ...both("createSecretImport", "createSecretImportInWorkspace", ({ at }) => ({
    body: { ...at, import: { environment: "prod", path: "/later" }, isReplication: false },
  })),
  ...both("listSecretImports", "listSecretImportsOfWorkspace", ({ at }) => ({ query: at })),
  ...both("listImportedSecrets", "listImportedSecretsOfWorkspace", ({ at }) => ({ query: at })),
  ...both("getSecretImport", "getSecretImportOfWorkspace", ({ id }) => ofOne(id)),
  ...both("updateSecretImport", "updateSecretImportOfWorkspace", ({ at, id }) => ({
    ...ofOne(id),
    body: { ...at, import: { environment: "prod", path: "/other", position: 1 } },
  })),
  ...both("deleteSecretImport", "deleteSecretImportOfWorkspace", ({ at, id }) => ({
    ...ofOne(id),
    body: at,
  })),
  ...both(
    "resyncSecretImport",
    "resyncSecretImportOfWorkspace",
    ({ at, id }) => ({ ...ofOne(id), body: at }),
    true,
  ),
}
