import type { Make, Request } from "./access-cases.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"
import { addProject } from "./projects.ts"

let made = 0
const fresh = (what: string): string => `${what}-${++made}`

/** A project with a secret in its first environment. */
async function freshSecret(harness: Harness, organization: people.Organization) {
  const project = await addProject(harness, organization)
  const at = { projectId: project.id, projectSlug: project.slug, environment: "dev", secretPath: "/" }
  const name = fresh("SECRET")
  const answer = await harness.call(`POST /api/v4/secrets/${name}`, {
    token: organization.token,
    body: { ...at, secretValue: "value" },
  })
  return { project, at, name, id: people.ok(answer).secret.id as string }
}

const details = () => ({
  secretComment: "made for a test",
  secretMetadata: [
    { key: "owner", value: "test" },
    { key: "hidden", value: "too", isEncrypted: true },
  ],
  tagIds: [],
  skipMultilineEncoding: true,
  secretReminderNote: "renew",
  secretReminderRepeatDays: 30,
})

type Shape = (of: Awaited<ReturnType<typeof freshSecret>>) => Request

/** A request of today's routes, or of the older ones, where the project is a workspace. */
const both = (id: string, oldId: string, shape: Shape): Record<string, Make> => ({
  [id]: async (harness, organization) => shape(await freshSecret(harness, organization)),
  [oldId]: async (harness, organization) => renamed(shape(await freshSecret(harness, organization))),
})

function renamed({ query, body, ...request }: Request): Request {
  const rename = ({ projectId, projectSlug, ...sent }: Record<string, unknown>) => ({
    workspaceId: projectId,
    workspaceSlug: projectSlug,
    projectSlug,
    ...sent,
  })
  return {
    ...request,
    ...(query ? { query: rename(query) as Record<string, string> } : {}),
    ...(body ? { body: rename(body) } : {}),
  }
}

const change = (name: string) => ({
  ...details(),
  secretValue: "changed",
  newSecretName: `${name}-RENAMED`,
})

const retag: Make = async (harness, organization) => {
  const { project, at, name } = await freshSecret(harness, organization)
  const tag = { slug: fresh("tag"), color: "#ff0000" }
  people.ok(
    await harness.call(`POST /api/v1/projects/${project.id}/tags`, { token: organization.token, body: tag }),
  )
  return renamed({ path: { secretName: name }, body: { ...at, type: "shared", tagSlugs: [tag.slug] } })
}

/** Requests about secrets, see `cases` in access-cases.ts. */
export const secretCases: Record<string, Make> = {
  ...both("listSecrets", "listRawSecrets", ({ at }) => ({
    query: { ...at, recursive: "true", viewSecretValue: "True" },
  })),
  ...both("getSecretByName", "getRawSecretByName", ({ at, name }) => ({
    path: { secretName: name },
    query: { ...at, type: "shared", version: "1" },
  })),
  getSecretById: async (harness, organization) => ({
    path: { secretId: (await freshSecret(harness, organization)).id },
  }),
  getRawSecretById: async (harness, organization) => ({
    path: { secretId: (await freshSecret(harness, organization)).id },
  }),
  listSecretVersions: async (harness, organization) => ({
    path: { secretId: (await freshSecret(harness, organization)).id },
    query: { offset: "0", limit: "20" },
  }),
  rollBackSecret: async (harness, organization) => ({
    path: { secretId: (await freshSecret(harness, organization)).id },
    body: { version: 1 },
  }),
  ...both("moveSecrets", "moveRawSecrets", ({ at: { projectId, projectSlug }, id }) => ({
    body: {
      projectId,
      projectSlug,
      sourceEnvironment: "dev",
      sourceSecretPath: "/",
      destinationEnvironment: "staging",
      destinationSecretPath: "/",
      secretIds: [id],
      shouldOverwrite: true,
    },
  })),
  getSecretReferenceTree: async (harness, organization) => {
    const { at, name } = await freshSecret(harness, organization)
    return renamed({ path: { secretName: name }, query: at })
  },
  attachSecretTags: retag,
  detachSecretTags: retag,
  ...both("createSecret", "createRawSecret", ({ at }) => ({
    path: { secretName: fresh("NEW") },
    body: { ...at, type: "shared", secretValue: "value", ...details() },
  })),
  ...both("updateSecret", "updateRawSecret", ({ at, name }) => ({
    path: { secretName: name },
    body: { ...at, type: "shared", ...change(name) },
  })),
  ...both("deleteSecret", "deleteRawSecret", ({ at, name }) => ({
    path: { secretName: name },
    body: { ...at, type: "shared" },
  })),
  ...both("createSecrets", "createRawSecrets", ({ at }) => ({
    body: { ...at, secrets: [{ secretKey: fresh("NEW"), secretValue: "value", ...details() }] },
  })),
  ...both("updateSecrets", "updateRawSecrets", ({ at, name }) => ({
    body: {
      ...at,
      mode: "failOnNotFound",
      secrets: [{ secretKey: name, secretPath: "/", ...change(name) }],
    },
  })),
  ...both("deleteSecrets", "deleteRawSecrets", ({ at, name }) => ({
    body: { ...at, secrets: [{ secretKey: name, type: "shared" }] },
  })),
}
