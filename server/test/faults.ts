import { randomInt } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { signal, type ProcessFacts } from "../postgres/process.ts"
import {
  fits,
  isTold,
  keyOf,
  nothingFound,
  nothingSaid,
  readLedger,
  type Expected,
  type Found,
} from "./ledger.ts"
import {
  killAndWait,
  makeDataDir,
  postgresProcesses,
  postmasterOf,
  removeDataDir,
  startProcess,
  type RunningProcess,
} from "./processes.ts"
import { addGroup, bootstrap, inviteMany } from "./people.ts"

/** What is killed: node and PostgreSQL at once, or one of them alone. */
export const faultKinds = ["group", "node", "postgres"] as const
/** And gentler ones: a stop of the server as a system does it, and of PostgreSQL without a checkpoint. */
export type FaultKind = (typeof faultKinds)[number] | "stop" | "immediate"

/** A person and a group, with all that the server has said about them since the beginning. */
type Pair = Expected & { groupId: string; username: string }

/** A server with its own PostgreSQL on a data folder that is kept from round to round. */
export type World = { dataDir: string; server: RunningProcess; token: string; pairs: Pair[] }

export type Round = {
  kind: FaultKind
  acknowledged: number
  uncertain: number
  /** From the kill (PostgreSQL alone) or the start (otherwise) to the first 200 of the status. */ recoveryMs: number
  /** What was acknowledged and is not there, or is there and was never asked for. */ lost: string[]
  /** Memberships without their audit row, and audit rows without what they tell of. */ orphans: string[]
  /** Answers that no fault excuses. */ strange: string[]
}

const writers = 8
const peopleCount = 60
const recoveryLimitMs = 30_000
// Requests under way have ten seconds.
const stopLimitMs = 12_000

/** A world with people and groups; `endWorld` removes it. */
export async function createWorld(): Promise<World> {
  const dataDir = await makeDataDir()
  const server = await startProcess({ dataDir })
  const acme = await bootstrap(server)
  const usernames = await inviteMany(server, acme, peopleCount)
  const pairs: Pair[] = []
  for (let index = 0; index < writers; index++) {
    const group = await addGroup(server, acme, `Group ${index}`)
    pairs.push(...usernames.map((username) => ({ groupId: group.id, username, ...nothingSaid })))
  }
  return { dataDir, server, token: acme.token, pairs }
}

export async function endWorld(world: World): Promise<void> {
  world.server.killGroup("SIGKILL")
  await world.server.exited
  await removeDataDir(world.dataDir)
}

/** Kills in the middle of writes, waits until the server is back, and compares its database with its answers. */
export async function faultRound(world: World, kind: FaultKind): Promise<Round> {
  const load = startLoad(world)
  await load.begun
  // Looked for before: while this process searches, the server would run out of requests.
  const postgres = postgresProcesses(world.dataDir)
  await sleep(randomInt(20, 300))
  const recoveryMs = await strike[kind](world, load, postgres)
  const { acknowledged, uncertain, strange } = await load.stop()
  const after = await compare(world)
  const healed = await healthyLoad(world)
  const later = await compare(world)
  return {
    kind,
    acknowledged: acknowledged + healed.acknowledged,
    uncertain,
    recoveryMs,
    lost: [...after.lost, ...later.lost],
    orphans: [...after.orphans, ...later.orphans],
    strange: [...strange, ...healed.strange],
  }
}

/** What is back must also write, and refuse nothing. */
async function healthyLoad(world: World): Promise<Counts> {
  const load = startLoad(world)
  await load.begun
  await sleep(50)
  const { acknowledged, uncertain, strange } = await load.stop()
  const failed = uncertain > 0 || acknowledged === 0 ? [`${uncertain} writes failed after the recovery`] : []
  return { acknowledged, uncertain, strange: [...strange, ...failed] }
}

type Strike = (world: World, load: Load, postgres: ProcessFacts[]) => Promise<number>

/** Each kills, and returns how long it took until the server was back. */
const strike: Record<FaultKind, Strike> = {
  async group(world, load, postgres) {
    const { server, dataDir } = world
    // Either may be the first to go.
    if (randomInt(2) === 0) server.killGroup("SIGKILL")
    const gone = killAndWait(postgres)
    server.killGroup("SIGKILL")
    await Promise.all([gone, server.exited, load.stop()])
    await killAndWait(postgresProcesses(dataDir))
    return startAgain(world)
  },
  async node(world, load) {
    world.server.kill("SIGKILL")
    await Promise.all([world.server.exited, load.stop()])
    return startAgain(world)
  },
  async stop(world, load) {
    const begin = performance.now()
    world.server.kill("SIGTERM")
    const [{ code }] = await Promise.all([world.server.exited, load.stop()])
    const tookMs = performance.now() - begin
    if (code !== 0) throw new Error(`The server ended with ${code}: ${world.server.stderr.slice(-2_000)}`)
    if (tookMs > stopLimitMs) throw new Error(`The server took ${Math.round(tookMs)} ms to stop.`)
    return startAgain(world)
  },
  async immediate(world, _load, [postmaster]) {
    const begin = performance.now()
    if (postmaster) signal(postmaster, "SIGQUIT")
    await untilHealthy(world.server, () => postmasterOf(world.dataDir)?.pid !== postmaster?.pid)
    return performance.now() - begin
  },
  async postgres(world, _load, [postmaster, ...others]) {
    const begin = performance.now()
    // Without their postmaster the others must take notice themselves.
    const isWhole = randomInt(2) === 0
    const gone = killAndWait([...(postmaster ? [postmaster] : []), ...(isWhole ? others : [])])
    await untilHealthy(world.server, () => postmasterOf(world.dataDir)?.pid !== postmaster?.pid)
    await gone
    return performance.now() - begin
  },
}

