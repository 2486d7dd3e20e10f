type Named = { id: string; name: string }

/** Something as it was, and what of today becomes it; absent: it is made anew. */
export type Pair<Past, Now> = { past: Past; now: Now | undefined }

/**
 * What of today becomes what was: what has the name, or else what had it and was renamed since, unless its new name is
 * wanted, too. What becomes nothing is gone. Names are unique on either side.
 */
export function pairsOf<Past extends Named, Now extends Named>(
  past: readonly Past[],
  now: readonly Now[],
): { pairs: Pair<Past, Now>[]; gone: Now[] } {
  const byName = new Map(now.map((each) => [each.name, each]))
  const byId = new Map(now.map((each) => [each.id, each]))
  const wanted = new Set(past.map(({ name }) => name))
  const pairs = past.map((each) => {
    const renamed = byId.get(each.id)
    const free = renamed && !wanted.has(renamed.name) ? renamed : undefined
    return { past: each, now: byName.get(each.name) ?? free }
  })
  const kept = new Set(pairs.flatMap(({ now: paired }) => paired?.id ?? []))
  return { pairs, gone: now.filter(({ id }) => !kept.has(id)) }
}
