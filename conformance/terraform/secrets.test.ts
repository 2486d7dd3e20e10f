import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { replay, type Fields, type Step } from "../replay.ts"

/*
 * What the Terraform provider sends for folders and secrets, see `resources.test.ts`.
 */

/** The provider logs in by universal auth first, as a machine identity that may do everything. */
const identityOfTerraform = await people.addIdentity(server, organization, "admin")
const secret = await people.addClientSecret(server, organization, identityOfTerraform.id)
const login: Step = {
  call: "POST /api/v1/auth/universal-auth/login",
  as: "nobody",
  body: { clientId: secret.clientId, clientSecret: secret.clientSecret },
  decodes: { accessToken: "string", expiresIn: "number", accessTokenMaxTTL: "number", tokenType: "string" },
  keeps: ({ accessToken }) => ({ token: accessToken }),
}
const apply = (...steps: Step[]): Promise<void> => replay([login, ...steps])

describe("Terraform, in a project", () => {
  const folder: Fields = {
    id: "string",
    name: "string",
    envId: "string",
    path: "string",
    description: "string?",
  }
  const folderRead: Fields = {
    folder: {
      ...folder,
      projectId: "string",
      environment: { envId: "string", envName: "string", envSlug: "string" },
    },
  }

  test("infisical_secret_folder and its data source", async () => {
    const { project } = people.ok(
      await server.call("POST /api/v1/projects", {
        token: identityOfTerraform.token,
        body: { projectName: "Folders of Terraform" },
      }),
    )
    const place = { environment: "dev", workspaceId: project.id as string, path: "/" }
    const listed = `GET /api/v1/folders?${new URLSearchParams(place).toString()}`
    await apply(
      {
        call: "POST /api/v1/folders",
        body: { ...place, name: "tf", description: "By Terraform" },
        decodes: { folder },
        keeps: (answer) => ({ folderId: answer.folder.id }),
      },
      { call: ({ folderId }) => `GET /api/v1/folders/${folderId}`, decodes: folderRead },
      { call: listed, decodes: { folders: [folder] } },
      {
        call: ({ folderId }) => `PATCH /api/v1/folders/${folderId}`,
        body: ({ folderId }) => ({ ...place, id: folderId, name: "tf-2", description: "Changed" }),
        decodes: { folder },
      },
      {
        call: ({ folderId }) => `GET /api/v1/folders/${folderId}`,
        decodes: folderRead,
        holds: (answer) => [
          [answer.folder.name, answer.folder.path, answer.folder.description],
          ["tf-2", "/tf-2", "Changed"],
        ],
      },
      {
        call: ({ folderId }) => `DELETE /api/v2/folders/${folderId}`,
        body: ({ folderId }) => ({
          id: folderId,
          environment: "dev",
          projectId: project.id as string,
          path: "/",
          forceDelete: false,
        }),
        decodes: { folder },
      },
      { call: ({ folderId }) => `GET /api/v1/folders/${folderId}`, status: 404 },
    )
  })

  const secretRead: Fields = {
    secret: {
      id: "string",
      version: "number",
      workspace: "string",
      type: "string",
      environment: "string",
      secretKey: "string",
      secretValue: "string",
      secretComment: "string",
      secretPath: "string",
      updatedAt: "time",
      secretReminderNote: "string?",
      secretReminderRepeatDays: "number?",
      secretMetadata: [{ key: "string", value: "string", isEncrypted: "boolean?" }],
      tags: [{ id: "string", slug: "string", color: "string?", name: "string" }],
    },
  }

  test("infisical_secret, ephemeral or not, and its data sources", async () => {
    const { project } = people.ok(
      await server.call("POST /api/v1/projects", {
        token: identityOfTerraform.token,
        body: { projectName: "Secrets of Terraform" },
      }),
    )
    const workspaceId = project.id as string
    const of = { workspaceId, environment: "dev", secretPath: "/" }
    const place = { ...of, type: "shared", secretReminderNote: "", secretReminderRepeatDays: 0 }
    const byId = ({ secretId }: Record<string, string>) => `GET /api/v3/secrets/raw/id/${secretId}`
    const query = (more: Record<string, string>) => new URLSearchParams({ ...of, ...more }).toString()
    const byName = `GET /api/v3/secrets/raw/TF_2?${query({ type: "shared", viewSecretValue: "true" })}`
    const list = `GET /api/v3/secrets/raw?${query({ expandSecretReferences: "true" })}`
    const metadata = [
      { key: "by", value: "tf", isEncrypted: false },
      { key: "pin", value: "1234", isEncrypted: true },
    ]
    const noted = { secretReminderNote: "renew", secretReminderRepeatDays: 30 }
    const tags = ({ tagId = "" }: Record<string, string>) => ({ tagIds: [tagId] })
    await apply(
      {
        call: `POST /api/v1/workspace/${workspaceId}/tags`,
        body: { name: "blue", slug: "blue", color: "#0000ff", projectId: workspaceId },
        keeps: (answer) => ({ tagId: answer.workspaceTag.id }),
      },
      {
        call: "POST /api/v3/secrets/raw/TF",
        body: {
          ...place,
          secretKey: "TF",
          secretValue: "1",
          secretComment: "",
          tagIds: [],
          secretMetadata: metadata,
        },
        decodes: secretRead,
        keeps: (answer) => ({ secretId: answer.secret.id }),
      },
      {
        call: byId,
        decodes: secretRead,
        holds: ({ secret: { secretValue, secretMetadata } }) => [
          [secretValue, secretMetadata.map(({ key, value }: Record<string, string>) => [key, value])],
          ["1", metadata.map(({ key, value }) => [key, value])],
        ],
      },
      {
        call: "PATCH /api/v3/secrets/raw/TF",
        body: (known) => {
          const change = { secretName: "TF", newSecretName: "TF_2", secretValue: "2", secretMetadata: [] }
          return { ...place, ...noted, ...change, ...tags(known) }
        },
      },
      ...[byId, byName].map((call): Step => ({
        call,
        decodes: secretRead,
        holds: ({ secret }, known) => [
          [secret.secretKey, secret.secretValue, secret.secretMetadata, secret.tags[0].id],
          ["TF_2", "2", [], known["tagId"]],
        ],
      })),
      {
        call: list,
        decodes: { secrets: [secretRead["secret"] as Fields] },
        holds: ({ secrets: [{ secretReminderNote, secretReminderRepeatDays }] }) => [
          { secretReminderNote, secretReminderRepeatDays },
          noted,
        ],
      },
      { call: "DELETE /api/v3/secrets/raw/TF_2", body: { ...of, type: "shared", secretName: "TF_2" } },
      { call: byId, status: 404 },
      { call: byName, status: 404 },
    )
  })

  test("infisical_secret_tag", async () => {
    const { project } = people.ok(
      await server.call("POST /api/v1/projects", {
        token: identityOfTerraform.token,
        body: { projectName: "Tags of Terraform" },
      }),
    )
    const projectId = project.id as string
    const tags = `/api/v1/workspace/${projectId}/tags`
    const tag = { id: "string", slug: "string", color: "string?", projectId: "string" } satisfies Fields
    const decodes: Fields = { workspaceTag: tag }
    const byId = ({ tagId }: Record<string, string>) => `GET ${tags}/${tagId}`
    await apply(
      {
        call: `POST ${tags}`,
        body: { name: "blue", slug: "blue", color: "#0000ff", projectId },
        decodes,
        keeps: (answer) => ({ tagId: answer.workspaceTag.id }),
      },
      { call: byId, decodes: { workspaceTag: { ...tag, name: "string" } } },
      { call: `GET ${tags}/slug/blue`, decodes },
      { call: `GET ${tags}`, decodes: { workspaceTags: [tag] } },
      {
        call: ({ tagId }) => `PATCH ${tags}/${tagId}`,
        body: ({ tagId }) => ({ name: "azure", slug: "azure", projectId, tagId }),
        decodes,
      },
      { call: byId, decodes, holds: ({ workspaceTag }) => [workspaceTag.slug, "azure"] },
      { call: ({ tagId }) => `DELETE ${tags}/${tagId}`, decodes },
      { call: byId, status: 404 },
    )
  })

  test("infisical_secret_import", async () => {
    const { project } = people.ok(
      await server.call("POST /api/v1/projects", {
        token: identityOfTerraform.token,
        body: { projectName: "Imports of Terraform" },
      }),
    )
    const place = { workspaceId: project.id as string, environment: "dev", path: "/" }
    const source = { isReplication: true, import: { environment: "staging", path: "/" } }
    const listed = `GET /api/v1/secret-imports?${new URLSearchParams(place).toString()}`
    const byId = ({ importId }: Record<string, string>) => `GET /api/v1/secret-imports/${importId}`
    const environment: Fields = { id: "string", name: "string", slug: "string" }
    const read: Fields = {
      secretImport: {
        id: "string",
        secretPath: "string",
        importPath: "string",
        projectId: "string",
        isReplication: "boolean",
        importEnv: environment,
        environment,
      },
    }
    const written: Fields = { secretImport: { id: "string", importPath: "string" } }
    await apply(
      { call: listed, decodes: { secretImports: "list" } },
      {
        call: "POST /api/v1/secret-imports",
        body: { ...place, ...source },
        decodes: written,
        keeps: (answer) => ({ importId: answer.secretImport.id }),
      },
      { call: byId, decodes: read, holds: (answer) => [answer.secretImport.isReplication, true] },
      {
        call: ({ importId }) => `PATCH /api/v1/secret-imports/${importId}`,
        body: ({ importId }) => ({
          ...place,
          id: importId,
          isReplication: true,
          import: { environment: "prod", path: "/" },
        }),
        decodes: written,
      },
      { call: byId, decodes: read, holds: (answer) => [answer.secretImport.importEnv.slug, "prod"] },
      { call: listed, decodes: { secretImports: [{ id: "string", importPath: "string" }] } },
      {
        call: ({ importId }) => `DELETE /api/v1/secret-imports/${importId}`,
        body: ({ importId }) => ({ ...place, id: importId }),
        decodes: written,
      },
      { call: byId, status: 404 },
    )
  })
})
