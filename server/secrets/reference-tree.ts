import { recordRead } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { badRequest } from "../errors.ts"
import { follow, ofOne, referencedSecrets, type Known, type ReadByReference } from "./expansion.ts"
import { absent, authorizeOn, mayOn, noSuchSecret, requirePlace, type Place } from "./places.ts"
import { expand, maxDepth, referencesIn, wordOf, type Target } from "./references.ts"
import { eventPlace, secretEvent } from "./secrets.ts"
import type { PlaceFacts } from "./secrets.store.ts"
import { openRows } from "./values.ts"

/** A secret that a value refers to, and what its own value refers to in its turn. */
export type Node = Place & {
  key: string
  /** As it is written. Absent: there is none, or the caller may not read it. */ value: string | undefined
  children: Node[]
}

/** So many secrets are shown in a tree, one as often as it is referred to, and so many characters of their values. */
const most = { nodes: 2_000, characters: 2_000_000 }

/** What the value of a shared secret refers to, to any depth, and the value with those of others in their place. */
export async function getReferenceTree(
  ctx: ProjectContext,
  { secretName, environment, secretPath }: Place & { secretName: string },
  facts: PlaceFacts,
): Promise<{ tree: Node; value: string | undefined }> {
  const place = { environment, secretPath }
  const row = (facts.fact_secrets ?? []).find(({ owner_id }) => owner_id === null)
  authorizeOn(ctx, "describeSecret", place, row ?? absent(secretName))
  requirePlace(ctx, place, facts, "GetSecretByName")
  if (!row) throw noSuchSecret(secretName, place)
  const mayReadValue = mayOn(ctx, "readValue", place, row)
  const [opened] = await openRows(ctx, [{ row, table: "secrets", mayReadValue }])
  const own = opened?.value?.reveal()
  const target: Target = { id: row.id, place, value: own ?? "" }
  const known = await follow(ctx, [target])
  const shown = new Set<ReadByReference>()
  const children = childrenOf(target, { known, left: { ...most }, shown, above: [row.id] })
  await recordRead(ctx, "get-secret", {
    ...eventPlace(ctx, place),
    ...secretEvent(row),
    ...referencedSecrets([...shown]),
  })
  const expanded = expand(target, (reference) => known.get(wordOf(reference)), { ...ofOne })
  return {
    tree: { ...place, key: row.key, value: own, children },
    value: own === undefined ? undefined : (expanded?.value ?? own),
  }
}

type Way = {
  known: Known
  left: typeof most
  shown: Set<ReadByReference>
  /** The secrets from the first one down to here. */ above: readonly string[]
}

function childrenOf({ value, place }: Target, way: Way): Node[] {
  const references = referencesIn(value, place)
  const words = new Map(references.map((reference) => [wordOf(reference), reference]))
  return [...words].map(([word, { environment, secretPath, secretName: key }]) => {
    const { known, left, shown, above } = way
    const found = known.get(word)
    left.characters -= found?.value.length ?? 0
    if (--left.nodes < 0 || left.characters < 0) {
      throw badRequest("There is more behind this secret than can be shown at once")
    }
    if (!found) return { environment, secretPath, key, value: undefined, children: [] }
    shown.add(found)
    // One that leads back to what is above it ends there.
    const isEnd = above.includes(found.id) || above.length > maxDepth
    const children = isEnd ? [] : childrenOf(found, { ...way, above: [...above, found.id] })
    const { environment: there, secretPath: path } = found.place
    return { environment: there, secretPath: path, key: found.row.key, value: found.value, children }
  })
}
