import { LRUCache } from "lru-cache"

/** Answers that are kept to be given again, by all that they depend on; see `docs/decisions/0007-kept-lists.md`. */
export type Kept = {
  find(key: string): KeptAnswer | undefined
  /** Keeps it for as long as it is asked for, unless it is too large. */
  keep(key: string, kept: KeptAnswer): void
  /** Lets all of them go, as when keys are destroyed. */ clear(): void
}

/** An answer in its last form, with what the audit log tells of it. */
export type KeptAnswer = { answer: { readonly size: number }; numberOfSecrets: number }

const limits = { bytes: 16 * 1_024 * 1_024, bytesOfOne: 512 * 1_024, unusedMs: 60_000 }

/** Keeps the answers that were asked for last; one that nobody asked for for a minute is let go. */
export function createKept({ bytes, bytesOfOne, unusedMs } = limits): Kept {
  const answers = new LRUCache<string, KeptAnswer>({
    maxSize: bytes,
    maxEntrySize: bytesOfOne,
    sizeCalculation: ({ answer }, key) => answer.size + key.length,
    ttl: unusedMs,
    updateAgeOnGet: true,
    ttlAutopurge: true,
  })
  return {
    find: (key) => answers.get(key),
    keep: (key, kept) => void answers.set(key, kept),
    clear: () => answers.clear(),
  }
}
