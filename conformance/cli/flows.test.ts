import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, password, server } from "../instance.ts"
import { replay, type Fields, type Step } from "../replay.ts"

/*
 * What the command line client (v0.43.121), the SDK for Go beneath it (v0.7) and the GitHub Action send, flow by flow,
 * with the slashes, forms and further fields that they send.
 */
const machineLogin: Fields = {
  accessToken: "string",
  expiresIn: "number",
  accessTokenMaxTTL: "number",
  tokenType: "string",
}
const identity = await people.addIdentity(server, organization, "member")
const { clientId, clientSecret } = await people.addClientSecret(server, organization, identity.id, {
  settings: { accessTokenTTL: 3600, accessTokenMaxTTL: 7200 },
})
const adminIdentity = await people.addIdentity(server, organization, "admin")
const admin = await people.addClientSecret(server, organization, adminIdentity.id, {
  settings: { accessTokenTTL: 3600, accessTokenMaxTTL: 7200 },
})
const keepToken: NonNullable<Step["keeps"]> = ({ accessToken }) => ({ token: accessToken })
const status: Step = {
  call: "GET /api/v1/identities/details",
  decodes: { identityDetails: { organization: { id: "string", name: "string", slug: "string" } } },
}
/** An access token is a JWT whose claims the status is printed from. */
const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>

describe("the command line client", () => {
  test("bootstrap, of a server that is set up already", () =>
    replay([
      {
        call: "POST /api/v1/admin/bootstrap",
        as: "nobody",
        body: { email: "eve@example.com", password, organization: "Eve", domain: server.address },
        status: 400,
        decodes: { message: "string", reqId: "string", error: "string" },
      },
    ]))

  test("login by password, init, and login status", () =>
    replay([
      {
        call: "POST /api/v3/auth/login",
        as: "nobody",
        body: { email: organization.adminUsername, password },
        decodes: { accessToken: "string" },
        keeps: keepToken,
      },
      {
        call: "POST /api/v3/auth/select-organization",
        body: { organizationId: organization.id },
        decodes: { token: "string", isMfaEnabled: "boolean" },
        keeps: ({ token }) => ({ token }),
        holds: ({ token }) => [claimsOf(token)["organizationId"], organization.id],
      },
      { call: "GET /api/v1/organization", decodes: { organizations: [{ id: "string", name: "string" }] } },
      {
        call: "GET /api/v1/organization/accessible-with-sub-orgs",
        decodes: { organizations: [{ id: "string", name: "string", subOrganizations: "list" }] },
      },
      {
        call: "GET /api/v1/workspace",
        decodes: { workspaces: [{ _id: "string", name: "string", orgId: "string" }] },
      },
      { call: "POST /api/v1/auth/checkAuth", decodes: { message: "string" } },
    ]))

  test("login by universal auth, with a slash behind the path, and login status", () =>
    replay([
      {
        call: "POST /api/v1/auth/universal-auth/login/",
        as: "nobody",
        body: { clientId, clientSecret },
        decodes: machineLogin,
        keeps: keepToken,
        holds: ({ accessToken }) => {
          const { identityId, identityName, authMethod, orgId, exp } = claimsOf(accessToken)
          return [
            [identityId, identityName, authMethod, orgId, typeof exp],
            [identity.id, "member machine", "universal-auth", organization.id, "number"],
          ]
        },
      },
      status,
    ]))

  test("the agent renews its token without a header and revokes it at the end", () =>
    replay([
      {
        call: "POST /api/v1/auth/universal-auth/login",
        as: "nobody",
        body: { clientId, clientSecret, organizationSlug: "" },
        decodes: machineLogin,
        keeps: keepToken,
      },
      {
        call: "POST /api/v1/auth/token/renew",
        as: "nobody",
        body: ({ token }) => ({ accessToken: token }),
        decodes: machineLogin,
        keeps: keepToken,
      },
      status,
      {
        call: "POST /api/v1/auth/token/revoke",
        as: "nobody",
        body: ({ token }) => ({ accessToken: token }),
        decodes: { message: "string" },
      },
      { call: status.call, status: 401 },
    ]))
})

