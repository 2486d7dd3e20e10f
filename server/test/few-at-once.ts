/**
 * Does something with each, at most so many at once; the results are in the order of the items. When one fails, no more
 * are begun.
 */
export async function fewAtOnce<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
  most = 8,
): Promise<Result[]> {
  const results: Result[] = []
  const waiting = eachOf(items)
  async function work(): Promise<void> {
    for (const [at, item] of waiting) results[at] = await act(item)
  }
  await Promise.all(Array.from({ length: most }, work))
  return results
}

/** A generator, which ends for all who share it when one of them leaves it early. */
function* eachOf<Item>(items: readonly Item[]): Generator<[number, Item]> {
  yield* items.entries()
}
