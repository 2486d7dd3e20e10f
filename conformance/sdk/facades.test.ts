import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { InfisicalSDK as Sdk3 } from "infisical-sdk-3"
import { InfisicalSDK as Sdk4 } from "infisical-sdk-4"
import { InfisicalSDK as Sdk5, SecretType } from "@infisical/sdk"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"

/*
 * What the SDK for Node.js offers about secrets and what they lie in, in three generations that send it differently: by
 * a generated client, by axios, and by fetch.
 */
type Sdk = Sdk3 | Sdk4 | Sdk5
const settings = { siteUrl: server.address }
const generations: Record<string, () => Sdk> = {
  "3.0.91": () => new Sdk3(settings),
  "4.0.6": () => new Sdk4(settings),
  "5.0.2": () => new Sdk5(settings),
}

const identity = await people.addIdentity(server, organization, "admin")
const lifetimes = { accessTokenTTL: 3600, accessTokenMaxTTL: 7200 }
const { clientId, clientSecret } = await people.addClientSecret(server, organization, identity.id, {
  settings: lifetimes,
})
const post = async (path: string, body: object) =>
  people.ok(await server.call(`POST ${path}`, { token: identity.token, body }))

/** What of an answer the tests look at; the types of the generations differ. */
const fieldsOf = (answer: object, ...names: string[]): unknown[] =>
  names.map((name) => (answer as Record<string, unknown>)[name])
const pairs = (secrets: { secretKey: string; secretValue: string }[]) =>
  secrets.map(({ secretKey, secretValue }) => [secretKey, secretValue])

