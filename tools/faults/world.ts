import type { Client } from "pg"
import { singleConnection } from "../../server/db/database.ts"
import type { Answer } from "../../server/test/http.ts"
import * as people from "../../server/test/people.ts"
import {
  connectionOf,
  makeDataDir,
  removeDataDir,
  startProcess,
  type RunningProcess,
} from "../../server/test/processes.ts"

/** A server with its own PostgreSQL, an organization, a group, and people who are in no group yet. */
export type World = {
  dataDir: string
  server: RunningProcess
  acme: people.Organization
  groupId: string
  /** Somebody new each time. */ nextPerson(): string
  sql: Client
}

type Options = { env?: Record<string, string>; dataDir?: string }

/** Runs work in a world of its own, and clears it away however it ends. */
export async function inWorld<Result>(
  work: (world: World) => Promise<Result>,
  { env = {}, dataDir: given }: Options = {},
): Promise<Result> {
  const dataDir = given ?? (await makeDataDir())
  const server = await startProcess({ dataDir, env: { LOG_LEVEL: "error", ...env } })
  try {
    const acme = await people.bootstrap(server)
    const { id: groupId } = await people.addGroup(server, acme, "Readers")
    const usernames = await people.inviteMany(server, acme, 300)
    const sql = singleConnection(connectionOf(dataDir))
    // PostgreSQL may be what is struck.
    sql.on("error", () => {})
    await sql.connect()
    const nextPerson = () => usernames.pop() ?? "nobody@example.com"
    return await work({ dataDir, server, acme, groupId, nextPerson, sql })
  } finally {
    server.killGroup("SIGKILL")
    await server.exited
    if (given === undefined) await removeDataDir(dataDir)
  }
}

/** An answer, or none, and how long it took. */
export type Timed = { answer: Answer | undefined; ms: number }

/** Waits for an answer no longer than so many milliseconds. */
export async function timed(answer: Promise<Answer>, patienceMs = 30_000): Promise<Timed> {
  const begin = performance.now()
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), patienceMs)
  const first = await Promise.race([answer.catch(() => undefined), late.promise])
  clearTimeout(timer)
  return { answer: first, ms: performance.now() - begin }
}

/** Adds somebody to the group of the world. */
export const add = ({ server, acme, groupId }: World, username: string): Promise<Timed> =>
  timed(server.call(`POST ${pathOf(groupId, username)}`, { token: acme.token }))

export const pathOf = (groupId: string, username: string): string =>
  `/api/v1/groups/${groupId}/users/${encodeURIComponent(username)}`

/** How often somebody's place in the group was ever begun, and how many audit rows tell of it. */
export async function rowsOf(
  sql: Client,
  groupId: string,
  username: string,
): Promise<{ memberships: number; events: number }> {
  const { rows } = await sql.query<{ memberships: number; events: number }>(
    `select (
       select count(*)::int from group_user_memberships gm
       join organization_user_memberships m on m.org_id = gm.org_id and m.id = gm.membership_id
       where gm.group_id = $1::uuid and m.username = $2::text
     ) as memberships, (
       select count(*)::int from audit_logs
       where event_type = 'add-user-to-group' and event_metadata ->> 'groupId' = $1::text
         and event_metadata ->> 'username' = $2::text
     ) as events`,
    [groupId, username],
  )
  return rows[0] ?? { memberships: 0, events: 0 }
}

/** The statuses of answers with how often each was given, for a reader. */
export function statuses(all: readonly Timed[]): string {
  const counts = new Map<string, number>()
  for (const { answer } of all) {
    const status = String(answer?.status ?? "no answer")
    counts.set(status, (counts.get(status) ?? 0) + 1)
  }
  return [...counts].map(([status, count]) => `${count} × ${status}`).join(", ")
}

export const slowest = (all: readonly Timed[]): number => Math.max(...all.map(({ ms }) => ms))
