import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { describe, test } from "node:test"
import { newId } from "./ids.ts"
import { localRootKey } from "./root-key.ts"
import { instanceKeyContext, organizationKeyContext, projectKeyContext, wrappingKey } from "./wrapping.ts"

const owner = { instance: newId(), orgId: newId() }
const keyId = newId()
const secret = randomBytes(32)

describe("a key wrapped by the root key", () => {
  const root = localRootKey("6c1fe4e407b8911c104518103505b218")
  const context = organizationKeyContext(owner, keyId, 1)

  test("is unwrapped for just these words", async () => {
    const wrapped = await root.wrap(secret, context)
    assert.deepEqual(await root.unwrap(wrapped, context), secret)
    for (const other of [
      organizationKeyContext({ ...owner, orgId: newId() }, keyId, 1),
      organizationKeyContext({ ...owner, instance: newId() }, keyId, 1),
      organizationKeyContext(owner, newId(), 1),
      organizationKeyContext(owner, keyId, 2),
      instanceKeyContext(owner.instance, keyId, 1),
    ]) {
      await assert.rejects(root.unwrap(wrapped, other))
    }
  })

  test("is refused by every other root key, which has another id", async () => {
    const wrapped = await root.wrap(secret, context)
    const other = localRootKey("6c1fe4e407b8911c104518103505b219")
    assert.notEqual(other.keyId, root.keyId)
    await assert.rejects(other.unwrap(wrapped, context))
    assert.deepEqual(await localRootKey("6c1fe4e407b8911c104518103505b218").unwrap(wrapped, context), secret)
  })

  test("does not hold the key in any readable form, nor does the root key", async () => {
    const wrapped = await root.wrap(secret, context)
    assert.ok(!wrapped.includes(secret.subarray(0, 4)))
    assert.ok(!JSON.stringify(root).includes("6c1f"))
  })
})

describe("a key wrapped by another key", () => {
  const context = projectKeyContext({ orgId: owner.orgId, projectId: newId() }, keyId, 1)

  test("is unwrapped for just these words, by this key alone", () => {
    const given = randomBytes(32)
    const key = wrappingKey(newId(), given)
    assert.deepEqual(given, Buffer.alloc(32))
    const wrapped = key.wrap(secret, context)
    assert.deepEqual(key.unwrap(wrapped, context), secret)
    const other = projectKeyContext({ orgId: owner.orgId, projectId: newId() }, keyId, 1)
    assert.throws(() => key.unwrap(wrapped, other))
    assert.throws(() => wrappingKey(key.id, randomBytes(32)).unwrap(wrapped, context))
    for (let length = 0; length < wrapped.length; length++) {
      assert.throws(() => key.unwrap(wrapped.subarray(0, length), context))
    }
  })

  test("is not unwrapped once that key was wiped", () => {
    const key = wrappingKey(newId(), randomBytes(32))
    const wrapped = key.wrap(secret, context)
    key.wipe()
    assert.throws(() => key.unwrap(wrapped, context), /taken out of memory/)
    assert.throws(() => key.wrap(secret, context), /taken out of memory/)
  })
})
