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
type Way = { key: number; uses: number; lists: string | undefined }

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
      (types) => void (way.lists = overLists(text, types)),
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

type Asked = { text: string; values: unknown[]; lists: string }

async function sendAll(send: Send, asked: readonly Asked[]): Promise<unknown[][]> {
  const [first] = asked
  if (!first) return []
  if (asked.length === 1) return [await send(first.text, first.values)]
  const lists = first.values.map((_, index) => asked.map(({ values }) => values[index]))
  const answers: unknown[][] = asked.map(() => [])
  for (const row of (await send(first.lists, lists)) as { gathered_for: string }[]) {
    answers[Number(row.gathered_for) - 1]?.push(row)
  }
  return answers
}
