import assert from "node:assert/strict"
import { createCipheriv } from "node:crypto"
import { after, test } from "node:test"
import { keyFile, loadKeys, readKey, writeDurably } from "../admin/keys.ts"
import { replaceEncryptionKey } from "../admin/root-key.ts"
import { earlierSeal } from "../auth/totp.ts"
import { localRootKey } from "../crypto/root-key.ts"
import { createSeal } from "../crypto/seal.ts"
import { derive } from "../crypto/keys.ts"
import { newId } from "../crypto/ids.ts"
import { createRootKeyWorld, endRootKeyWorld, rootKeyRound } from "../test/root-key-rounds.ts"
import { changeRootKey } from "./root-change.ts"
import { loadInstanceKeys } from "./instance-key.ts"

// More than one batch.
const world = await createRootKeyWorld(620)
after(() => endRootKeyWorld(world))
const db = world.database.queries
const newKey = "6c1fe4e407b8911c104518103505b218"

/** As it was sealed before there were data keys. */
function sealEarlier(encryptionKey: string, text: string, words: string[]): Buffer {
  const nonce = Buffer.alloc(12, 5)
  const cipher = createCipheriv("aes-256-gcm", derive(encryptionKey, "second factors v1"), nonce)
  cipher.setAAD(Buffer.from(words.join("|")))
  return Buffer.concat([Buffer.of(1), nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()])
}

async function addAuthenticator(seal: (text: string, words: string[]) => Buffer): Promise<string> {
  const id = newId()
  await db
    .insertInto("users")
    .values({ id, username: `${id}@example.com`, email: `${id}@example.com` })
    .execute()
  await db
    .insertInto("authenticators")
    .values({
      user_id: id,
      sealed_secret: seal(`secret of ${id}`, ["authenticators", "sealed_secret", id]),
      sealed_recovery_codes: seal(`codes of ${id}`, ["authenticators", "sealed_recovery_codes", id]),
    })
    .execute()
  return id
}

test("killed in the midst three times, a replacement of the root key is finished by running it again", async () => {
  for (const delayMs of [0, 40, 120]) {
    const { wrong } = await rootKeyRound(world, delayMs)
    assert.deepEqual(wrong, [], `${delayMs} ms`)
  }
})

test("killed when the database had changed and the file not, it is finished by running it again", async () => {
  const path = keyFile("ENCRYPTION_KEY", world.config)
  const oldKey = (await readKey(path)) ?? assert.fail()
  await writeDurably(`${path}.next`, "00112233445566778899aabbccddeeff")
  await changeRootKey(db, { oldKey, newKey: "00112233445566778899aabbccddeeff" })
  await assert.rejects(loadKeys(db, world.config), /is not the key/)
  const other = { ...world.config, newEncryptionKey: "ffeeddccbbaa99887766554433221100" }
  await assert.rejects(replaceEncryptionKey(db, other), /run it again without NEW_ENCRYPTION_KEY/)
  assert.equal((await replaceEncryptionKey(db, world.config)).result, undefined)
  assert.equal(await readKey(path), "00112233445566778899aabbccddeeff")
  assert.equal(await readKey(`${path}.next`), undefined)
  await loadKeys(db, world.config)
})

test("a replacement seals anew what depends on the root key itself, and leaves the rest as it is", async () => {
  const { encryptionKey: oldKey } = await loadKeys(db, world.config)
  const instance = await loadInstanceKeys(db, localRootKey(oldKey))
  const seal = createSeal(instance.dataKey, earlierSeal(oldKey))
  const early = await addAuthenticator((text, words) => sealEarlier(oldKey, text, words))
  const late = await addAuthenticator((text, [table = "", column = "", id = ""]) =>
    seal.close(text, { table, column, id }),
  )
  const rows = () => db.selectFrom("authenticators").selectAll().orderBy("user_id").execute()
  const [, lateBefore] = await rows()

  assert.deepEqual(await changeRootKey(db, { oldKey, newKey }), { keys: 621, secondFactors: 1 })
  assert.equal(await changeRootKey(db, { oldKey, newKey }), undefined)
  const [, lateAfter] = await rows()
  assert.deepEqual(lateAfter, lateBefore)

  const changed = await loadInstanceKeys(db, localRootKey(newKey))
  assert.deepEqual([changed.instanceId, changed.dataKey.id], [instance.instanceId, instance.dataKey.id])
  const sealAfter = createSeal(changed.dataKey, earlierSeal(newKey))
  for (const row of await rows()) {
    const place = { table: "authenticators", id: row.user_id }
    const secret = sealAfter.open(row.sealed_secret ?? assert.fail(), { ...place, column: "sealed_secret" })
    const codes = sealAfter.open(row.sealed_recovery_codes ?? assert.fail(), {
      ...place,
      column: "sealed_recovery_codes",
    })
    assert.deepEqual([secret, codes], [`secret of ${row.user_id}`, `codes of ${row.user_id}`])
  }
  assert.deepEqual(
    (await rows()).map((row) => row.user_id),
    [early, late],
  )
  await assert.rejects(loadInstanceKeys(db, localRootKey(oldKey)), /another root key/)
})

test("a replacement by who does not have the old key changes nothing", async () => {
  const state = () =>
    Promise.all([
      db.selectFrom("instance_encryption").selectAll().execute(),
      db.selectFrom("instance_keys").selectAll().execute(),
      db.selectFrom("organization_keys").selectAll().orderBy("org_id").execute(),
    ])
  const before = await state()
  const wrongKey = (await readKey(keyFile("ENCRYPTION_KEY", world.config))) ?? assert.fail()
  await assert.rejects(changeRootKey(db, { oldKey: wrongKey, newKey: "0123456789abcdef0123456789abcdef" }))
  assert.deepEqual(await state(), before)
})