async function startAgain(world: World): Promise<number> {
  const begin = performance.now()
  world.server = await startProcess({ dataDir: world.dataDir })
  await untilHealthy(world.server, () => true)
  return performance.now() - begin
}

/** Waits until the status of a server is 200 that may answer, while `isAnother` holds. */
export async function untilHealthy(
  server: RunningProcess,
  isAnother: () => boolean = () => true,
): Promise<void> {
  const begin = performance.now()
  for (;;) {
    const wasAnother = isAnother()
    const answer = await server.call("GET /api/status").catch(() => undefined)
    if (!answer) throw new Error(`The server is gone and said: ${server.stderr.slice(-2_000)}`)
    if (wasAnother && answer.status === 200) return
    if (performance.now() - begin > recoveryLimitMs) throw new Error("The server did not come back.")
    await sleep(5)
  }
}

type Counts = { acknowledged: number; uncertain: number; strange: string[] }
type Load = {
  /** Resolves when each writer has had its first answer. */ begun: Promise<unknown>
  /** Waits for the last answers. */ stop(): Promise<Counts>
}

/** Adds and removes people over several connections at once until it is stopped or the server is gone. */
function startLoad({ server, token, pairs }: World): Load {
  const counts: Counts = { acknowledged: 0, uncertain: 0, strange: [] }
  let isOver = false
  const share = pairs.length / writers
  const tasks = Array.from({ length: writers }, (_, index) => {
    const own = pairs.slice(index * share, (index + 1) * share)
    const begun = turnOne({ server, token, counts }, own)
    return { begun, writing: begun.then((isAlive) => write(isAlive, own)) }
  })
  const write = async (isAlive: boolean, own: Pair[]): Promise<void> => {
    if (isAlive && !isOver) await write(await turnOne({ server, token, counts }, own), own)
  }
  return {
    begun: Promise.all(tasks.map(({ begun }) => begun)),
    async stop() {
      isOver = true
      await Promise.all(tasks.map(({ writing }) => writing))
      return counts
    },
  }
}

type Writer = { server: RunningProcess; token: string; counts: Counts }

/** Turns one of the pairs round that are known; false when there is none, or nobody listens any more. */
async function turnOne(writer: Writer, pairs: Pair[]): Promise<boolean> {
  const known = pairs.filter(({ isIn }) => isIn !== undefined)
  const pair = known[randomInt(Math.max(known.length, 1))]
  if (!pair) return false
  if (await turn(writer, pair)) return true
  await sleep(50)
  return writer.server.call("GET /api/status").then(
    () => true,
    () => false,
  )
}

/** Turns a pair round and keeps what was answered; false when the answer leaves open what was done. */
async function turn({ server, token, counts }: Writer, pair: Pair): Promise<boolean> {
  const wasIn = pair.isIn
  pair.isIn = undefined
  const method = wasIn ? "DELETE" : "POST"
  const route = `${method} /api/v1/groups/${pair.groupId}/users/${encodeURIComponent(pair.username)}`
  const answer = await server.call(route, { token }).catch(() => undefined)
  if (answer?.status === 200) {
    counts.acknowledged++
    pair.isIn = !wasIn
    pair[wasIn ? "removes" : "adds"]++
    return true
  }
  if (answer && answer.status !== 503) counts.strange.push(`${method}: ${answer.status} ${answer.text}`)
  counts.uncertain++
  pair[wasIn ? "uncertainRemoves" : "uncertainAdds"]++
  return false
}

/** Compares every pair with the database, and takes what is found there as known from now on. */
async function compare(world: World): Promise<{ lost: string[]; orphans: string[] }> {
  const found = await readLedger(world.dataDir)
  const lost: string[] = []
  const orphans: string[] = []
  for (const pair of world.pairs) {
    const key = keyOf(pair.groupId, pair.username)
    const row = found.get(key) ?? nothingFound
    found.delete(key)
    if (!fits(pair, row)) lost.push(`${JSON.stringify(pair)} but found ${JSON.stringify(row)}`)
    if (!isTold(row)) orphans.push(`${key}: ${JSON.stringify(row)}`)
    settle(pair, row)
  }
  for (const key of found.keys()) orphans.push(`${key} is of nobody that was asked for`)
  return { lost, orphans }
}

function settle(pair: Pair, row: Found): void {
  const isIn = row.open > 0
  Object.assign(pair, { isIn, adds: row.added, removes: row.removed, uncertainAdds: 0, uncertainRemoves: 0 })
}
