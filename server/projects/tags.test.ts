import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { newId } from "../crypto/ids.ts"
import type { StoredRule } from "../db/rules.ts"
import { startHarness } from "../test/harness.ts"
import type { Answer } from "../test/http.ts"
import * as people from "../test/people.ts"
import { addProject, addProjectRole, putInProject } from "../test/projects.ts"
import { refusing } from "../test/refusals.ts"

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const project = await addProject(harness, acme)
const sibling = await addProject(harness, acme)
const { call } = harness

type Sent = Record<string, unknown>
const tagsOf = ({ id } = project) => `/api/v1/projects/${id}/tags`
const send = (route: string, body?: Sent, token = acme.token): Promise<Answer> =>
  call(route, { token, ...(body ? { body } : {}) })
const addTag = async (slug: string, of = project) =>
  people.ok(await send(`POST ${tagsOf(of)}`, { slug, color: "#ff0000" })).tag

/** Sees that it is refused so, and that nothing but the audit log has changed. */
const refuse = refusing(harness, "but for its record")
const refused = (status: number, ask: () => Promise<Answer>) => refuse(ask, status)

describe("a tag", () => {
  test("is made, found, changed and deleted, on both generations of routes", async () => {
    const { id, createdAt, updatedAt, ...rest } = await addTag("blue")
    const creator = { createdBy: rest.createdBy, createdByActorType: "identity" }
    assert.deepEqual(rest, { slug: "blue", color: "#ff0000", projectId: project.id, ...creator })
    const named = { id, createdAt, updatedAt, ...rest, name: "blue" }
    const older = `/api/v1/workspace/${project.id}/tags`
    assert.deepEqual(people.ok(await send(`GET ${tagsOf()}/${id}`)).tag, named)
    assert.deepEqual(people.ok(await send(`GET ${tagsOf()}/slug/blue`)).tag, named)
    assert.deepEqual(people.ok(await send(`GET ${older}/${id}`)).workspaceTag, named)
    const changed = people.ok(
      await send(`PATCH ${older}/${id}`, { slug: "azure", color: "#0000ff" }),
    ).workspaceTag
    assert.deepEqual([changed.slug, changed.color, changed.id], ["azure", "#0000ff", id])
    const kept = people.ok(await send(`PATCH ${tagsOf()}/${id}`, { color: "#00ffff" })).tag
    assert.deepEqual([kept.slug, kept.color], ["azure", "#00ffff"])
    assert.deepEqual(people.ok(await send(`PATCH ${tagsOf()}/${id}`, {})).tag, kept)
    await addTag("amber")
    const listed = people.ok(await send(`GET ${older}`)).workspaceTags
    assert.deepEqual(
      listed.map((tag: Sent) => tag["slug"]),
      ["amber", "azure"],
    )
    assert.deepEqual(people.ok(await send(`DELETE ${tagsOf()}/${id}`)).tag.slug, "azure")
    await refused(404, () => send(`GET ${tagsOf()}/${id}`))
    await refused(404, () => send(`DELETE ${older}/${id}`))
    assert.notEqual((await addTag("azure")).id, id)
  })

  test("has a slug of its own in its project, however many try at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => send(`POST ${tagsOf()}`, { slug: "race", color: "" })),
    )
    const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other)
    assert.deepEqual(statuses, [200, 400, 400, 400, 400, 400])
    const { id } = await addTag("other")
    await refused(400, () => send(`PATCH ${tagsOf()}/${id}`, { slug: "race" }))
    await addTag("race", sibling)
    await refused(422, () => send(`POST ${tagsOf()}`, { slug: "no slug" }))
    await refused(404, () => send(`GET ${tagsOf(sibling)}/${id}`))
    await refused(404, () => send(`PATCH ${tagsOf(sibling)}/${id}`, { slug: "taken-over" }))
    await refused(404, () => send(`DELETE ${tagsOf(sibling)}/${id}`))
  })
})

