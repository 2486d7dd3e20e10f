import { isLost } from "./constraints.ts"
import { together } from "./together.ts"

/*
 * Look-ups that are asked at the same time, answered by one statement. A statement of one row of values becomes one of
 * lists of values: it runs for each of them by itself, behind a fence that keeps the planner from joining them, and
 * says of each row which of them it answers.
 */

export type Send = (text: string, values: unknown[]) => Promise<unknown[]>

/** A statement over lists of values; undefined where a value is a list itself, which cannot be taken apart again. */
export function overLists(text: string, types: readonly string[]): string | undefined {
  if (types.length === 0 || types.some((type) => type.endsWith("[]"))) return undefined
  const lists = types.map((type, index) => `$${index + 1}::${type}[]`).join(", ")
  const names = types.map((_, index) => `v${index + 1}`).join(", ")
  const single = text.replaceAll(/\$(\d+)/g, "given.v$1")
  return `select given.place as gathered_for, found.* from unnest(${lists}) with ordinality as given(${names}, place)
    cross join lateral (${single} offset 0) found`
}

/**
 * A statement in two parts, for those that come together: `first` reads what hangs on the first `shared` values alone and
 * is done once for all that have the same ones; `own` is done for each, as columns and joins beside the row of `first`,
 * which it may name by `shared_part`.
 */
export type Parts = { first: string; shared: number; own: { columns: string; join: string } }

const partsOfTexts = new Map<string, Parts>()

/** Makes known of what parts a statement is; texts come from code, so they are few. Answers the text. */
export function parted(text: string, parts: Parts): string {
  partsOfTexts.set(text, parts)
  return text
}

/** How a statement is sent for several: another text, and the values of all of them for it. */
type Lists = { text: string; valuesOf: (asked: readonly unknown[][]) => unknown[][] }

const list = (asked: readonly unknown[][], index: number): unknown[] => asked.map((values) => values[index])

function listsOf(text: string, types: readonly string[]): Lists | undefined {
  const whole = overLists(text, types)
  if (whole === undefined) return undefined
  const parts = partsOfTexts.get(text)
  if (parts) return partedLists(parts, types)
  return { text: whole, valuesOf: (asked) => types.map((_, index) => list(asked, index)) }
}

function partedLists({ first, shared, own }: Parts, types: readonly string[]): Lists {
  const firsts = types.slice(0, shared).map((_, index) => index)
  const used = new Set(Array.from(own.join.matchAll(/\$(\d+)/g), ([, number]) => Number(number) - 1))
  const owns = [...used].toSorted((one, other) => one - other)
  const lists = (indexes: number[], from: number) =>
    indexes.map((index, at) => `$${from + at}::${types[index]}[]`).join(", ")
  const names = (indexes: number[]) => indexes.map((index) => `v${index + 1}`).join(", ")
  const text = `
    with firsts as materialized (
      select sharing.place as first_place, found.*
      from unnest(${lists(firsts, 2)}) with ordinality as sharing(${names(firsts)}, place)
      cross join lateral (${first.replaceAll(/\$(\d+)/g, "sharing.v$1")} offset 0) found
    )
    select given.place as gathered_for, shared_part.*${own.columns}
    from unnest($1::int[]${owns.length > 0 ? `, ${lists(owns, shared + 2)}` : ""})
      with ordinality as given(${["of_first", ...owns.map((index) => `v${index + 1}`)].join(", ")}, place)
    join firsts shared_part on shared_part.first_place = given.of_first
    ${own.join.replaceAll(/\$(\d+)/g, "given.v$1")}`
  return {
    text,
    valuesOf(asked) {
      const places = new Map<string, number>()
      const distinct: unknown[][] = []
      const placeOf = (values: unknown[]): number => {
        const key = JSON.stringify(values.slice(0, shared))
        const known = places.get(key)
        if (known !== undefined) return known
        places.set(key, distinct.push(values))
        return distinct.length
      }
      const ofFirst = asked.map(placeOf)
      return [ofFirst, ...firsts.map((at) => list(distinct, at)), ...owns.map((at) => list(asked, at))]
    },
  }
}

const typesSql = "select parameter_types::text[] as types from pg_prepared_statements where name = $1"

/** Asks the database what the values of a statement are; `run` stays on one connection. */
export async function typesOf(run: Send, text: string): Promise<string[]> {
  await run(`prepare asked_for_its_types as ${text}`, [])
  try {
    const [row] = (await run(typesSql, ["asked_for_its_types"])) as { types: string[] }[]
    return row?.types ?? []
  } finally {
    await run("deallocate asked_for_its_types", [])
  }
}

const most = 32

/** What is known of a text: how often it was sent, and how it is sent for several, unless that cannot be. */
type Way = { key: number; uses: number; lists: Lists | undefined }

/**
 * Sends statements so that those of one text and one organization, which is their first value, go out together when
 * they come together. Each begins after it was asked for. Until the types of a text are known each goes by itself.
 */
export function gathered(send: Send, learn: (text: string) => Promise<string[]>): Send {
  const ways = new Map<string, Way>()

  function wayOf(text: string): Way {
    const known = ways.get(text)
    if (known) return known
    const way: Way = { key: ways.size, uses: 0, lists: undefined }
    ways.set(text, way)
    return way
  }

  /** In passing, when a text comes again; when that fails, which is nobody's failure, some time later once more. */
  function learnAt(text: string, way: Way): void {
    way.uses++
    if (way.uses % 1_000 !== 2) return
    learn(text).then(
      (types) => void (way.lists = listsOf(text, types)),
      () => {},
    )
  }

  const ask = together<Asked, unknown[]>((_key, asked) => sendAll(send, asked), {
    most,
    mayRedo: (error) => !isLost(error),
  })
  return (text, values) => {
    const way = wayOf(text)
    if (way.lists !== undefined)
      return ask(`${way.key} ${String(values[0])}`, { text, values, lists: way.lists })
    learnAt(text, way)
    return send(text, values)
  }
}

type Asked = { text: string; values: unknown[]; lists: Lists }

async function sendAll(send: Send, asked: readonly Asked[]): Promise<unknown[][]> {
  const [first] = asked
  if (!first) return []
  if (asked.length === 1) return [await send(first.text, first.values)]
  const { text, valuesOf } = first.lists
  const answers: unknown[][] = asked.map(() => [])
  for (const row of (await send(text, valuesOf(asked.map(({ values }) => values)))) as {
    gathered_for: string
  }[]) {
    answers[Number(row.gathered_for) - 1]?.push(row)
  }
  return answers
}
