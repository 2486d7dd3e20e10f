import assert from "node:assert/strict"
import { registerHooks } from "node:module"
import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

/*
 * The server with a mistake in it, to see that a test finds it: its modules once more, one of them changed as it is
 * loaded, or its database with one of its views changed until the transaction is rolled back.
 */

/** A mistake in the source of a module, by its path below `server/`: what stands there, and what would. */
export type Mistake = { in: string; from: string; to: string }

const mistakes: Mistake[] = []
const server = new URL("..", import.meta.url).href
const numberOf = (url: string | undefined): string | null =>
  url?.startsWith(server) ? new URL(url).searchParams.get("mistake") : null

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    const number = numberOf(context.parentURL)
    if (number === null || !found.url.startsWith(server)) return found
    return { ...found, url: `${found.url}?mistake=${number}` }
  },
  load(url, context, next) {
    const found = next(url, context)
    const number = numberOf(url)
    const mistake = number === null ? undefined : mistakes[Number(number)]
    if (!mistake || !url.startsWith(`${server}${mistake.in}?`)) return found
    const text = Buffer.from(found.source as Uint8Array).toString()
    assert.equal(text.split(mistake.from).length, 2, `${mistake.in} has "${mistake.from}" not once`)
    return { ...found, source: text.replace(mistake.from, () => mistake.to) }
  },
})

/** Loads modules of the server, by their paths below `server/`, with the mistake in whatever of them has it. */
export async function withMistake(mistake: Mistake, paths: readonly string[]): Promise<object> {
  const number = mistakes.push(mistake) - 1
  const modules = await Promise.all(paths.map((path) => import(`${server}${path}?mistake=${number}`)))
  return Object.assign({}, ...(modules as object[])) as object
}

class RolledBack extends Error {}

/** Does something in a database in which a view says something else, and takes everything back. */
export async function withView(
  db: Queries,
  view: string,
  change: (definition: string) => string,
  act: (db: Queries) => Promise<void>,
): Promise<void> {
  const transaction = db.transaction().execute(async (inside) => {
    const asked = sql<{ text: string }>`select pg_get_viewdef(${view}::regclass) as text`
    const text = (await asked.execute(inside)).rows[0]?.text ?? ""
    const changed = change(text)
    assert.notEqual(changed, text, `nothing changes in ${view}: ${text}`)
    await sql.raw(`create or replace view ${view} as ${changed}`).execute(inside)
    await act(inside)
    throw new RolledBack()
  })
  await assert.rejects(transaction, RolledBack)
}
