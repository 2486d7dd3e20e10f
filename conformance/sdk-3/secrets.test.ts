import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { generatedClient, refusal } from "./client.ts"

const api = generatedClient(server.address, organization.token)
/** The versions of a secret are for people alone; whoever makes the project is in it. */
const ada = generatedClient(server.address, organization.adminToken)
const addProject = async (projectName: string, token = organization.token) =>
  people.ok(await server.call("POST /api/v1/projects", { token, body: { projectName } })).project
const project = await addProject("Secrets of clients")
const [workspaceId, environment] = [project.id as string, "dev"]
const place = { workspaceId, environment, secretPath: "/" }

describe("secrets, by the generated client", () => {
  test("are made, read, listed, changed and deleted", async () => {
    const request = { ...place, secretValue: "one", secretComment: "made", secretReminderRepeatDays: 30 }
    const made = await api.apiV3SecretsRawSecretNamePost({
      secretName: "ONE",
      apiV3SecretsRawSecretNamePostRequest: request,
    })
    const secret = "secret" in made.data ? made.data.secret : assert.fail()
    const read = (await api.apiV3SecretsRawSecretNameGet({ ...place, secretName: "ONE" })).data.secret
    assert.deepEqual([read.id, read.secretValue, read.secretComment], [secret.id, "one", "made"])
    const byId = (await api.apiV3SecretsRawIdSecretIdGet({ secretId: secret.id })).data.secret
    assert.deepEqual([byId.secretPath, byId.secretKey], ["/", "ONE"])
    const listed = (await api.apiV3SecretsRawGet({ ...place, viewSecretValue: "false" })).data.secrets
    assert.deepEqual(
      listed.map((one) => [one.secretKey, one.secretValueHidden]),
      [["ONE", true]],
    )
    const change = { ...place, secretValue: "two", newSecretName: "TWO" }
    const changed = await api.apiV3SecretsRawSecretNamePatch({
      secretName: "ONE",
      apiV3SecretsRawSecretNamePatchRequest: change,
    })
    assert.equal("secret" in changed.data && changed.data.secret.version, 2)
    await api.apiV3SecretsRawSecretNameDelete({
      secretName: "TWO",
      apiV3SecretsRawSecretNameDeleteRequest: place,
    })
    assert.equal((await refusal(api.apiV3SecretsRawIdSecretIdGet({ secretId: secret.id }))).status, 404)
  })

  test("are made, changed and deleted several at once", async () => {
    const keys = ["A", "B"]
    const secrets = keys.map((secretKey) => ({ secretKey, secretValue: secretKey }))
    const batch = { ...place, secrets }
    await api.apiV3SecretsBatchRawPost({ apiV3SecretsBatchRawPostRequest: batch })
    const patched = await api.apiV3SecretsBatchRawPatch({ apiV3SecretsBatchRawPatchRequest: batch })
    const versions = "secrets" in patched.data ? patched.data.secrets.map(({ version }) => version) : []
    assert.deepEqual(versions, [2, 2])
    const gone = { ...place, secrets: keys.map((secretKey) => ({ secretKey })) }
    await api.apiV3SecretsBatchRawDelete({ apiV3SecretsBatchRawDeleteRequest: gone })
    assert.deepEqual((await api.apiV3SecretsRawGet(place)).data.secrets, [])
  })

  test("are moved", async () => {
    const made = await api.apiV3SecretsRawSecretNamePost({
      secretName: "MOVED",
      apiV3SecretsRawSecretNamePostRequest: { ...place, secretValue: "1" },
    })
    const secretId = "secret" in made.data ? made.data.secret.id : assert.fail()
    const ends = { sourceEnvironment: environment, destinationEnvironment: "staging", secretIds: [secretId] }
    const { data } = await api.apiV3SecretsMovePost({
      apiV3SecretsMovePostRequest: { projectSlug: project.slug, ...ends },
    })
    assert.deepEqual(data, { isSourceUpdated: true, isDestinationUpdated: true })
    const there = { ...place, environment: "staging", secretName: "MOVED" }
    assert.equal((await api.apiV3SecretsRawSecretNameGet(there)).data.secret.secretValue, "1")
  })

  test("have versions", async () => {
    const own = await addProject("Secrets of Ada", organization.adminToken)
    const at = { workspaceId: own.id as string, environment, secretPath: "/" }
    const made = await ada.apiV3SecretsRawSecretNamePost({
      secretName: "V",
      apiV3SecretsRawSecretNamePostRequest: { ...at, secretValue: "1" },
    })
    const secretId = "secret" in made.data ? made.data.secret.id : assert.fail()
    const { secretVersions } = (
      await ada.apiV1SecretSecretIdSecretVersionsGet({ secretId, offset: 0, limit: 20 })
    ).data
    assert.deepEqual(
      secretVersions.map(({ version, secretValue }) => [version, secretValue]),
      [[1, "1"]],
    )
  })
})

