import { isLost } from "./constraints.ts"

type Waiting<Item, Result> = {
  item: Item
  done: (result: Result) => void
  failed: (error: unknown) => void
}

export type Together = {
  /** How many go out as one. */ most: number
  /** Whether those of a batch that failed so may be tried again, each by itself; absent: they always may. */
  mayRedo?: (error: unknown) => boolean
}

/**
 * Has items that come at the same time be sent together. One that finds nothing of its key under way goes out at once, with
 * what the network has brought beside it; those that come meanwhile wait for it, and then go out as one, at most `most` at
 * a time: none joins what was already sent. `send` answers a result for each, in their order; each call returns its own.
 * Where several together cannot be sent, each is tried by itself, so that none suffers for another; but when the database
 * does not answer, those that wait fail with those that were sent.
 */
export function together<Item, Result = void>(
  send: (key: string, items: readonly Item[]) => Promise<readonly Result[]>,
  { most, mayRedo = () => true }: Together,
): (key: string, item: Item) => Promise<Result> {
  const underWay = new Map<string, Waiting<Item, Result>[]>()
  /** Returns what a batch has failed with, unless each of it was tried again. */
  const settle = async (key: string, batch: readonly Waiting<Item, Result>[]): Promise<unknown> => {
    try {
      const results = await send(
        key,
        batch.map(({ item }) => item),
      )
      for (const [index, { done }] of batch.entries()) done(results[index] as Result)
    } catch (error) {
      if (batch.length > 1 && mayRedo(error)) await Promise.all(batch.map((one) => settle(key, [one])))
      else {
        for (const { failed } of batch) failed(error)
        return error
      }
    }
    return undefined
  }
  const work = async (key: string, queue: Waiting<Item, Result>[]): Promise<void> => {
    for (;;) {
      const batch = queue.splice(0, most)
      if (batch.length === 0) break
      const error = await settle(key, batch)
      // The next connection may be as silent, and whoever waits has waited for as long as one may.
      if (isLost(error)) for (const { failed } of queue.splice(0)) failed(error)
    }
    underWay.delete(key)
  }
  return (key, item) =>
    new Promise((done, failed) => {
      const waiting = { item, done, failed }
      const queue = underWay.get(key)
      if (queue) queue.push(waiting)
      else {
        const begun = [waiting]
        underWay.set(key, begun)
        // What the network has brought by now comes along.
        setImmediate(() => void work(key, begun))
      }
    })
}
