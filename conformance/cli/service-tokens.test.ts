import { test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, password, server } from "../instance.ts"
import { replay, type Fields } from "../replay.ts"

/*
 * `service-token create`, and what the command line client (v0.43.121) does with such a token: it asks what the token is
 * for, and lists there.
 */
test("a service token, by the command line client", async () => {
  const body = { projectName: "Service tokens of the command line" }
  const { project } = people.ok(
    await server.call("POST /api/v1/projects", { token: organization.adminToken, body }),
  )
  const place = { environment: "dev", secretPath: "/" }
  const listed = (secretPath: string): string =>
    `GET /api/v4/secrets?${new URLSearchParams({
      projectId: project.id,
      environment: "dev",
      secretPath,
      includeImports: "true",
      recursive: "false",
      expandSecretReferences: "true",
      includePersonalOverrides: "true",
      tagSlugs: "",
    }).toString()}`
  const own: Fields = {
    _id: "string",
    name: "string",
    workspace: "string",
    expiresAt: "time",
    createdAt: "time",
    updatedAt: "time",
    scopes: [{ environment: "string", secretPath: "string" }],
  }
  await replay([
    {
      call: "POST /api/v3/auth/login",
      as: "nobody",
      body: { email: organization.adminUsername, password },
      keeps: ({ accessToken }) => ({ token: accessToken }),
    },
    {
      call: "POST /api/v3/auth/select-organization",
      body: { organizationId: organization.id },
      keeps: ({ token }) => ({ token }),
    },
    {
      call: "POST /api/v2/service-token/",
      body: {
        name: "Service token generated via CLI",
        workspaceId: project.id,
        scopes: [place],
        expiresIn: 86_400,
        encryptedKey: "",
        iv: "",
        tag: "",
        randomBytes: "",
        permissions: ["read", "write"],
      },
      decodes: { serviceToken: "string", serviceTokenData: { name: "string", permissions: ["string"] } },
      keeps: ({ serviceToken }) => ({ token: serviceToken }),
    },
    {
      call: "GET /api/v2/service-token",
      decodes: own,
      holds: ({ workspace, scopes }) => [
        [workspace, scopes],
        [project.id, [{ secretPath: "/", environment: "dev" }]],
      ],
    },
    {
      call: "POST /api/v3/secrets/raw/FROM-A-JOB",
      body: { ...place, workspaceId: project.id, type: "shared", secretValue: "1" },
    },
    {
      call: listed("/"),
      decodes: { secrets: [{ _id: "string", secretKey: "string", secretValue: "string" }], imports: "list" },
      holds: ({ secrets }) => [secrets.map((one: { secretKey: string }) => one.secretKey), ["FROM-A-JOB"]],
    },
    { call: listed("/elsewhere"), holds: ({ secrets }) => [secrets, []] },
  ])
})