test("the history of a folder, and the tree of references, by the generated client", async () => {
  const { id: workspaceId } = await addProject("History of clients", organization.adminToken)
  const at = { workspaceId: workspaceId as string, environment, secretPath: "/" }
  const folder = { workspaceId: at.workspaceId, environment, path: "/" }
  for (const [secretName, secretValue] of [
    ["A", "1"],
    ["B", "<${A}>"],
  ] as const) {
    await ada.apiV3SecretsRawSecretNamePost({
      secretName,
      apiV3SecretsRawSecretNamePostRequest: { ...at, secretValue },
    })
  }
  const { tree, value } = (
    await ada.apiV3SecretsRawSecretNameSecretReferenceTreeGet({ ...at, secretName: "B" })
  ).data
  assert.deepEqual(
    [tree.key, tree.children.map(({ key }: { key: string }) => key), value],
    ["B", ["A"], "<1>"],
  )
  const { secretSnapshots } = (await ada.apiV1WorkspaceWorkspaceIdSecretSnapshotsGet(folder)).data
  const { count } = (await ada.apiV1WorkspaceWorkspaceIdSecretSnapshotsCountGet(folder)).data
  assert.deepEqual([secretSnapshots.length, count], [3, 3])
  const secretSnapshotId = secretSnapshots[1]?.id ?? assert.fail()
  const { secretSnapshot } = (await ada.apiV1SecretSnapshotSecretSnapshotIdGet({ secretSnapshotId })).data
  assert.deepEqual(
    secretSnapshot.secretVersions.map((each) => [each.secretKey, each.secretValue]),
    [["A", "1"]],
  )
  await ada.apiV1SecretSnapshotSecretSnapshotIdRollbackPost({ secretSnapshotId })
  const { secrets } = (await ada.apiV3SecretsRawGet(at)).data
  assert.deepEqual(
    secrets.map(({ secretKey }) => secretKey),
    ["A"],
  )
})

test("imports of secrets, by the generated client", async () => {
  const { id, slug } = await addProject("Imports of clients")
  const into = { workspaceId: id as string, environment }
  const { token } = organization
  const secret = { projectId: id, environment: "staging", secretPath: "/", secretValue: "imported" }
  people.ok(await server.call("POST /api/v4/secrets/FAR", { token, body: secret }))
  const made = await api.apiV1SecretImportsPost({
    apiV1SecretImportsPostRequest: { ...into, path: "/", import: { environment: "staging", path: "/" } },
  })
  const { id: secretImportId } = made.data.secretImport
  const listed = (await api.apiV1SecretImportsGet({ ...into, path: "/" })).data.secretImports
  assert.deepEqual(
    listed.map(({ importEnv, importPath, position }) => [importEnv.slug, importPath, position]),
    [["staging", "/", 1]],
  )
  const read = (await api.apiV1SecretImportsSecretImportIdGet({ secretImportId })).data.secretImport
  assert.deepEqual([read.environment.slug, read.secretPath, read.projectId], ["dev", "/", id])
  const raw = (await api.apiV1SecretImportsSecretsRawGet({ ...into, path: "/" })).data.secrets
  assert.deepEqual(
    raw.map((each) => [each.environmentInfo.slug, each.secrets.map(({ secretValue }) => secretValue)]),
    [["staging", ["imported"]]],
  )
  const bySlug = await api.apiV3SecretsRawGet({ workspaceSlug: slug, environment, includeImports: "true" })
  assert.deepEqual(
    bySlug.data.imports?.map(({ secrets }) => secrets.length),
    [1],
  )
  await api.apiV1SecretImportsSecretImportIdPatch({
    secretImportId,
    apiV1SecretImportsSecretImportIdPatchRequest: {
      ...into,
      path: "/",
      import: { environment: "prod", path: "/" },
    },
  })
  await api.apiV1SecretImportsSecretImportIdDelete({
    secretImportId,
    apiV1SecretImportsSecretImportIdDeleteRequest: { ...into, path: "/" },
  })
  assert.equal((await refusal(api.apiV1SecretImportsSecretImportIdGet({ secretImportId }))).status, 404)
})

test("replicated imports, by the generated client", async () => {
  const { id } = await addProject("Replicated imports of clients")
  const into = { workspaceId: id as string, environment, path: "/" }
  const secret = { projectId: id, environment: "staging", secretPath: "/", secretValue: "copied" }
  const { token } = organization
  people.ok(await server.call("POST /api/v4/secrets/FAR", { token, body: secret }))
  const made = await api.apiV1SecretImportsPost({
    apiV1SecretImportsPostRequest: {
      ...into,
      isReplication: true,
      import: { environment: "staging", path: "/" },
    },
  })
  const { id: secretImportId } = made.data.secretImport
  const { message } = (
    await api.apiV1SecretImportsSecretImportIdReplicationResyncPost({
      secretImportId,
      apiV1SecretImportsSecretImportIdReplicationResyncPostRequest: into,
    })
  ).data
  assert.equal(typeof message, "string")
  const copied = async () => (await api.apiV1SecretImportsSecretsRawGet(into)).data.secrets
  // The copies are made in the background, a moment later.
  for (let time = 0; time < 200 && (await copied())[0]?.secrets.length !== 1; time++) await sleep(50)
  assert.deepEqual(
    (await copied()).map((each) => each.secrets.map(({ secretValue }) => secretValue)),
    [["copied"]],
  )
})
