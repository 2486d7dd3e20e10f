/** A key in memory. */
export type Wipeable = { readonly id: string; readonly isWiped: boolean; wipe(): void }

/** Plain keys, for a short time: what leaves is overwritten. */
export type KeyCache<Key extends Wipeable> = {
  readonly size: number
  /** The key if it is there and not too old; it becomes the last to be pushed out. */ get(
    id: string,
  ): Key | undefined
  /** Keeps a key, and pushes out the one that was not used for longest when there are too many. */
  put(key: Key): void
  /** Overwrites a key and forgets it. */ drop(id: string): void
  /** Overwrites and forgets all keys whose ids begin so. */ dropAll(prefix: string): void
  /** Overwrites all keys and forgets them. */ clear(): void
}

type Limits = { maxKeys: number; maxAgeMs: number; now?: () => number }

/** At most 1,000 keys, each for five minutes from when it was unwrapped, used or not. */
export const usualLimits: Limits = { maxKeys: 1_000, maxAgeMs: 300_000 }

/** Looks for keys that are too old by itself, too, so that none stays because nobody asks for it. */
export function createKeyCache<Key extends Wipeable>({
  maxKeys,
  maxAgeMs,
  now = Date.now,
}: Limits): KeyCache<Key> {
  // In the order of use, the latest last.
  const held = new Map<string, { key: Key; since: number }>()
  let sweep: NodeJS.Timeout | undefined

  function drop(id: string): void {
    held.get(id)?.key.wipe()
    held.delete(id)
  }
  function sweepOld(): void {
    for (const [id, { since }] of held) if (now() - since >= maxAgeMs) drop(id)
    if (held.size === 0) stopSweeping()
  }
  function stopSweeping(): void {
    clearInterval(sweep)
    sweep = undefined
  }
  return {
    get size() {
      return held.size
    },
    get(id) {
      const found = held.get(id)
      if (!found) return undefined
      if (now() - found.since >= maxAgeMs) {
        drop(id)
        return undefined
      }
      held.delete(id)
      held.set(id, found)
      return found.key
    },
    put(key) {
      drop(key.id)
      held.set(key.id, { key, since: now() })
      const [oldest] = held.keys()
      if (held.size > maxKeys && oldest !== undefined) drop(oldest)
      sweep ??= setInterval(sweepOld, maxAgeMs / 10).unref()
    },
    drop,
    dropAll(prefix) {
      for (const id of held.keys()) if (id.startsWith(prefix)) drop(id)
    },
    clear() {
      for (const id of held.keys()) drop(id)
      stopSweeping()
    },
  }
}
