import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import {
  atEnd,
  connection,
  existingDataDir,
  isRoot,
  kill,
  lives,
  otherServer,
  query,
  started,
  temporaryFolder,
  until,
} from "./fixture.ts"
import { startPostgres } from "./launcher.ts"

test("the second start finds what the first one wrote", async (t) => {
  const dataDir = join(await temporaryFolder(t), "data")
  const first = await started(t, dataDir)
  assert.equal(first.adopted, false)
  await query(first, "create table notes as select 'kept' as note")
  const firstPid = first.pid
  await Promise.all([first.stop(), first.stop()])
  assert.equal(lives(firstPid), false)

  const second = await started(t, dataDir)
  assert.equal(second.adopted, false)
  assert.deepEqual(await query(second, "select note from notes"), [{ note: "kept" }])
})

test("the database is UTF-8 with checksums, durable, and listens on no network", async (t) => {
  const database = await started(t, await existingDataDir(t))
  const names = [
    "data_checksums",
    "fsync",
    "full_page_writes",
    "listen_addresses",
    "synchronous_commit",
    "TimeZone",
  ]
  const settings = await query(
    database,
    `select ${names.map((name) => `current_setting('${name}')`).join(" || ',' || ")} s`,
  )
  assert.deepEqual(settings, [{ s: "on,on,on,,on,UTC" }])
  const [locale] = await query(
    database,
    "select pg_encoding_to_char(encoding) encoding, datlocprovider, datlocale from pg_database where datname = current_database()",
  )
  assert.deepEqual(locale, { encoding: "UTF8", datlocprovider: "b", datlocale: "C.UTF-8" })
})

test("only the owner may reach the password, the cluster and the socket", async (t) => {
  const dataDir = await existingDataDir(t)
  const database = await started(t, dataDir)
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
  assert.equal(await modeOf(dataDir), isRoot ? "710" : "700")
  assert.equal(await modeOf(join(dataDir, "postgres-password")), "600")
  assert.equal(await modeOf(join(dataDir, "postgres")), "700")
  assert.equal(await modeOf(database.socketDir), "700")
  await assert.rejects(query({ ...database, password: "guessed" }, "select 1"), { code: "28P01" })
})

test("a second server on the same data folder is refused with the pid of the first", async (t) => {
  const dataDir = await existingDataDir(t)
  const database = await started(t, dataDir)
  const refusal = new RegExp(`^Another server \\(pid ${process.pid}\\) already uses the data folder`)
  await assert.rejects(startPostgres({ dataDir }), { name: "StartError", message: refusal })
  assert.match(
    await otherServer(t, dataDir).output,
    new RegExp(`^StartError: Another server \\(pid ${process.pid}\\)`),
  )
  assert.deepEqual(await query(database, "select 1 as one"), [{ one: 1 }])
})

test("of servers that start at once exactly one gets the data folder", async (t) => {
  const dataDir = join(await temporaryFolder(t), "data")
  const others = [1, 2, 3].map(() => otherServer(t, dataDir))
  const outputs = await Promise.all(others.map((other) => other.output))
  assert.equal(outputs.filter((output) => /^\d+$/.test(output)).length, 1, outputs.join("\n"))
  assert.equal(
    outputs.filter((output) => output.startsWith("StartError: Another server")).length,
    2,
    outputs.join("\n"),
  )
  for (const { child } of others) await kill(child)
  await started(t, dataDir)
})

test("a killed postmaster comes back with its data and under the same address", async (t) => {
  const database = await started(t, await existingDataDir(t))
  const busy = connection(database)
  await busy.connect()
  const [backend] = (await busy.query("select pg_backend_pid() as pid")).rows
  // A loop notices nothing of its postmaster's death.
  const loop = busy.query("do $$ begin loop end loop; end $$").catch(() => {})
  await sleep(100)

  const killed = database.pid
  process.kill(killed, "SIGKILL")
  const answers = () =>
    query(database, "select note from notes").then(
      () => database.pid !== killed,
      () => false,
    )
  const outageMs = await until(answers)
  t.diagnostic(`back after ${Math.round(outageMs)} ms`)
  assert.equal(lives(backend.pid), false)
  assert.deepEqual(await query(database, "select note from notes"), [{ note: "kept" }])
  await loop
  await busy.end().catch(() => {})
})

