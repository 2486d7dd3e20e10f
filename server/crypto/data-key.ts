import { createHmac, createSecretKey, type KeyObject } from "node:crypto"
import { namedKey, openBlob, sealBlob, type NamedKey } from "./blob.ts"
import { derive } from "./keys.ts"

/**
 * Where a sealed value stands; it opens there alone. Ids are UUIDs of rows, never names, which change; what does not
 * apply is "". The version is the row's: a value of an earlier version put back does not open.
 */
export type Place = {
  table: string
  column: string
  orgId: string
  projectId: string
  /** The id of the environment. */ environment: string
  rowId: string
  version: number
}

const wordsOf = ({ table, column, orgId, projectId, environment, rowId, version }: Place): string[] => [
  table,
  column,
  // As the database writes them, however the caller of an endpoint has.
  orgId.toLowerCase(),
  projectId.toLowerCase(),
  environment.toLowerCase(),
  rowId.toLowerCase(),
  String(version),
]

/** A key that encrypts values, and hashes them for columns that are searched for equal ones. */
export type DataKey = {
  readonly id: string
  readonly isWiped: boolean
  seal(text: string, place: Place): Buffer
  /** Throws when the value was changed, moved from its place, or sealed under another key. */
  open(sealed: Buffer, place: Place): string
  /** A keyed hash of 32 bytes: equal for equal texts of one column under one key, and for nothing else. */
  index(column: string, text: string): Buffer
  /** Lets the key go, which is good for nothing from then on. */ wipe(): void
}

/** Makes a data key of 32 bytes, which it overwrites: the caller has no key left. */
export function dataKey(id: string, secret: Buffer): DataKey {
  let named: NamedKey | undefined = namedKey(id, derive(secret, "enc/v1"))
  const forIndexes = Buffer.from(secret)
  secret.fill(0)
  const indexKeys = new Map<string, KeyObject>()
  const ready = (): NamedKey => {
    if (!named) throw new Error("The key was taken out of memory.")
    return named
  }
  return {
    id,
    get isWiped() {
      return !named
    },
    seal(text, place) {
      return sealBlob(ready(), Buffer.from(text, "utf8"), wordsOf(place))
    },
    open(sealed, place) {
      return openBlob(ready(), sealed, wordsOf(place)).toString("utf8")
    },
    index(column, text) {
      ready()
      const key = indexKeys.get(column) ?? createSecretKey(derive(forIndexes, `bidx/v1/${column}`))
      indexKeys.set(column, key)
      return createHmac("sha256", key).update(text).digest()
    },
    wipe() {
      named = undefined
      forIndexes.fill(0)
      indexKeys.clear()
    },
  }
}
