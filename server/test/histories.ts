import { randomInt, randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { urlOf } from "./databases.ts"
import { FaultProxy, type Weather } from "./fault-proxy.ts"
import { untilHealthy } from "./faults.ts"
import { call, type Answer } from "./http.ts"
import { fits, isTold, keyOf, nothingFound, nothingSaid, readLedger, type Expected } from "./ledger.ts"
import { unexplained, type Operation } from "./linearizable.ts"
import { addGroup, bootstrap, inviteMany } from "./people.ts"
import {
  connectionOf,
  killAndWait,
  makeDataDir,
  postgresProcesses,
  removeDataDir,
  startProcess,
  type RunningProcess,
} from "./processes.ts"

/** A server, and the proxy through which clients reach it. */
type Side = { server: RunningProcess; proxy: FaultProxy; address: string; start(): Promise<RunningProcess> }

/** Two servers on one PostgreSQL, with proxies before each and between the second one and PostgreSQL. */
export type HistoryWorld = {
  dataDir: string
  /** Keeps PostgreSQL. */ left: Side
  right: Side
  betweenDatabase: FaultProxy
  token: string
  usernames: string[]
}

const clients = 20
const groupsOfHistory = 4
const peopleOfHistory = 10
const patienceMs = 3_000

/** A world for histories; `endHistoryWorld` removes it. */
export async function createHistoryWorld(): Promise<HistoryWorld> {
  const dataDir = await makeDataDir()
  const env = { LOG_LEVEL: "error" }
  const left = await side(() => startProcess({ dataDir, env }))
  const address = connectionOf(dataDir)
  const betweenDatabase = new FaultProxy(() => ({ path: `${address.host}/.s.PGSQL.${address.port}` }))
  const port = await betweenDatabase.listen()
  const databaseUrl = urlOf({ ...address, host: "127.0.0.1", port })
  const right = await side(() => startProcess({ dataDir, databaseUrl, env }))
  const acme = await bootstrap(left.server)
  const usernames = await inviteMany(left.server, acme, peopleOfHistory)
  return { dataDir, left, right, betweenDatabase, token: acme.token, usernames }
}

async function side(start: () => Promise<RunningProcess>): Promise<Side> {
  const made: { server: RunningProcess } = { server: await start() }
  const proxy = new FaultProxy(() => ({ host: "127.0.0.1", port: Number(new URL(made.server.address).port) }))
  const address = `http://127.0.0.1:${await proxy.listen()}`
  return Object.assign(made, { proxy, address, start })
}

export async function endHistoryWorld({
  dataDir,
  left,
  right,
  betweenDatabase,
}: HistoryWorld): Promise<void> {
  for (const { server } of [right, left]) server.killGroup("SIGKILL")
  await Promise.all([left.server.exited, right.server.exited])
  await Promise.all([left.proxy.close(), right.proxy.close(), betweenDatabase.close()])
  await removeDataDir(dataDir)
}

/** What happens amid the requests of a history. */
export const historyFaults = ["server", "postgres", "clients", "database"] as const
export type HistoryFault = (typeof historyFaults)[number]

const weathers: (() => Weather)[] = [
  () => ({ kind: "closed" }),
  () => ({ kind: "silent" }),
  () => ({ kind: "late", ms: randomInt(50, 2_001) }),
  () => ({ kind: "slow", bytesPerSecond: 1_000 }),
  () => ({ kind: "reset", afterBytes: randomInt(1, 4_000) }),
]

const oneOf = <T>(list: readonly T[]): T => list[randomInt(list.length)] as T

async function spoil(proxy: FaultProxy): Promise<string> {
  const weather = oneOf(weathers)()
  proxy.weather = weather
  await sleep(randomInt(200, 1_200))
  proxy.weather = { kind: "calm" }
  proxy.drop({ silentOnly: true })
  return weather.kind
}

/** Each does its worst, waits until it is over, and says what it was. */
const strike: Record<HistoryFault, (world: HistoryWorld) => Promise<string>> = {
  async server({ left, right }) {
    const victim = oneOf([left, right])
    victim.server.kill("SIGKILL")
    await victim.server.exited
    await sleep(randomInt(300))
    victim.server = await victim.start()
    return "kill -9 of a server"
  },
  async postgres({ dataDir, left }) {
    const [postmaster, ...others] = postgresProcesses(dataDir)
    await killAndWait([...(postmaster ? [postmaster] : []), ...(randomInt(2) === 0 ? others : [])])
    await untilHealthy(left.server)
    return "kill -9 of PostgreSQL"
  },
  clients: async ({ left, right }) => `clients' network ${await spoil(oneOf([left, right]).proxy)}`,
  database: async ({ betweenDatabase }) => `database's network ${await spoil(betweenDatabase)}`,
}

/** A person and a group, with everything that was asked about them. */
type Register = { groupId: string; username: string; operations: Operation[]; said: Expected }

export type History = {
  operations: number
  answered: number
  /** Nobody knows whether they were done. */ unknown: number
  faults: string[]
  /** Answers that no order explains, and rows that no answer explains. */ anomalies: string[]
  /** Answers that no fault excuses. */ strange: string[]
}

type Course = { world: HistoryWorld; registers: Register[]; history: History; clock: number; isCalm: boolean }

/** Lets so many requests happen amid the faults, in new groups, and judges every answer. */
export async function runHistory(
  world: HistoryWorld,
  operations: number,
  faults: readonly HistoryFault[],
): Promise<History> {
  const registers: Register[] = []
  for (let number = 0; number < groupsOfHistory; number++) {
    const { id: groupId } = await addGroup(world.left.server, { token: world.token }, `Group ${randomUUID()}`)
    for (const username of world.usernames)
      registers.push({ groupId, username, operations: [], said: { ...nothingSaid, isIn: undefined } })
  }
  const history: History = {
    operations: 0,
    answered: 0,
    unknown: 0,
    faults: [],
    anomalies: [],
    strange: [],
  }
  const course: Course = { world, registers, history, clock: 0, isCalm: false }
  const working = Promise.all(Array.from({ length: clients }, () => work(course, operations)))
  for (const fault of faults) {
    await sleep(randomInt(100, 300))
    history.faults.push(await strike[fault](world))
  }
  course.isCalm = true
  await working
  for (const { server } of [world.left, world.right]) await untilHealthy(server)
  for (const register of registers) {
    for (const { server } of [world.left, world.right]) await ask(course, register, "read", server.address)
  }
  await judge(course)
  return history
}

/** One client: until there were enough requests and all faults are over. */
async function work(course: Course, operations: number): Promise<void> {
  while (course.history.operations < operations || !course.isCalm) {
    const { left, right } = course.world
    const register = oneOf(course.registers)
    const isKnown = await ask(
      course,
      register,
      oneOf(["add", "remove", "read"]),
      oneOf([left, right]).address,
    )
    await sleep(randomInt(isKnown ? 100 : 600))
  }
}

/** One request and what its answer says; false when it says nothing. */
async function ask(
  course: Course,
  { groupId, username, operations, said }: Register,
  kind: Operation["kind"],
  address: string,
): Promise<boolean> {
  const { history, world } = course
  history.operations++
  const users = `/api/v1/groups/${groupId}/users`
  const name = encodeURIComponent(username)
  const route =
    kind === "read"
      ? `GET ${users}?filter=existingMembers&search=${name}`
      : `${kind === "add" ? "POST" : "DELETE"} ${users}/${name}`
  const operation: Operation = { kind, begun: ++course.clock, found: kind === "remove" }
  // It is in the history before anything can come of it.
  if (kind !== "read") operations.push(operation)
  const answer = await patiently(call(address, route, { token: world.token }))
  const found = answer && foundBy(kind, username, answer)
  if (found === undefined) {
    history.unknown++
    if (kind === "add") said.uncertainAdds++
    if (kind === "remove") said.uncertainRemoves++
    if (answer && answer.status !== 503) history.strange.push(`${route}: ${answer.status} ${answer.text}`)
    return false
  }
  history.answered++
  Object.assign(operation, { found, answered: ++course.clock })
  if (kind === "read") operations.push(operation)
  if (kind === "add" && !found) said.adds++
  if (kind === "remove" && found) said.removes++
  return true
}

/** What held before the request took effect, as its answer says; undefined when it does not tell. */
function foundBy(kind: Operation["kind"], username: string, answer: Answer): boolean | undefined {
  if (kind === "read" && answer.status === 200)
    return answer.body.users.some((user: { username: string }) => user.username === username)
  if (answer.status === 200) return kind === "remove"
  if (kind === "add" && answer.status === 400) return true
  if (kind === "remove" && answer.status === 403) return false
  return undefined
}

/** Undefined when there is no answer, or not in time. */
async function patiently(answer: Promise<Answer>): Promise<Answer | undefined> {
  const patience = new AbortController()
  const late = sleep(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined)
  try {
    return await Promise.race([answer.catch(() => undefined), late])
  } finally {
    patience.abort()
  }
}

async function judge({ world, registers, history }: Course): Promise<void> {
  const ledger = await readLedger(world.dataDir)
  for (const { groupId, username, operations, said } of registers) {
    const key = keyOf(groupId, username)
    const sorted = operations.toSorted((a, b) => a.begun - b.begun)
    const wrong = unexplained(sorted)
    if (wrong) history.anomalies.push(`${key}: ${JSON.stringify(wrong)} amid ${JSON.stringify(sorted)}`)
    const row = ledger.get(key) ?? nothingFound
    if (!fits(said, row) || !isTold(row))
      history.anomalies.push(`${key}: answers ${JSON.stringify(said)}, rows ${JSON.stringify(row)}`)
  }
}