// That it takes less than three seconds is for npm run faults to say, which has the machine to itself.
test("PostgreSQL is back each time, however often in a row it is killed", async (t) => {
  const database = await started(t, await existingDataDir(t))
  for (let round = 1; round <= 7; round++) {
    const killed = database.pid
    process.kill(killed, "SIGKILL")
    const begunMs = await until(() => database.pid !== killed)
    const answers = () =>
      query(database, "select 1").then(
        () => true,
        () => false,
      )
    const outageMs = begunMs + (await until(answers))
    t.diagnostic(
      `kill ${round}: begun after ${Math.round(begunMs)} ms, back after ${Math.round(outageMs)} ms`,
    )
  }
})

test("a PostgreSQL that dies whenever it starts is started twice a second at most", async (t) => {
  const dataDir = await existingDataDir(t)
  const database = await started(t, dataDir)
  await rm(join(dataDir, "postgres", "global", "pg_control"))
  process.kill(database.pid, "SIGKILL")
  const failures = async () =>
    (await readFile(join(dataDir, "postgres.log"), "utf8")).match(/could not find the database/g)?.length ?? 0
  await until(async () => (await failures()) >= 3)
  const before = await failures()
  await sleep(3000)
  const more = (await failures()) - before
  assert.ok(more >= 1 && more <= 6, `${more} starts in three seconds`)
})

test("a stop right after a kill starts nothing again", async (t) => {
  const database = await started(t, await existingDataDir(t))
  process.kill(database.pid, "SIGKILL")
  await sleep(400)
  await database.stop()
  await sleep(300)
  assert.equal(lives(database.pid), false)
})

test("a PostgreSQL that outlived its server is taken over, supervised and stopped", async (t) => {
  const dataDir = await existingDataDir(t)
  const { child, output } = otherServer(t, dataDir)
  const pid = Number(await output)
  await kill(child)
  assert.equal(lives(pid), true)

  const database = await started(t, dataDir)
  assert.deepEqual([database.adopted, database.pid], [true, pid])
  process.kill(pid, "SIGKILL")
  await until(() =>
    query(database, "select note from notes").then(
      () => true,
      () => false,
    ),
  )
  assert.notEqual(database.pid, pid)
  await database.stop()
  assert.equal(lives(database.pid), false)
})

test("a server and a PostgreSQL that were killed together leave nothing that hinders a start", async (t) => {
  const dataDir = await existingDataDir(t)
  const { child, output } = otherServer(t, dataDir)
  const pid = Number(await output)
  process.kill(pid, "SIGSTOP")
  await kill(child)
  process.kill(pid, "SIGKILL")
  const database = await started(t, dataDir)
  assert.equal(database.adopted, false)
})

test("files of a dead postmaster whose pid has come to another program do not hinder a start", async (t) => {
  const dataDir = await existingDataDir(t)
  const first = await started(t, dataDir)
  await first.stop()
  const identity = isRoot ? { uid: first.uid } : {}
  const stranger = spawn("sleep", ["60"], { ...identity, cwd: "/" })
  atEnd(t, () => stranger.kill())

  const cluster = join(dataDir, "postgres")
  const lines = [
    stranger.pid,
    cluster,
    1700000000,
    first.port,
    first.socketDir,
    "",
    "   424242    424242",
    "ready   ",
  ]
  await writeFile(join(cluster, "postmaster.pid"), lines.join("\n") + "\n")
  await writeFile(join(first.socketDir, ".s.PGSQL.5432.lock"), lines.join("\n") + "\n")
  const database = await started(t, dataDir)
  assert.equal(database.adopted, false)
  assert.equal(stranger.exitCode ?? stranger.signalCode, null)
})

