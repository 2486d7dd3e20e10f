import { addMachine } from "./instance.ts"
import { generate } from "./load.ts"
import type { Bench } from "./rounds.ts"

export type RevocationFigures = { before: number; after: number }

/**
 * Half of 32 connections use a token that is revoked in their midst: whatever is sent with it after the revocation
 * was answered must be 401, and nothing else may be anything but 200.
 */
export async function checkRevocation(bench: Bench): Promise<RevocationFigures> {
  const { server, instance, database } = bench
  const second = await addMachine(server, instance)
  const people = 40_000
  const outcome = await generate({
    host: server.host,
    port: server.port,
    connections: 32,
    people,
    warmUpMs: 500,
    measureMs: 2_000,
    groupIds: bench.groupIds.server,
    firstPerson: await database.addPeople(people),
    tokens: [instance.admin.token, second.token],
    revocation: {
      index: 1,
      path: `/api/v1/auth/token-auth/tokens/${second.tokenId}/revoke`,
      token: instance.admin.token,
    },
  })
  const { answers, afterRevocation } = outcome
  const { 200: added = 0, 401: refused = 0, ...others } = answers
  const { 401: refusedAfter = 0, ...acceptedAfter } = afterRevocation
  bench.added += added
  if (Object.keys(others).length > 0)
    bench.failures.push(`There were other answers: ${JSON.stringify(others)}.`)
  if (Object.keys(acceptedAfter).length > 0) {
    bench.failures.push(`A revoked token was not refused: ${JSON.stringify(acceptedAfter)}.`)
  }
  if (refusedAfter === 0)
    bench.failures.push("Nothing was sent with the revoked token, so nothing is proved.")
  // Requests under way while the token is being revoked may be answered either way, one on each connection.
  if (refused - refusedAfter > 16)
    bench.failures.push(`${refused} requests were refused, too many to be under way.`)
  return { before: added, after: refusedAfter }
}

export type RowFigures = { added: number; memberships: number; auditRows: number }

/** Compares what was answered with what is in the database. */
export async function checkRows(bench: Bench, groupIds: readonly string[]): Promise<RowFigures> {
  const rows = { added: bench.added, ...(await bench.database.count(groupIds)) }
  if (rows.added !== rows.memberships || rows.added !== rows.auditRows) {
    bench.failures.push("The answers, the memberships and the audit rows are not equally many.")
  }
  return rows
}
