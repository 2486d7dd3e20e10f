import assert from "node:assert/strict"
import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { replay, type Fields, type Step } from "../replay.ts"

/*
 * What the SDK for Go (v0.7.1) sends for secrets and folders and decodes of the answers, with the further fields that it
 * sends: an empty slug beside the ID, and path parameters repeated in bodies.
 */
const identity = await people.addIdentity(server, organization, "admin")
const credentials = await people.addClientSecret(server, organization, identity.id)
const login: Step = {
  call: "POST /api/v1/auth/universal-auth/login",
  as: "nobody",
  body: { clientId: credentials.clientId, clientSecret: credentials.clientSecret, organizationSlug: "" },
  decodes: { accessToken: "string", expiresIn: "number", accessTokenMaxTTL: "number", tokenType: "string" },
  keeps: ({ accessToken }) => ({ token: accessToken }),
}
const post = async (path: string, body: object) =>
  people.ok(await server.call(`POST ${path}`, { token: identity.token, body }))
const addProject = async (projectName: string): Promise<string> =>
  (await post("/api/v1/projects", { projectName })).project.id
const search = (query: Record<string, string>) => new URLSearchParams(query).toString()

const secretFields: Fields = {
  id: "string",
  workspace: "string",
  environment: "string",
  version: "number",
  type: "string",
  secretKey: "string",
  secretValue: "string",
  secretComment: "string",
  secretPath: "string?",
  secretMetadata: [{ key: "string", value: "string" }],
  tags: [{ id: "string", slug: "string", name: "string", color: "string?" }],
}
const listFields: Fields = {
  secrets: [secretFields],
  imports: [{ secretPath: "string", environment: "string", folderId: "string", secrets: [secretFields] }],
}

describe("the SDK for Go", () => {
  test("makes, retrieves, changes and deletes secrets, one and several", async () => {
    const workspaceId = await addProject("Secrets of Go")
    const { tag } = await post(`/api/v1/projects/${workspaceId}/tags`, { slug: "blue", color: "#0000ff" })
    const place = { workspaceId, environment: "dev", secretPath: "/" }
    const body = { ...place, type: "shared" }
    const flags = { expandSecretReferences: "true", include_imports: "true" }
    const one = `/api/v3/secrets/raw/GO`
    const read = `GET ${one}?${search({ ...place, ...flags, type: "shared" })}`
    const pair = { key: "team", value: "red" }
    await replay([
      login,
      {
        call: `POST ${one}`,
        body: { ...body, secretValue: "1", secretComment: "by Go", skipMultilineEncoding: false },
        decodes: { secret: secretFields },
      },
      {
        call: `PATCH ${one}`,
        body: { ...body, secretValue: "2", skipMultilineEncoding: true },
        decodes: { secret: secretFields },
      },
      {
        call: read,
        decodes: { secret: secretFields },
        holds: ({ secret }) => [
          [secret.secretValue, secret.secretComment, secret.version],
          ["2", "by Go", 2],
        ],
      },
      {
        call: "POST /api/v3/secrets/batch/raw",
        body: {
          ...place,
          secrets: [
            { secretKey: "B_1", secretValue: "b", secretComment: "first", tagIds: [tag.id] },
            { secretKey: "B_2", secretValue: "${GO}", skipMultilineEncoding: true, secretMetadata: [pair] },
          ],
        },
        decodes: { secrets: [secretFields] },
      },
      {
        call: `GET /api/v3/secrets/raw?${search({ ...place, ...flags, workspaceSlug: "", recursive: "true" })}`,
        decodes: listFields,
        holds: ({ secrets: [first, second, third] }) => [
          [first.tags[0].slug, second.secretMetadata, second.secretValue, third.secretKey],
          ["blue", [pair], "2", "GO"],
        ],
      },
      { call: `DELETE ${one}`, body, decodes: { secret: secretFields } },
      { call: read, status: 404, decodes: { message: "string" } },
    ])
  })

  test("lists with imports, and asks for what has changed alone", async () => {
    const workspaceId = await addProject("Lists of Go")
    const place = { workspaceId, environment: "dev", secretPath: "/" }
    const source = { environment: "staging", path: "/" }
    await post("/api/v3/secrets/raw/FAR", { ...place, environment: "staging", secretValue: "far" })
    await post("/api/v1/secret-imports", { workspaceId, environment: "dev", path: "/", import: source })
    const flags = { workspaceSlug: "", expandSecretReferences: "true", include_imports: "true" }
    const list = `GET /api/v3/secrets/raw?${search({ ...place, ...flags, recursive: "false" })}`
    await replay([
      login,
      {
        call: list,
        decodes: listFields,
        holds: ({ imports: [first] }) => [
          [first.environment, first.secrets[0].secretKey],
          ["staging", "FAR"],
        ],
      },
    ])
    const ask = (known: string) =>
      server.call(list, { token: identity.token, headers: { "if-none-match": known } })
    const { headers } = await ask("")
    const tag = String(headers["etag"])
    const unchanged = await ask(tag)
    assert.deepEqual([unchanged.status, unchanged.text], [304, ""])
    await post("/api/v3/secrets/raw/NEAR", { ...place, secretValue: "near" })
    const changed = await ask(tag)
    assert.equal(people.ok(changed).secrets.length, 1)
    assert.notEqual(changed.headers["etag"], tag)
  })

  test("makes, lists, renames and deletes folders", async () => {
    const workspaceId = await addProject("Folders of Go")
    const place = { workspaceId, environment: "dev" }
    const folder: Fields = {
      id: "string",
      name: "string",
      version: "number",
      createdAt: "time",
      updatedAt: "time",
      envId: "string",
      parentId: "string?",
      isReserved: "boolean",
    }
    const list = `GET /api/v1/folders?${search(place)}`
    await replay([
      login,
      {
        call: "POST /api/v1/folders",
        body: { ...place, name: "go", path: "/" },
        decodes: { folder },
        keeps: (answer) => ({ folderId: answer.folder.id }),
      },
      { call: list, decodes: { folders: [folder] }, holds: ({ folders }) => [folders[0].name, "go"] },
      {
        call: ({ folderId }) => `PATCH /api/v1/folders/${folderId}`,
        body: { ...place, name: "went", path: "/" },
        decodes: { folder },
        holds: (answer) => [answer.folder.name, "went"],
      },
      {
        call: ({ folderId }) => `DELETE /api/v1/folders/${folderId}`,
        body: { ...place, path: "/" },
        decodes: { folder },
      },
      { call: list, holds: ({ folders }) => [folders, []] },
    ])
  })
})
