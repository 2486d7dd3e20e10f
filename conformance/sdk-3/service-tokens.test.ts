import assert from "node:assert/strict"
import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { generatedClient, refusal } from "./client.ts"

/** Service tokens are made by people. */
const ada = generatedClient(server.address, organization.adminToken)
const made = await server.call("POST /api/v1/projects", {
  token: organization.adminToken,
  body: { projectName: "Service tokens of clients" },
})
const workspaceId = people.ok(made).project.id as string

describe("service tokens of a project, by the generated client", () => {
  test("are made, listed, used and deleted", async () => {
    const place = { workspaceId, environment: "dev", secretPath: "/" }
    await ada.apiV3SecretsRawSecretNamePost({
      secretName: "SERVED",
      apiV3SecretsRawSecretNamePostRequest: { ...place, secretValue: "1" },
    })
    const scopes = [{ environment: "dev", secretPath: "/**" }]
    const request = {
      name: "Job",
      workspaceId,
      scopes,
      encryptedKey: "",
      iv: "",
      tag: "",
      expiresIn: 3_600,
      permissions: ["read" as const],
    }
    const { serviceToken, serviceTokenData } = (
      await ada.apiV2ServiceTokenPost({ apiV2ServiceTokenPostRequest: request })
    ).data
    const { data } = await ada.apiV1WorkspaceWorkspaceIdServiceTokenDataGet({ workspaceId })
    assert.deepEqual(
      data.serviceTokenData.map(({ id, name }) => [id, name]),
      [[serviceTokenData.id, "Job"]],
    )
    const job = generatedClient(server.address, serviceToken)
    const own = (await job.apiV2ServiceTokenGet()).data
    assert.deepEqual([own._id, own.workspace, own.scopes], [serviceTokenData.id, workspaceId, scopes])
    const listed = (await job.apiV3SecretsRawGet(place)).data.secrets
    assert.deepEqual(
      listed.map(({ secretKey, secretValue }) => [secretKey, secretValue]),
      [["SERVED", "1"]],
    )
    assert.deepEqual((await job.apiV3SecretsRawGet({ ...place, environment: "prod" })).data.secrets, [])
    const { id: serviceTokenId } = serviceTokenData
    await ada.apiV2ServiceTokenServiceTokenIdDelete({ serviceTokenId })
    assert.equal((await refusal(job.apiV2ServiceTokenGet())).status, 404)
    assert.equal((await refusal(ada.apiV2ServiceTokenServiceTokenIdDelete({ serviceTokenId }))).status, 404)
  })
})