test("folders, by the command line client", async () => {
  const body = { projectName: "Folders of the command line" }
  const { project } = people.ok(
    await server.call("POST /api/v1/projects", { token: organization.adminToken, body }),
  )
  const place = { workspaceId: project.id as string, environment: "dev" }
  const list = `GET /api/v1/folders?${new URLSearchParams({ ...place, directory: "/" }).toString()}`
  await replay([
    {
      call: "POST /api/v3/auth/login",
      as: "nobody",
      body: { email: organization.adminUsername, password },
      keeps: keepToken,
    },
    {
      call: "POST /api/v3/auth/select-organization",
      body: { organizationId: organization.id },
      keeps: ({ token }) => ({ token }),
    },
    {
      call: "POST /api/v1/folders",
      body: { ...place, name: "cli", path: "/" },
      decodes: { folder: { id: "string", name: "string" } },
    },
    {
      call: list,
      decodes: { folders: [{ id: "string", name: "string" }] },
      holds: ({ folders: [folder] }) => [folder.name, "cli"],
    },
    {
      call: "DELETE /api/v1/folders/cli",
      body: { ...place, folderName: "cli", directory: "/" },
    },
    { call: list, holds: ({ folders }) => [folders, []] },
  ])
})

test("secrets, by the command line client", async () => {
  const { token } = adminIdentity
  const { project } = people.ok(
    await server.call("POST /api/v1/projects", { token, body: { projectName: "Of the command line" } }),
  )
  const place = { environment: "dev", secretPath: "/" }
  const query = (more: Record<string, string>) => new URLSearchParams({ ...place, ...more }).toString()
  const flags = { recursive: "false", expandSecretReferences: "true", tagSlugs: "" }
  const list = `GET /api/v4/secrets?${query({
    ...flags,
    projectId: project.id,
    includeImports: "true",
    includePersonalOverrides: "true",
  })}`
  const decoded: Fields = {
    _id: "string",
    version: "number",
    workspace: "string",
    type: "string",
    environment: "string",
    secretKey: "string",
    secretValue: "string",
    secretComment: "string",
    secretPath: "string",
    skipMultilineEncoding: "boolean",
    tags: "list",
  }
  const body = { ...place, workspaceId: project.id as string, type: "shared" }
  const login: Step = {
    call: "POST /api/v1/auth/universal-auth/login",
    as: "nobody",
    body: { clientId: admin.clientId, clientSecret: admin.clientSecret },
    keeps: keepToken,
  }
  await replay([
    login,
    { call: list, decodes: { secrets: [decoded], imports: "list" } },
    {
      call: "POST /api/v3/secrets/raw/TEST-SECRET-1",
      body: { ...body, secretValue: "test-value-1", secretComment: "", skipMultilineEncoding: false },
      decodes: { secret: decoded },
    },
    {
      call: "PATCH /api/v3/secrets/raw/TEST-SECRET-1",
      body: { ...body, secretValue: "test-value-2" },
    },
    {
      call: list,
      decodes: { secrets: [decoded], imports: "list" },
      holds: ({ secrets }) => [secrets[0].secretValue, "test-value-2"],
    },
    {
      call: `GET /api/v4/secrets/TEST-SECRET-1?${query({ projectId: project.id, includeImports: "true", type: "shared" })}`,
      decodes: { secret: decoded },
    },
    { call: "DELETE /api/v3/secrets/raw/TEST-SECRET-1", body: { ...body, secretName: "TEST-SECRET-1" } },
    { call: list, holds: ({ secrets }) => [secrets, []] },
    {
      call: list.replace("environment=dev", "environment=invalid-env"),
      status: 404,
      decodes: { message: "string", error: "string" },
      holds: ({ message }) => [
        message,
        `Environment with slug 'invalid-env' in project with ID ${project.id} not found`,
      ],
    },
  ])
})

