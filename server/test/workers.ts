import { readdirSync } from "node:fs"
import { Agent } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import { isAlive, processFacts, type ProcessFacts } from "../postgres/process.ts"
import type { Call } from "./http.ts"
import type { Organization } from "./people.ts"
import type { RunningProcess } from "./processes.ts"

/** The worker processes of a server. */
export function workersOf({ pid }: { pid: number }): ProcessFacts[] {
  return readdirSync("/proc").flatMap((name) => {
    const facts = /^\d+$/.test(name) ? processFacts(Number(name)) : undefined
    return facts?.parent === pid && facts.command.some((word) => word.endsWith("start.mjs")) ? [facts] : []
  })
}

/** A way to call that has one connection of its own, kept alive. */
export function ownConnection(server: Pick<RunningProcess, "call">) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    call: (route: string, options: Call = {}) => server.call(route, { ...options, agent }),
    close: () => agent.destroy(),
  }
}

/** What came of a load: everything that was not answered as it should be is in `failed`. */
export type LoadResult = { reads: number; added: string[]; failed: string[] }

type Rolling = {
  server: RunningProcess
  acme: Organization
  groupId: string
  /** Somebody who is not in the group yet; undefined when there is nobody left. */
  nextPerson(): string | undefined
}

/** Reads a group and adds people to it over so many connections, each kept alive, until it is told to end. */
export function startSteadyLoad({ server, acme, groupId, nextPerson }: Rolling, connections: number) {
  const result: LoadResult = { reads: 0, added: [], failed: [] }
  const state = { isOver: false }
  const token = acme.token
  const work = async (isWriter: boolean): Promise<void> => {
    const own = ownConnection(server)
    while (!state.isOver) {
      const username = isWriter ? nextPerson() : undefined
      const route =
        username === undefined
          ? `GET /api/v1/groups/${groupId}`
          : `POST /api/v1/groups/${groupId}/users/${encodeURIComponent(username)}`
      try {
        const { status, text } = await own.call(route, { token })
        if (status !== 200) result.failed.push(`${route}: ${status} ${text}`)
        else if (username === undefined) result.reads++
        else result.added.push(username)
      } catch (error) {
        result.failed.push(`${route}: ${String(error)}`)
      }
      // Steady, and not all that the machine can do.
      await sleep(10)
    }
    own.close()
  }
  const working = Promise.all(Array.from({ length: connections }, (_, index) => work(index % 2 === 0)))
  return {
    async stop(): Promise<LoadResult> {
      state.isOver = true
      await working
      return result
    },
  }
}

/** Has every worker replaced, and waits until those that were there are gone. */
export async function replaceWorkers(server: RunningProcess): Promise<void> {
  const before = workersOf(server)
  server.kill("SIGHUP")
  while (before.some(isAlive)) await sleep(20)
}

/** Everybody who is in the group. */
export async function membersOf(
  server: Pick<RunningProcess, "call">,
  token: string,
  groupId: string,
): Promise<Set<string>> {
  const members = new Set<string>()
  for (let offset = 0; ; offset += 100) {
    const route = `GET /api/v1/groups/${groupId}/users?filter=existingMembers&limit=100&offset=${offset}`
    const { status, body, text } = await server.call(route, { token })
    if (status !== 200) throw new Error(text)
    for (const { username } of body.users) members.add(username)
    if (body.users.length === 0) return members
  }
}
