import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import type { Server } from "./two-servers.ts"

/*
 * What of everything that opens something is left after each event that takes something away. A suite is about one kind
 * of holder: `credentials` are its columns, `events` its rows, and each cell says how the credential is refused, or why
 * it still is good. The event happens on one server and the credential is used on another, right before and right
 * after it. A new kind of credential is a line in `credentials`, and a cell in each row, or the tests do not compile.
 */

/** The refusal that is to be answered, as `<status> <error>`. */
export type Refused = `4${number} ${string}`

/** It must still be good after the event, for this reason. */
export type Kept = { because: string }

export const kept = (because: string): Kept => ({ because })

export type Credential<Holder> = {
  /** Brings the credential to this server. */ use(server: Server, holder: Holder): Promise<Answer>
  /** Good for one use only: it is not tried before the event. */ isUsedUp?: boolean
}

export type Event<Holder, Name extends string> = {
  /** Lets it happen on this server; fails when it does not. */
  happens(server: Server, holder: Holder): Promise<unknown>
  cells: Record<Name, Refused | Kept>
  /** What the holder is made with. */ holder?: HolderOptions
}

export type HolderOptions = {
  /** Its organization is its own, to be deleted with it. */ ownOrganization?: boolean
}

export type Suite<Holder, Name extends string> = {
  make(options: HolderOptions): Promise<Holder>
  credentials: Record<Name, Credential<Holder>>
  events: Record<string, Event<Holder, Name>>
  /** An event is felt by every holder there is: one row at a time. */ isGlobal?: boolean
}

const shown = ({ status, body }: Answer): string => `${status} ${body?.error ?? ""}`.trim()

/** Runs every row of the table, each with a holder of its own; the two servers change sides from row to row. */
export function describeSuite<Holder, Name extends string>(
  title: string,
  { make, credentials, events, isGlobal }: Suite<Holder, Name>,
  servers: { left: Server; right: Server },
): void {
  const columns = Object.entries(credentials) as [Name, Credential<Holder>][]
  describe(title, { concurrency: isGlobal ? 1 : 4 }, () => {
    for (const [index, [row, event]] of Object.entries(events).entries()) {
      const [here, there] = index % 2 === 0 ? [servers.left, servers.right] : [servers.right, servers.left]
      test(row, async (t) => {
        const holder = await make(event.holder ?? {})
        for (const [column, { use, isUsedUp }] of columns) {
          if (!isUsedUp) assert.equal(shown(await use(there, holder)), "200", `${column} before`)
        }
        await event.happens(here, holder)
        for (const [column, { use }] of columns) {
          const cell = event.cells[column]
          const [expected, name] =
            typeof cell === "string" ? [cell, column] : ["200", `${column}: ${cell.because}`]
          await t.test(name, async () => assert.equal(shown(await use(there, holder)), expected))
        }
      })
    }
  })
}

/** These cells, and for every other credential the same reason why it still is good. */
export const only =
  <Name extends string>(credentials: Record<Name, unknown>) =>
  (because: string, cells: Partial<Record<Name, Refused>>): Record<Name, Refused | Kept> => ({
    ...(Object.fromEntries(Object.keys(credentials).map((name) => [name, kept(because)])) as Record<
      Name,
      Kept
    >),
    ...cells,
  })

/** A request that must succeed. */
export const as = async (server: Server, token: string, route: string, body?: unknown): Promise<unknown> =>
  people.ok(await server.call(route, { token, ...(body === undefined ? {} : { body }) }))

/** How many cells of a table say that something is refused. */
export const refusalsOf = (events: Record<string, { cells: Record<string, unknown> }>): number =>
  Object.values(events)
    .flatMap(({ cells }) => Object.values(cells))
    .filter((cell) => typeof cell === "string").length