test("secrets set with tags, by the command line client", async () => {
  const { token } = adminIdentity
  const made = await server.call("POST /api/v1/projects", {
    token,
    body: { projectName: "Tags of the command line" },
  })
  const projectId = people.ok(made).project.id as string
  const tags = `/api/v1/projects/${projectId}/tags`
  const tag: Fields = { id: "string", slug: "string", name: "string" }
  const place = { workspaceId: projectId, environment: "dev", secretPath: "/", type: "shared" }
  const list = `GET /api/v4/secrets?${new URLSearchParams({
    projectId,
    environment: "dev",
    secretPath: "/",
    tagSlugs: "cli",
    includePersonalOverrides: "true",
  }).toString()}`
  await replay([
    {
      call: "POST /api/v1/auth/universal-auth/login",
      as: "nobody",
      body: { clientId: admin.clientId, clientSecret: admin.clientSecret },
      keeps: keepToken,
    },
    {
      call: `GET /api/v1/workspace/${projectId}`,
      decodes: { workspace: { id: "string", name: "string", slug: "string" } },
    },
    { call: `GET ${tags}/slug/cli`, status: 404 },
    {
      call: `POST ${tags}`,
      body: { slug: "cli", color: "" },
      decodes: { tag: { ...tag, name: "string?" } },
      keeps: (answer) => ({ tagId: answer.tag.id }),
    },
    { call: `GET ${tags}/slug/cli`, decodes: { tag } },
    {
      call: "POST /api/v3/secrets/raw/TAGGED",
      body: ({ tagId }) => ({ ...place, secretValue: "1", tagIds: [tagId] }),
    },
    {
      call: list,
      decodes: {
        secrets: [
          { _id: "string", tags: [{ id: "string", slug: "string", name: "string", color: "string?" }] },
        ],
      },
      holds: ({ secrets: [secret] }) => [secret.tags[0].slug, "cli"],
    },
    { call: "PATCH /api/v3/secrets/raw/TAGGED", body: { ...place, secretValue: "2", tagIds: [] } },
    { call: list, holds: ({ secrets }) => [secrets, []] },
  ])
})

test("the command line client's own examples, with a folder and an import", async () => {
  const { token } = adminIdentity
  const call = async (route: string, body: Record<string, unknown>) =>
    people.ok(await server.call(route, { token, body }))
  const { project } = await call("POST /api/v1/projects", { projectName: "Examples of the command line" })
  const projectId = project.id as string
  const values = { dev: "test-value", staging: "staging-value" }
  const add = (environment: string, secretPath: string, name: string, secretValue: string) =>
    call(`POST /api/v4/secrets/${name}`, { projectId, environment, secretPath, secretValue })
  for (const each of [1, 2, 3]) await add("dev", "/", `TEST-SECRET-${each}`, `${values.dev}-${each}`)
  for (const each of [1, 2]) await add("staging", "/", `STAGING-SECRET-${each}`, `${values.staging}-${each}`)
  await call("POST /api/v2/folders", { projectId, environment: "dev", path: "/", name: "test-folder" })
  await add("dev", "/test-folder", "FOLDER-SECRET-1", "folder-value-1")
  const source = { environment: "staging", path: "/" }
  await call("POST /api/v2/secret-imports", { projectId, environment: "dev", path: "/", import: source })
  const list = (includeImports: boolean, recursive: boolean): string =>
    `GET /api/v4/secrets?${new URLSearchParams({
      projectId,
      environment: "dev",
      secretPath: "/",
      includeImports: String(includeImports),
      recursive: String(recursive),
      expandSecretReferences: "true",
      includePersonalOverrides: "true",
      tagSlugs: "",
    }).toString()}`
  type Listed = { secretKey: string; secretValue: string }[]
  const pairs = ({ secrets, imports }: { secrets: Listed; imports: { secrets: Listed }[] }) =>
    [...secrets, ...imports.flatMap((each) => each.secrets)]
      .map(({ secretKey, secretValue }) => `${secretKey}=${secretValue}`)
      .toSorted()
  const plain = [1, 2, 3].map((each) => `TEST-SECRET-${each}=test-value-${each}`)
  const imported = [1, 2].map((each) => `STAGING-SECRET-${each}=staging-value-${each}`)
  const all = ["FOLDER-SECRET-1=folder-value-1", ...imported, ...plain]
  await replay([
    {
      call: "POST /api/v1/auth/universal-auth/login",
      as: "nobody",
      body: { clientId: admin.clientId, clientSecret: admin.clientSecret },
      keeps: keepToken,
    },
    { call: list(false, false), holds: (answer) => [pairs(answer), plain] },
    { call: list(true, false), holds: (answer) => [pairs(answer), [...imported, ...plain]] },
    { call: list(true, true), holds: (answer) => [pairs(answer), all] },
  ])
})

test("the GitHub Action logs in by a form", () =>
  replay([
    {
      call: "POST /api/v1/auth/universal-auth/login",
      as: "nobody",
      form: () => ({ clientId, clientSecret }),
      decodes: machineLogin,
      keeps: keepToken,
    },
    status,
  ]))