test("a database of another PostgreSQL version is refused with both versions", async (t) => {
  const dataDir = await existingDataDir(t)
  await writeFile(join(dataDir, "postgres", "PG_VERSION"), "15\n")
  const message = /made by PostgreSQL 15 and this server brings PostgreSQL \d\d: start the version/
  await assert.rejects(startPostgres({ dataDir }), { name: "StartError", message })
})

test("a PostgreSQL that does not start says why", async (t) => {
  const dataDir = await existingDataDir(t)
  await rm(join(dataDir, "postgres", "global", "pg_control"))
  const message = /^PostgreSQL ended while it was starting; the end of .*postgres\.log says why: .*pg_control/
  await assert.rejects(startPostgres({ dataDir }), { name: "StartError", message })
})

test("a log that has grown too long is put aside", async (t) => {
  const dataDir = await existingDataDir(t)
  await writeFile(join(dataDir, "postgres.log"), "x".repeat(9 * 1024 * 1024))
  await started(t, dataDir)
  assert.equal((await stat(join(dataDir, "postgres.log.1"))).size, 9 * 1024 * 1024)
  assert.ok((await stat(join(dataDir, "postgres.log"))).size < 10_000)
})

test("a lost password file is named", async (t) => {
  const dataDir = await existingDataDir(t)
  const file = join(dataDir, "postgres-password")
  await writeFile(file, "another\n")
  await assert.rejects(startPostgres({ dataDir }), {
    name: "StartError",
    message: /does not accept the password/,
  })
  await rm(file)
  await assert.rejects(startPostgres({ dataDir }), {
    name: "StartError",
    message: /postgres-password .* is missing/,
  })
})

test("a data folder with a long and unusual name has its socket elsewhere", async (t) => {
  const parent = join(await temporaryFolder(t), `it's a "long", $(odd) ${"n".repeat(100)} ü`)
  await mkdir(parent)
  await chmod(parent, 0o755)
  const database = await started(t, join(parent, "data"))
  assert.ok(Buffer.byteLength(join(database.socketDir, ".s.PGSQL.5432")) <= 107)
  assert.deepEqual(await query(database, "select 1 as one"), [{ one: 1 }])
  await database.stop()
  await assert.rejects(stat(database.socketDir), { code: "ENOENT" })
})

test("an interrupted initdb leaves a folder that can start", async (t) => {
  const dataDir = join(await temporaryFolder(t), "data")
  const { child } = otherServer(t, dataDir)
  const files = async (): Promise<string[]> => await readdir(dataDir).catch(() => [])
  await until(async () => (await files()).some((name) => name.startsWith("postgres.new-")))
  await sleep(150)
  await kill(child)
  assert.ok(!(await files()).includes("postgres"))

  await (await started(t, dataDir)).stop()
  await started(t, dataDir)
  assert.deepEqual(
    (await files()).filter((name) => name.startsWith("postgres.new-")),
    [],
  )
})

test(
  "root keeps the database of an unreachable data folder under /var/lib/conclave",
  { skip: !isRoot },
  async (t) => {
    const folder = await temporaryFolder(t)
    await chmod(folder, 0o700)
    const dataDir = join(folder, "data")
    const first = await started(t, dataDir)
    await query(first, "create table notes as select 'kept' as note")
    assert.match(first.socketDir, /^\/var\/lib\/conclave\/[0-9a-f]{16}\/socket$/)
    await first.stop()
    assert.ok((await readFile(join(dataDir, "postgres-password"), "utf8")).length > 40)

    await chmod(folder, 0o755)
    const second = await started(t, dataDir)
    assert.equal(second.socketDir, first.socketDir)
    assert.deepEqual(await query(second, "select note from notes"), [{ note: "kept" }])
    await second.stop()

    await rm(join(first.socketDir, "..", "postgres"), { recursive: true })
    await assert.rejects(startPostgres({ dataDir }), {
      name: "StartError",
      message: /is not to be found there/,
    })
  },
)
