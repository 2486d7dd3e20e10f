import { DomainError } from "../errors.ts"

/** What each source may still do. */
export type Allowance = {
  /** Throws 429 when the source has nothing left. */
  requireSome(source: string): void
  /** Takes one from what the source has left; throws 429 when it has nothing left. */
  take(source: string): void
  /** Gives back one that was taken. */
  giveBack(source: string): void
}

type Bucket = { left: number; at: number }

/**
 * A token bucket for each source: `capacity` at once, then `perSecond`. Kept in this process alone; at most
 * `maxSources` twice over are remembered, and who is forgotten has all of its capacity again.
 */
export function createAllowance({
  capacity,
  perSecond,
  maxSources = 50_000,
  now = () => performance.now() / 1_000,
}: {
  capacity: number
  perSecond: number
  maxSources?: number
  /** Seconds. */ now?: () => number
}): Allowance {
  // A bucket that was not touched for as long as an empty one takes to fill is full: it need not be kept.
  const fillSeconds = capacity / perSecond
  let recent = new Map<string, Bucket>()
  let earlier = new Map<string, Bucket>()
  let since = now()

  function bucketOf(source: string): Bucket {
    const at = now()
    if (at - since > fillSeconds || recent.size >= maxSources) {
      earlier = recent
      recent = new Map()
      since = at
    }
    const bucket = recent.get(source) ?? earlier.get(source) ?? { left: capacity, at }
    bucket.left = Math.min(capacity, bucket.left + (at - bucket.at) * perSecond)
    bucket.at = at
    recent.set(source, bucket)
    return bucket
  }

  const message = "Too many wrong passwords from where you are; try again in a few seconds"
  const refusal = new DomainError("RateLimited", message, { retryAfter: Math.ceil(1 / perSecond) })

  function requireSome(source: string): Bucket {
    const bucket = bucketOf(source)
    if (bucket.left < 1) throw refusal
    return bucket
  }

  return {
    requireSome,
    take: (source) => void requireSome(source).left--,
    giveBack(source) {
      const bucket = bucketOf(source)
      bucket.left = Math.min(capacity, bucket.left + 1)
    },
  }
}