for (const [version, create] of Object.entries(generations)) {
  describe(`@infisical/sdk ${version}`, () => {
    const logIn = async (): Promise<Sdk> => {
      const client = await create().auth().universalAuth.login({ clientId, clientSecret })
      return client.auth().universalAuth.renew()
    }

    /** A project of the client's own making, and a place in it. */
    async function makeProject(client: Sdk, purpose: string) {
      const projectName = `${purpose} of ${version}`
      const project = await client.projects().create({ projectName, type: "secret-manager" })
      return { project, at: { projectId: project.id, environment: "dev" } }
    }

    test("makes a project with people, environments and folders", async () => {
      const client = await logIn()
      const { project } = await makeProject(client, "Project")
      assert.deepEqual(fieldsOf(project, "name", "type", "orgId"), [
        `Project of ${version}`,
        "secret-manager",
        organization.id,
      ])
      const memberships = await client
        .projects()
        .inviteMembers({ projectId: project.id, emails: [organization.adminUsername], roleSlugs: ["member"] })
      assert.deepEqual(
        memberships.map(({ projectId }) => projectId),
        [project.id],
      )
      const environment = await client
        .environments()
        .create({ projectId: project.id, name: "Quality", slug: "qa", position: 2 })
      assert.deepEqual(fieldsOf(environment, "slug", "name", "position", "projectId"), [
        "qa",
        "Quality",
        2,
        project.id,
      ])
      const at = { projectId: project.id, environment: "qa" }
      const folder = await client
        .folders()
        .create({ ...at, name: "inner", path: "/outer", description: "By a client" })
      assert.deepEqual(fieldsOf(folder, "name", "envId", "description"), [
        "inner",
        environment.id,
        "By a client",
      ])
      const folders = client.folders()
      if ("listFolders" in folders) {
        const listed = await folders.listFolders({ ...at, path: "/outer" })
        assert.deepEqual(
          listed.map(({ id }) => id),
          [folder.id],
        )
        assert.equal((await folders.listFolders({ ...at, recursive: true })).length, 2)
      } else assert.equal(version, "3.0.91")
    })

    test("makes, reads, changes and deletes a secret with all that it has", async () => {
      const client = await logIn()
      const { at } = await makeProject(client, "Secrets")
      const { tag } = await post(`/api/v1/projects/${at.projectId}/tags`, { slug: "blue", color: "#0000ff" })
      await client.folders().create({ ...at, name: "deep", path: "/" })
      const place = { ...at, secretPath: "/deep" }
      const note = { secretReminderNote: "renew", secretReminderRepeatDays: 7 }
      const more = { ...note, secretComment: "why", skipMultilineEncoding: true, tagIds: [tag.id as string] }
      const made = await client.secrets().createSecret("TOKEN", { ...place, ...more, secretValue: " one\n" })
      assert.ok("secret" in made && typeof made.secret === "object")
      assert.deepEqual(fieldsOf(made.secret, "secretKey", "secretValue", "version"), ["TOKEN", "one\n", 1])

      const read = await client.secrets().getSecret({ ...place, secretName: "TOKEN" })
      const names = [
        "secretComment",
        "secretReminderNote",
        "secretReminderRepeatDays",
        "skipMultilineEncoding",
      ]
      assert.deepEqual(fieldsOf(read, ...names, "secretPath"), ["why", "renew", 7, true, "/deep"])
      const tags = (read.tags ?? []) as unknown as { id: string; slug: string }[]
      assert.deepEqual(
        tags.map(({ id, slug }) => [id, slug]),
        [[tag.id, "blue"]],
      )
      const hidden = { ...place, secretName: "TOKEN", viewSecretValue: false }
      assert.deepEqual(fieldsOf(await client.secrets().getSecret(hidden), "secretValueHidden"), [true])

      const change = { ...place, newSecretName: "TOKEN_2", secretValue: "two", metadata: { by: "a client" } }
      await client.secrets().updateSecret("TOKEN", change)
      const names2 = ["secretValue", "version", "secretComment"]
      const changed = await client.secrets().getSecret({ ...place, secretName: "TOKEN_2" })
      assert.deepEqual(fieldsOf(changed, ...names2), ["two", 2, "why"])
      const earlier = await client.secrets().getSecret({ ...place, secretName: "TOKEN_2", version: 1 })
      assert.deepEqual(fieldsOf(earlier, ...names2), ["one\n", 1, "why"])
      await client.secrets().deleteSecret("TOKEN_2", place)
      await assert.rejects(client.secrets().getSecret({ ...place, secretName: "TOKEN_2" }), {
        name: "InfisicalSDKRequestError",
        message: /\[StatusCode=404\] .*TOKEN_2/,
      })
    })

    test("lists secrets with references, imports, deeper folders and by tags", async () => {
      const client = await logIn()
      const { at } = await makeProject(client, "Lists")
      const { projectId } = at
      const { tag } = await post(`/api/v1/projects/${projectId}/tags`, { slug: "blue", color: "#0000ff" })
      const staging = { projectId, environment: "staging" }
      await client.folders().create({ ...at, name: "deep", path: "/" })
      await client.secrets().createSecret("FAR", { ...staging, secretValue: "far" })
      await client.secrets().createSecret("SHARED_KEY", { ...staging, secretValue: "hidden by dev's own" })
      const unique = `LISTED_BY_${version.replaceAll(".", "_")}`
      const value = "${staging.FAR} and ${SHARED_KEY}"
      await client.secrets().createSecret("SHARED_KEY", { ...at, secretValue: "near" })
      await client.secrets().createSecret(unique, { ...at, secretValue: value, tagIds: [tag.id as string] })
      await client.secrets().createSecret("BELOW", { ...at, secretPath: "/deep", secretValue: "below" })
      const source = { environment: "staging", path: "/" }
      await post("/api/v2/secret-imports", { ...at, path: "/", import: source })

      const own = [
        [unique, "far and near"],
        ["SHARED_KEY", "near"],
      ]
      const plain = await client.secrets().listSecrets(at)
      assert.deepEqual([pairs(plain.secrets), plain.imports ?? []], [own, []])
      const raw = await client.secrets().listSecrets({ ...at, expandSecretReferences: false })
      assert.deepEqual(pairs(raw.secrets)[0], [unique, value])
      const all = await client.secrets().listSecrets({ ...at, includeImports: true, recursive: true })
      assert.deepEqual(
        Object.fromEntries(pairs(all.secrets)),
        Object.fromEntries([...own, ["BELOW", "below"]]),
      )
      assert.deepEqual(
        all.imports?.map((each) => [each.environment, each.secretPath, pairs(each.secrets).length]),
        [["staging", "/", 2]],
      )
      const merged = await client.secrets().listSecretsWithImports(at)
      assert.deepEqual(pairs(merged), [...own, ["FAR", "far"]])
      const tagged = await client.secrets().listSecrets({ ...at, tagSlugs: ["blue", "none"] })
      assert.deepEqual(pairs(tagged.secrets), own.slice(0, 1))
      const unseen = await client.secrets().listSecrets({ ...at, viewSecretValue: false })
      assert.ok(unseen.secrets.every(({ secretValueHidden }) => secretValueHidden))
      const one = await client.secrets().getSecret({ ...at, secretName: "FAR", includeImports: true })
      assert.equal(one.secretValue, "far")

      // Which the oldest does not know yet.
      await client.secrets().listSecrets({ ...at, attachToProcessEnv: true })
      assert.equal(process.env[unique], version === "3.0.91" ? undefined : "far and near")
      delete process.env[unique]
      const nowhere = { ...at, environment: "none" }
      assert.deepEqual((await client.secrets().listSecrets(nowhere)).secrets, [])
      await assert.rejects(client.secrets().createSecret("NOWHERE", { ...nowhere, secretValue: "1" }), {
        message: new RegExp(`Environment with slug 'none' in project with ID ${projectId} not found`),
      })
    })
  })
}

test("a personal secret lies over the shared one for whoever it belongs to, by @infisical/sdk 5", async () => {
  const { project } = people.ok(
    await server.call("POST /api/v1/projects", {
      token: organization.adminToken,
      body: { projectName: "Personal" },
    }),
  )
  const client = new Sdk5(settings).auth().accessToken(organization.adminToken)
  const at = { projectId: project.id as string, environment: "dev" }
  await client.secrets().createSecret("MINE", { ...at, secretValue: "everybody's" })
  const personal = { ...at, type: SecretType.Personal }
  await client.secrets().createSecret("MINE", { ...personal, secretValue: "my own" })
  const valueOf = async (type: SecretType) =>
    (await client.secrets().getSecret({ ...at, secretName: "MINE", type })).secretValue
  const both = [await valueOf(SecretType.Personal), await valueOf(SecretType.Shared)]
  assert.deepEqual(both, ["my own", "everybody's"])
  await client.secrets().updateSecret("MINE", { ...personal, secretValue: "my newer one" })
  assert.equal(await valueOf(SecretType.Personal), "my newer one")
  await client.secrets().deleteSecret("MINE", personal)
  const { secrets } = await client.secrets().listSecrets(at)
  assert.deepEqual(pairs(secrets), [["MINE", "everybody's"]])
})