describe("the tags of secrets", () => {
  const at = { projectId: project.id, environment: "dev", secretPath: "/" }
  const create = (name: string, body: Sent = {}, token = acme.token) =>
    send(`POST /api/v4/secrets/${name}`, { ...at, secretValue: `value of ${name}`, ...body }, token)
  const update = (name: string, body: Sent, token = acme.token) =>
    send(`PATCH /api/v4/secrets/${name}`, { ...at, ...body }, token)
  const read = (name: string, query: Sent = {}, token = acme.token) =>
    call(`GET /api/v4/secrets${name}?${new URLSearchParams({ ...at, ...query } as never).toString()}`, {
      token,
    })
  const slugsOf = (answer: Answer): string[] =>
    people.ok(answer).secret.tags.map(({ slug }: { slug: string }) => slug)
  const listed = async (query: Sent, token = acme.token): Promise<string[]> =>
    people.ok(await read("", query, token)).secrets.map((one: Sent) => one["secretKey"])
  async function limited(...permissions: StoredRule[]): Promise<string> {
    const { id, token } = await people.addIdentity(harness, acme, "member")
    const slug = `role-${id.slice(-12)}`
    await addProjectRole(harness, project, slug, permissions)
    await putInProject(harness, project, { identityId: id }, slug)
    return token
  }
  const secrets = (action: string[], ...tags: string[]): StoredRule => ({
    subject: "secrets",
    action,
    ...(tags.length > 0 ? { conditions: { secretTags: { $in: tags } } } : {}),
  })

  test("are given, kept, replaced and taken, and show in its versions", async () => {
    const [red, green] = [await addTag("red"), await addTag("green")]
    const made = people.ok(
      await create("TAGGED", { tagIds: [red.id, green.id.toUpperCase(), red.id] }),
    ).secret
    const shown = ({ id, slug, color }: { id: string; slug: string; color: string }) => ({
      id,
      slug,
      color,
      name: slug,
    })
    assert.deepEqual(made.tags, [shown(green), shown(red)])
    assert.deepEqual(people.ok(await read("/TAGGED")).secret, made)
    assert.deepEqual(people.ok(await read("")).secrets, [made])
    assert.deepEqual(slugsOf(await update("TAGGED", { secretComment: "x" })), ["green", "red"])
    assert.deepEqual(slugsOf(await update("TAGGED", { tagIds: [green.id] })), ["green"])
    assert.deepEqual(slugsOf(await read("/TAGGED", { version: "1" })), ["green", "red"])
    assert.deepEqual(slugsOf(await update("TAGGED", { tagIds: [] })), [])
    const batch = { ...at, secrets: [{ secretKey: "TAGGED", tagIds: [red.id] }] }
    const { secrets: changed } = people.ok(
      await send("PATCH /api/v3/secrets/batch/raw", { workspaceId: project.id, ...batch }),
    )
    assert.deepEqual(changed[0].tags, [shown(red)])
    people.ok(await send(`PATCH ${tagsOf()}/${red.id}`, { slug: "crimson" }))
    assert.deepEqual(slugsOf(await read("/TAGGED")), ["crimson"])
    people.ok(await send(`DELETE ${tagsOf()}/${red.id}`))
    assert.deepEqual(slugsOf(await read("/TAGGED")), [])
    const foreign = await addTag("foreign", sibling)
    for (const tagId of [red.id, newId(), "blue", foreign.id]) {
      await refused(404, () => create("UNKNOWN", { tagIds: [tagId] }))
      await refused(404, () => update("TAGGED", { tagIds: [green.id, tagId] }))
    }
  })

  test("are given and taken by their slugs, beside the others, whoever does so at once", async () => {
    for (const slug of ["a", "b", "c"]) await addTag(slug)
    people.ok(await create("RETAGGED"))
    const place = { projectSlug: project.slug, environment: "dev", secretPath: "/" }
    const retag = (verb: string, tagSlugs: string[], name = "RETAGGED", token = acme.token) =>
      send(`${verb} /api/v3/secrets/tags/${name}`, { ...place, tagSlugs }, token)
    const answers = await Promise.all(["a", "b", "c"].map((slug) => retag("POST", [slug])))
    assert.deepEqual(new Set(answers.map((answer) => people.ok(answer).secret.version)), new Set([2, 3, 4]))
    assert.deepEqual(slugsOf(await read("/RETAGGED")), ["a", "b", "c"])
    assert.deepEqual(slugsOf(await retag("DELETE", ["a", "c", "a"])), ["b"])
    assert.deepEqual(slugsOf(await retag("DELETE", ["a"])), ["b"])
    const { secret } = people.ok(await retag("POST", ["a", "b"]))
    assert.deepEqual([secret.secretValueCiphertext, secret.userId, secret.version], ["", null, 7])
    assert.deepEqual(slugsOf(await read("/RETAGGED")), ["a", "b"])
    await refused(404, () => retag("POST", ["c", "unknown"]))
    await refused(404, () => retag("DELETE", ["unknown"]))
    await refused(404, () => retag("POST", ["a"], "ABSENT"))
    await refused(422, () => retag("POST", []))
    const guarded = await limited(secrets(["edit"], "a", "c"))
    await refused(403, () => retag("POST", ["c"], "ABSENT", guarded))
    await refused(403, () => retag("DELETE", ["a"], "RETAGGED", guarded))
    people.ok(await retag("POST", ["c"], "RETAGGED", guarded))
  })

  test("narrow lists to those with one of them, and go along in a move", async () => {
    const [one, two] = [await addTag("one"), await addTag("two")]
    people.ok(await create("WITH_ONE", { tagIds: [one.id] }))
    const both = people.ok(await create("WITH_BOTH", { tagIds: [one.id, two.id] })).secret
    assert.deepEqual(await listed({ tagSlugs: "one" }), ["WITH_BOTH", "WITH_ONE"])
    assert.deepEqual(await listed({ tagSlugs: "two, unknown" }), ["WITH_BOTH"])
    assert.deepEqual(await listed({ tagSlugs: "unknown" }), [])
    const move = { sourceEnvironment: "dev", destinationEnvironment: "prod", secretIds: [both.id] }
    people.ok(await send("POST /api/v4/secrets/move", { projectId: project.id, ...move }))
    assert.deepEqual(slugsOf(await read("/WITH_BOTH", { environment: "prod" })), ["one", "two"])
  })

  test("narrow rights, before a change and after it", async () => {
    const [open, shut] = [await addTag("open"), await addTag("shut")]
    people.ok(await create("OPEN", { tagIds: [open.id] }))
    people.ok(await create("SHUT", { tagIds: [shut.id] }))
    const reader = await limited(secrets(["describeSecret", "readValue"], "open"))
    assert.deepEqual(await listed({}, reader), ["OPEN"])
    people.ok(await read("/OPEN", {}, reader))
    await refused(403, () => read("/SHUT", {}, reader))
    const rest: StoredRule = {
      ...secrets(["create", "edit", "delete", "describeSecret", "readValue"], "open"),
    }
    const writer = await limited(rest)
    people.ok(await create("MADE", { tagIds: [open.id] }, writer))
    await refused(403, () => create("BARE", {}, writer))
    await refused(403, () => update("SHUT", { secretValue: "x" }, writer))
    await refused(403, () => update("OPEN", { tagIds: [] }, writer))
    people.ok(await update("OPEN", { secretValue: "x" }, writer))
    await refused(403, () => send("DELETE /api/v4/secrets/SHUT", at, writer))
    await refused(403, () => send("DELETE /api/v4/secrets/ABSENT", at, writer))
    people.ok(await send("DELETE /api/v4/secrets/MADE", at, writer))
    const forbidden: StoredRule = { ...secrets(["readValue"], "shut"), inverted: true }
    const other = await limited(secrets(["describeSecret", "readValue", "edit"]), forbidden)
    assert.equal(people.ok(await read("/SHUT", {}, other)).secret.secretValueHidden, true)
    await refused(403, () => update("SHUT", { tagIds: [] }, other))
    people.ok(await update("SHUT", { tagIds: [shut.id], secretComment: "x" }, other))
  })
})
