import { execFile } from "node:child_process"
import { appendFile, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { startPostgres, type LocalPostgres } from "../../server/postgres/launcher.ts"
import { administer, urlOf, type Address } from "../../server/test/databases.ts"
import { FaultProxy } from "../../server/test/fault-proxy.ts"
import * as people from "../../server/test/people.ts"
import { makeDataDir, removeDataDir, startProcess, type RunningProcess } from "../../server/test/processes.ts"
import { singleConnection } from "../../server/db/database.ts"
import { judged, notRun, seconds, type Line } from "./line.ts"
import { pathOf, rowsOf, statuses, timed, type Timed } from "./world.ts"

const what = "PostgreSQL gone, and its standby promoted"
const limitMs = 10_000
/** So many are added before. */
const before = 30

const addressOf = ({ socketDir, port, user, password, database }: LocalPostgres): Address => ({
  host: socketDir,
  port,
  user,
  password,
  database,
})

/** A standby of it that has everything before a commit is acknowledged; made from a copy while it is stopped. */
async function makePair(folder: string, standbyFolder: string): Promise<[LocalPostgres, LocalPostgres]> {
  await (await startPostgres({ dataDir: folder })).stop()
  // As root this keeps who owns the files.
  await promisify(execFile)("cp", ["-a", `${folder}/.`, standbyFolder])
  const primary = await startPostgres({ dataDir: folder })
  const { host, port, user } = addressOf(primary)
  const password = (await readFile(join(folder, "postgres-password"), "utf8")).trim()
  const cluster = join(standbyFolder, "postgres")
  await writeFile(join(cluster, "standby.signal"), "")
  const source = `host=${host} port=${port} user=${user} password=${password}`
  await appendFile(join(cluster, "postgresql.auto.conf"), `\nprimary_conninfo = '${source}'\n`)
  const standby = await startPostgres({ dataDir: standbyFolder })
  await administer(addressOf(primary), "alter system set synchronous_standby_names = '*'")
  await administer(addressOf(primary), "select pg_reload_conf()")
  return [primary, standby]
}

type Writer = {
  /** Adds somebody new to a group. */ add(): Promise<Timed>
  groupId: string
  /** Who was added, and that was answered. */ acknowledged: string[]
}

async function writerOn(server: RunningProcess): Promise<Writer> {
  const acme = await people.bootstrap(server)
  const { id: groupId } = await people.addGroup(server, acme, "Readers")
  const usernames = await people.inviteMany(server, acme, 100)
  const acknowledged: string[] = []
  return {
    groupId,
    acknowledged,
    async add() {
      const username = usernames.pop() ?? ""
      const route = `POST ${pathOf(groupId, username)}`
      const one = await timed(server.call(route, { token: acme.token }), limitMs)
      if (one.answer?.status === 200) acknowledged.push(username)
      return one
    },
  }
}

async function countLost(address: Address, { groupId, acknowledged }: Writer): Promise<number> {
  const sql = singleConnection(address)
  await sql.connect()
  let lost = 0
  for (const username of acknowledged) {
    const { memberships, events } = await rowsOf(sql, groupId, username)
    if (memberships !== 1 || events !== 1) lost++
  }
  await sql.end()
  return lost
}

type Databases = { primary: LocalPostgres; standby: LocalPostgres }

async function failOver({ primary, standby }: Databases, dataDir: string): Promise<Line> {
  let current = addressOf(primary)
  const proxy = new FaultProxy(() => ({ path: `${current.host}/.s.PGSQL.${current.port}` }))
  const databaseUrl = urlOf({ ...current, host: "127.0.0.1", port: await proxy.listen() })
  const server = await startProcess({ dataDir, databaseUrl, env: { LOG_LEVEL: "error" } })
  try {
    const writer = await writerOn(server)
    for (let time = 0; time < before; time++) await writer.add()
    const wasWell = writer.acknowledged.length === before
    await primary.stop()
    const begin = performance.now()
    current = addressOf(standby)
    proxy.drop()
    const onStandby: Timed[] = []
    for (let time = 0; time < 5; time++) onStandby.push(await writer.add())
    await administer(current, "select pg_promote()")
    let after = await writer.add()
    while (after.answer?.status !== 200 && performance.now() - begin < 2 * limitMs) {
      await sleep(200)
      after = await writer.add()
    }
    const backMs = performance.now() - begin
    const lost = await countLost(current, writer)
    const isRefused = onStandby.every(({ answer }) => answer?.status === 503)
    return {
      what,
      times: 1,
      expected: `503 on the standby, nothing acknowledged lost, well within ${seconds(limitMs)}, same process`,
      seen: `${before} × 200, then ${statuses(onStandby)}; well after ${seconds(backMs)}; ${lost} of ${writer.acknowledged.length} lost`,
      outcome: judged(wasWell && isRefused && lost === 0 && backMs < limitMs),
    }
  } finally {
    server.kill("SIGKILL")
    await server.exited
    await proxy.close()
  }
}

/** A server whose PostgreSQL is replaced by its standby; it reaches both under one address, as behind a proxy. */
export async function failoverToStandby(): Promise<Line[]> {
  const [folder, standbyFolder, dataDir] = [await makeDataDir(), await makeDataDir(), await makeDataDir()]
  const running: LocalPostgres[] = []
  try {
    let pair: [LocalPostgres, LocalPostgres]
    try {
      pair = await makePair(folder, standbyFolder)
    } catch (error) {
      return [notRun(what, `no standby could be made: ${String(error).slice(0, 200)}`)]
    }
    const [primary, standby] = pair
    running.push(primary, standby)
    return [await failOver({ primary, standby }, dataDir)]
  } finally {
    for (const postgres of running) await postgres.stop()
    for (const each of [folder, standbyFolder, dataDir]) await removeDataDir(each)
  }
}
