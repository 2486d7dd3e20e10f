import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { after, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { newId } from "../crypto/ids.ts"
import { localRootKey, RootKeyUnavailable, type RootKey } from "../crypto/root-key.ts"
import { projectKeyContext } from "../crypto/wrapping.ts"
import { openDatabase, singleConnection } from "../db/database.ts"
import { DomainError } from "../errors.ts"
import { createTestDatabase } from "../test/databases.ts"
import { root as folder, waitingFor } from "../test/processes.ts"
import { loadInstanceKeys } from "./instance-key.ts"
import { createOrganizationKeys, destroyOrganizationKeys } from "./organization-keys.ts"

const database = await createTestDatabase()
const { queries: db, close } = openDatabase(database.connection, 4)
after(async () => {
  await close()
  await database.drop()
})

const rootText = "6c1fe4e407b8911c104518103505b218"
const root = localRootKey(rootText)
const { instanceId } = await loadInstanceKeys(db, root)
const secret = randomBytes(32)

async function addOrganization(): Promise<string> {
  const id = newId()
  await db
    .insertInto("organizations")
    .values({ id, name: "Acme", slug: `acme-${id}` })
    .execute()
  return id
}
const keysOf = (orgId: string) =>
  db.selectFrom("organization_keys").selectAll().where("org_id", "=", orgId).orderBy("version").execute()
const contextIn = (orgId: string) => projectKeyContext({ orgId, projectId: newId() }, newId(), 1)
const keysBy = (by: RootKey) => createOrganizationKeys({ db, root: by, instanceId })

/** A root key that counts how often it is asked. */
function counting(): RootKey & { asked: number } {
  const counted = {
    asked: 0,
    keyId: root.keyId,
    wrap: (...given: Parameters<RootKey["wrap"]>) => root.wrap(...given),
    unwrap(...given: Parameters<RootKey["unwrap"]>) {
      counted.asked++
      return root.unwrap(...given)
    },
  }
  return counted
}

describe("the key of an organization", () => {
  test("is made when it is first needed, once, and is wrapped", async () => {
    const orgId = await addOrganization()
    const keys = keysBy(root)
    assert.deepEqual(await keysOf(orgId), [])
    const context = contextIn(orgId)
    const { byKeyId, wrapped } = await keys.wrap(orgId, secret, context)
    const again = await keys.wrap(orgId, secret, context)
    assert.equal(again.byKeyId, byKeyId)
    const rows = await keysOf(orgId)
    assert.deepEqual(
      rows.map(({ id, version, root_key_id: by }) => [id, version, by]),
      [[byKeyId, 1, root.keyId]],
    )
    assert.equal(rows[0]?.wrapped_key?.length, 46 + 32)

    const elsewhere = keysBy(localRootKey(rootText))
    assert.deepEqual(await elsewhere.unwrap({ orgId, keyId: byKeyId }, wrapped, context), secret)
    await assert.rejects(elsewhere.unwrap({ orgId, keyId: byKeyId }, wrapped, contextIn(orgId)))
  })

  test("is not that of another organization, though its row be moved there", async () => {
    const [orgId, otherId] = [await addOrganization(), await addOrganization()]
    const { byKeyId, wrapped } = await keysBy(root).wrap(orgId, secret, contextIn(orgId))
    await assert.rejects(keysBy(root).unwrap({ orgId: otherId, keyId: byKeyId }, wrapped, contextIn(orgId)))
    const [row] = await keysOf(orgId)
    await db
      .insertInto("organization_keys")
      .values({ ...(row ?? assert.fail()), org_id: otherId })
      .execute()
    await assert.rejects(keysBy(root).wrap(otherId, secret, contextIn(otherId)), /was changed/)
  })

  test("is made once by processes that need it at once", { timeout: 60_000 }, async () => {
    const orgId = await addOrganization()
    const gate = singleConnection(database.connection)
    await gate.connect()
    await gate.query("begin; lock table organization_keys in share row exclusive mode")
    const script = `${folder}server/test/key-maker.ts`
    const running = Promise.all(
      [1, 2].map(() => promisify(execFile)(process.execPath, [script, database.url, rootText, orgId])),
    )
    while ((await waitingFor(gate, "organization_keys")) < 2) await sleep(10)
    await gate.query("commit")
    await gate.end()
    const outputs = (await running).map(({ stdout }) => stdout.trim())
    const rows = await keysOf(orgId)
    assert.deepEqual(
      rows.map(({ version }) => version),
      [1],
    )
    assert.deepEqual(outputs, [`${rows[0]?.id} true`, `${rows[0]?.id} true`])
  })

  test("is made once by 50 who need it at once in one process", async () => {
    const orgId = await addOrganization()
    const keys = keysBy(root)
    const made = await Promise.all(
      Array.from({ length: 50 }, () => keys.wrap(orgId, secret, contextIn(orgId))),
    )
    assert.equal(new Set(made.map(({ byKeyId }) => byKeyId)).size, 1)
    assert.equal((await keysOf(orgId)).length, 1)
  })

  test("is unwrapped once for many uses", async () => {
    const orgId = await addOrganization()
    const asked = counting()
    const keys = keysBy(asked)
    const context = contextIn(orgId)
    const { byKeyId, wrapped } = await keys.wrap(orgId, secret, context)
    for (let use = 0; use < 20; use++) await keys.unwrap({ orgId, keyId: byKeyId }, wrapped, context)
    assert.equal(asked.asked, 1)
    keys.clear()
    await keys.unwrap({ orgId, keyId: byKeyId }, wrapped, context)
    assert.equal(asked.asked, 2)
  })

  test("may be renewed: what the one before wrapped is unwrapped by it still", async () => {
    const orgId = await addOrganization()
    const keys = keysBy(root)
    const context = contextIn(orgId)
    const first = await keys.wrap(orgId, secret, context)
    const renewed = await keys.renew(orgId)
    const second = await keys.wrap(orgId, secret, context)
    assert.deepEqual([second.byKeyId, renewed === first.byKeyId], [renewed, false])
    for (const { byKeyId, wrapped } of [first, second]) {
      assert.deepEqual(await keys.unwrap({ orgId, keyId: byKeyId }, wrapped, context), secret)
    }
    assert.deepEqual(
      (await keysOf(orgId)).map(({ version }) => version),
      [1, 2],
    )
  })

  test("that is destroyed opens nothing, and none is made in its place", async () => {
    const orgId = await addOrganization()
    const context = contextIn(orgId)
    const { byKeyId, wrapped } = await keysBy(root).wrap(orgId, secret, context)
    await destroyOrganizationKeys(db, orgId)
    const rows = await keysOf(orgId)
    assert.deepEqual(
      rows.map((row) => [row.wrapped_key, row.destroyed_at !== null]),
      [[null, true]],
    )
    const keys = keysBy(root)
    await assert.rejects(keys.unwrap({ orgId, keyId: byKeyId }, wrapped, context), /was destroyed/)
    await assert.rejects(keys.wrap(orgId, secret, context), /has no key and gets none/)
    await assert.rejects(keys.renew(orgId), /has no key and gets none/)
  })

  test("is not made for an organization that was deleted or never there", async () => {
    const orgId = await addOrganization()
    await db.updateTable("organizations").set({ deleted_at: new Date() }).where("id", "=", orgId).execute()
    for (const id of [orgId, newId()]) {
      await assert.rejects(keysBy(root).wrap(id, secret, contextIn(id)), /has no key and gets none/)
      assert.deepEqual(await keysOf(id), [])
    }
  })
})

describe("a root key", () => {
  const isUnavailable = (error: unknown) => error instanceof DomainError && error.kind === "Unavailable"

  test("that was replaced makes no key and opens none", async () => {
    const [orgId, newOrgId] = [await addOrganization(), await addOrganization()]
    const context = contextIn(orgId)
    const { byKeyId, wrapped } = await keysBy(root).wrap(orgId, secret, context)
    const other = keysBy(localRootKey("6c1fe4e407b8911c104518103505b219"))
    await assert.rejects(other.wrap(newOrgId, secret, contextIn(newOrgId)), isUnavailable)
    await assert.rejects(other.unwrap({ orgId, keyId: byKeyId }, wrapped, context), isUnavailable)
    assert.deepEqual(await keysOf(newOrgId), [])
    await assert.rejects(
      loadInstanceKeys(db, localRootKey("6c1fe4e407b8911c104518103505b219")),
      /another root/,
    )
  })

  test("that does not answer is not needed for keys in memory, and is an outage for the others", async () => {
    const [orgId, otherId] = [await addOrganization(), await addOrganization()]
    let isAway = false
    const service: RootKey = {
      keyId: root.keyId,
      async wrap(...given) {
        if (isAway) throw new RootKeyUnavailable("timeout")
        return root.wrap(...given)
      },
      async unwrap(...given) {
        if (isAway) throw new RootKeyUnavailable("timeout")
        return root.unwrap(...given)
      },
    }
    const keys = keysBy(service)
    const context = contextIn(orgId)
    const { byKeyId, wrapped } = await keys.wrap(orgId, secret, context)
    isAway = true
    assert.deepEqual(await keys.unwrap({ orgId, keyId: byKeyId }, wrapped, context), secret)
    await assert.rejects(keys.wrap(otherId, secret, context), isUnavailable)
    keys.clear()
    await assert.rejects(keys.unwrap({ orgId, keyId: byKeyId }, wrapped, context), isUnavailable)
    assert.deepEqual(await keysOf(otherId), [])
  })
})

test("the instance has one key of its own, whoever asks", async () => {
  const loaded = await Promise.all([1, 2, 3].map(() => loadInstanceKeys(db, localRootKey(rootText))))
  assert.equal(new Set(loaded.map(({ dataKey }) => dataKey.id)).size, 1)
  assert.equal((await db.selectFrom("instance_data_keys").selectAll().execute()).length, 1)
})
