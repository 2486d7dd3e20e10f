import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { delimiter, join } from "node:path"
import { describe, test, type TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { singleConnection } from "../db/database.ts"
import { createTestDatabase, type TestDatabase } from "./databases.ts"
import * as people from "./people.ts"
import {
  makeDataDir,
  removeDataDir,
  spawnServer,
  startProcess,
  waitingFor,
  type ProcessOptions,
  type RunningProcess,
} from "./processes.ts"

const authSecret = "c2VjcmV0cyBvZiB0aGUgdGVzdHMgb25seSwgMzIgYnk="
const encryptionKey = "6c1fe4e407b8911c104518103505b218"
const bothKeys = { AUTH_SECRET: authSecret, ENCRYPTION_KEY: encryptionKey }

type Place = { database: TestDatabase; dataDir: string; databaseUrl: string }

/** A migrated database and a data folder that are gone after the test. */
async function placeFor(t: TestContext): Promise<Place> {
  const database = await createTestDatabase()
  const dataDir = await makeDataDir()
  t.after(async () => {
    await database.drop()
    await removeDataDir(dataDir)
  })
  return { database, dataDir, databaseUrl: database.url }
}

async function query({ connection }: TestDatabase, text: string): Promise<Record<string, unknown>[]> {
  const client = singleConnection(connection)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

async function started(t: TestContext, options: ProcessOptions): Promise<RunningProcess> {
  const server = await startProcess(options)
  t.after(async () => {
    server.killGroup("SIGKILL")
    await server.exited
  })
  return server
}

async function stopped(server: RunningProcess): Promise<void> {
  server.kill("SIGTERM")
  assert.deepEqual(await server.exited, { code: 0, signal: null }, server.stderr)
}

/** Starts what must not come to listen; returns the one sentence that it leaves behind. */
async function refusal(options: ProcessOptions): Promise<string> {
  const server = spawnServer(options)
  if ((await server.greeted) !== undefined) {
    server.kill("SIGTERM")
    await server.exited
    assert.fail(`It started: ${server.stdout}`)
  }
  assert.deepEqual(await server.exited, { code: 1, signal: null }, server.stderr)
  assert.equal(server.stdout, "")
  assert.match(server.stderr, /^[^\n]+\.\n$/, `not one sentence: ${server.stderr}`)
  return server.stderr.trim()
}

/** Unreachable: nothing is asked of it before the setting is judged. */
const nowhere = "postgres://conclave:hunter2@127.0.0.1:1/conclave"

describe("a start that fails says in one sentence what to do", { concurrency: 2 }, () => {
  test("a busy port is named", async (t) => {
    const { dataDir, databaseUrl } = await placeFor(t)
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve))
    t.after(() => other.close())
    const address = other.address()
    const port = typeof address === "object" && address ? address.port : 0
    const sentence = await refusal({ dataDir, databaseUrl, env: { PORT: String(port) } })
    assert.match(sentence, new RegExp(`^Port ${port} on 127\\.0\\.0\\.1 is in use: .*PORT`))
  })

  test("a HOST that is no address of this machine is named", async (t) => {
    const { dataDir, databaseUrl } = await placeFor(t)
    for (const host of ["no such host", "nonsense.invalid", "192.0.2.1"]) {
      const sentence = await refusal({ dataDir, databaseUrl, env: { HOST: host } })
      assert.match(sentence, new RegExp(`cannot listen on ${host}: set HOST`))
    }
  })

  test("a DATABASE_URL that is no URL is named and not repeated", async () => {
    for (const databaseUrl of ["conclave:hunter2@localhost", "mysql://root:hunter2@localhost/conclave"]) {
      const sentence = await refusal({ databaseUrl })
      assert.match(sentence, /DATABASE_URL .*postgres:\/\//)
      assert.doesNotMatch(sentence, /hunter2/)
    }
  })

  test("a database that cannot be reached is told with the reason and without the password", async () => {
    const sentence = await refusal({ databaseUrl: nowhere })
    assert.match(sentence, /^PostgreSQL cannot be reached \(.*ECONNREFUSED.*\): check DATABASE_URL/)
    assert.doesNotMatch(sentence, /hunter2/)
  })

  test("a wrong password and a database that does not exist are told with the reason", async (t) => {
    const { database } = await placeFor(t)
    const wrongPassword = new URL(database.url)
    wrongPassword.password = "hunter2"
    assert.match(await refusal({ databaseUrl: wrongPassword.href }), /cannot be reached \(.*password/)
    const absent = new URL(database.url)
    absent.pathname = "/absent"
    assert.match(await refusal({ databaseUrl: absent.href }), /cannot be reached \(.*"absent" does not exist/)
  })

  test("a database of a newer Conclave is refused with both versions, and left as it is", async (t) => {
    const { database, dataDir, databaseUrl } = await placeFor(t)
    const versions = () => query(database, "select version from schema_migrations order by version")
    const newest = (await versions()).at(-1)?.["version"]
    await query(database, "insert into schema_migrations (version, name) values (9999, '9999_later.sql')")
    const before = await versions()
    const sentence = await refusal({ dataDir, databaseUrl })
    assert.match(sentence, new RegExp(`version 9999.* ${String(newest)}\\b`))
    assert.deepEqual(await versions(), before)
    assert.deepEqual(await query(database, "select name from instance_keys"), [])
  })

  test("a setting that is wrong is named", async () => {
    const cases = {
      PORT: "eighty",
      SITE_URL: "conclave",
      TRUSTED_PROXIES: "10.0.0.0/99",
      LOG_LEVEL: "loud",
      DATABASE_LOCK_TIMEOUT_MS: "0",
    }
    for (const [name, value] of Object.entries(cases)) {
      const sentence = await refusal({ databaseUrl: nowhere, env: { [name]: value } })
      assert.match(sentence, new RegExp(`^The setting ${name} must|^The setting ${name} .`), sentence)
    }
  })

  test("a key that is too short is refused and not repeated", async () => {
    const sentence = await refusal({ databaseUrl: nowhere, env: { AUTH_SECRET: "hunter2" } })
    assert.match(sentence, /^The setting AUTH_SECRET is too short/)
    assert.doesNotMatch(sentence, /hunter2/)
  })
})

describe("keys", { concurrency: 2 }, () => {
  test("they are made for a new database, for their owner's eyes only", async (t) => {
    const { dataDir, databaseUrl } = await placeFor(t)
    const server = await started(t, { dataDir, databaseUrl })
    for (const file of ["encryption-key", "auth-secret", "setup-token"]) {
      const { mode, size } = await stat(join(dataDir, file))
      assert.equal((mode & 0o777).toString(8), "600", file)
      assert.ok(size > 32, file)
    }
    await stopped(server)
  })

  test("a key file that is missing, changed, or open to others ends the start and is named", async (t) => {
    const { dataDir, databaseUrl } = await placeFor(t)
    await stopped(await started(t, { dataDir, databaseUrl }))
    for (const [name, file] of [
      ["ENCRYPTION_KEY", "encryption-key"],
      ["AUTH_SECRET", "auth-secret"],
    ] as const) {
      const path = join(dataDir, file)
      const kept = await readFile(path, "utf8")

      await rm(path)
      assert.match(await refusal({ dataDir, databaseUrl }), new RegExp(`^${name} is missing .*${file}`))
      await assert.rejects(stat(path), { code: "ENOENT" })

      await writeFile(path, `${bothKeys[name]}\n`, { mode: 0o600 })
      assert.match(await refusal({ dataDir, databaseUrl }), new RegExp(`^${name} is not the key`))

      await writeFile(path, kept)
      await chmod(path, 0o640)
      assert.match(
        await refusal({ dataDir, databaseUrl }),
        new RegExp(`${file} can be read by others: .*chmod`),
      )
      await chmod(path, 0o600)
    }
    const given = await refusal({ dataDir, databaseUrl, env: { AUTH_SECRET: authSecret } })
    assert.match(given, /^AUTH_SECRET is not the key/)
    await stopped(await started(t, { dataDir, databaseUrl }))
  })

  test("a value may come from a file by the suffix _FILE, but not from both", async (t) => {
    const { dataDir, databaseUrl } = await placeFor(t)
    const secretFile = join(dataDir, "given-secret")
    const urlFile = join(dataDir, "given-url")
    await writeFile(secretFile, `${authSecret}\n`)
    await writeFile(urlFile, `${databaseUrl}\n`)
    const fromFiles = {
      ENCRYPTION_KEY: encryptionKey,
      AUTH_SECRET_FILE: secretFile,
      DATABASE_URL_FILE: urlFile,
    }
    await stopped(await started(t, { dataDir, env: fromFiles }))
    // The same key as a value is the same key.
    await stopped(await started(t, { dataDir, databaseUrl, env: bothKeys }))

    const both = await refusal({ dataDir, databaseUrl, env: { ...bothKeys, AUTH_SECRET_FILE: secretFile } })
    assert.match(both, /^Both AUTH_SECRET and AUTH_SECRET_FILE are set/)
    const absent = await refusal({ dataDir, databaseUrl, env: { AUTH_SECRET_FILE: join(dataDir, "absent") } })
    assert.match(absent, /^The file that AUTH_SECRET_FILE names cannot be read/)
  })

  test("servers that start at once on a new database agree on the keys, and keep them", async (t) => {
    const { database, dataDir, databaseUrl } = await placeFor(t)
    const gate = singleConnection(database.connection)
    await gate.connect()
    await gate.query("begin; lock table instance_keys in access exclusive mode")
    const starting = Promise.all([1, 2].map(() => started(t, { dataDir, databaseUrl })))
    while ((await waitingFor(gate, "instance_keys")) < 2) await sleep(10)
    await gate.query("commit")
    await gate.end()

    const first = await starting
    const { token } = await people.bootstrap(first[0] ?? assert.fail())
    for (const server of first) people.ok(await server.call("GET /api/v1/groups", { token }))
    for (const server of first) await stopped(server)
    const later = await started(t, { dataDir, databaseUrl })
    people.ok(await later.call("GET /api/v1/groups", { token }))
    await stopped(later)
  })

  test("a start that was cut short while it wrote a key does not hinder the next", async (t) => {
    const { dataDir, databaseUrl } = await placeFor(t)
    // In a container the server has the same pid each time.
    const program = `touch "$CONCLAVE_DATA_DIR/encryption-key.$$" && exec "${process.execPath}" start.mjs`
    await stopped(await started(t, { dataDir, databaseUrl, command: ["/bin/sh", "-c", program] }))
  })
})

describe("without SITE_URL everything names the port that is bound", () => {
  test("the greeting, the setup link, the document and the links of invitations", async (t) => {
    const { dataDir, databaseUrl } = await placeFor(t)
    const server = await started(t, { dataDir, databaseUrl, env: { PORT: "0" } })
    const { port } = new URL(server.address)
    assert.notEqual(port, "0")
    const site = `http://localhost:${port}`
    assert.match(server.stdout, new RegExp(`document: ${site}/api/docs\\)`))
    assert.match(server.stdout, new RegExp(` ${site}/api/docs#setup-token=`))
    const document = people.ok(await server.call("GET /api/docs/json"))
    assert.equal(document.servers[0].url, site)

    const { id: organizationId, token } = await people.bootstrap(server)
    const body = { inviteeEmails: ["kim@example.com"], organizationId, organizationRoleSlug: "member" }
    const answer = people.ok(await server.call("POST /api/v1/invite-org/signup", { token, body }))
    assert.ok(answer.completeInviteLinks[0].link.startsWith(`${site}/signupinvite?`), JSON.stringify(answer))
    await stopped(server)
  })
})

describe("the setup link", { concurrency: 2 }, () => {
  const linkIn = (server: RunningProcess) => /#setup-token=([0-9a-f]{32,})\s/.exec(server.stdout)?.[1]

  test("it is printed and kept until the set-up, and is in no log", async (t) => {
    const { dataDir, databaseUrl } = await placeFor(t)
    const server = await started(t, { dataDir, databaseUrl, env: { LOG_LEVEL: "trace" } })
    const file = join(dataDir, "setup-token")
    const setupToken = linkIn(server) ?? assert.fail(server.stdout)
    assert.equal((await readFile(file, "utf8")).trim(), setupToken)

    await people.bootstrap({
      call: (route, more) => {
        const headers = { "x-setup-token": setupToken, "x-forwarded-for": "192.0.2.7" }
        return server.call(route, route.includes("bootstrap") ? { ...more, headers } : more)
      },
    })
    await assert.rejects(stat(file), { code: "ENOENT" })
    await stopped(server)
    assert.match(server.stderr, /bootstrapInstance/)
    assert.ok(!server.stderr.includes(setupToken))

    const again = await started(t, { dataDir, databaseUrl })
    assert.equal(linkIn(again), undefined)
    await assert.rejects(stat(file), { code: "ENOENT" })
    await stopped(again)
  })

  test("it works also where the keys are given and there is no data folder yet", async (t) => {
    const { dataDir, databaseUrl } = await placeFor(t)
    const server = await started(t, { dataDir: join(dataDir, "new"), databaseUrl, env: bothKeys })
    const setupToken = linkIn(server) ?? assert.fail(server.stdout)
    const headers = { "x-setup-token": setupToken, "x-forwarded-for": "192.0.2.7" }
    const body = { email: "ada@example.com", password: "correct horse", organization: "Acme" }
    people.ok(await server.call("POST /api/v1/admin/bootstrap", { headers, body }))
    await stopped(server)
  })
})

test("a second server on the same data folder is refused with the pid of the first", async (t) => {
  const dataDir = await makeDataDir()
  t.after(() => removeDataDir(dataDir))
  const first = await started(t, { dataDir })
  assert.match(await refusal({ dataDir }), new RegExp(`^Another server \\(pid ${first.pid}\\) .*${dataDir}`))
  assert.equal((await first.call("GET /api/status")).status, 200)
  await stopped(first)
})

describe("an old Node is told what to do", () => {
  const needs = (version: string) => new RegExp(`needs Node 22\\.18 .*Node ${version}: run "npm ci"`)

  test("a version before 22.18 is refused", async () => {
    for (const version of ["18.20.8", "20.19.0", "22.17.1"]) {
      const pretend = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`
      const command = [process.execPath, "--import", `data:text/javascript,${pretend}`, "start.mjs"]
      assert.match(await refusal({ command }), needs(version))
    }
  })

  const old = oldNode()
  test("a really old Node can read the sentence", { skip: !old && "no old Node in PATH" }, async () => {
    if (old) assert.match(await refusal({ command: [old.path, "start.mjs"] }), needs(old.version))
  })
})

/** The first Node in PATH that is too old, with its version. */
function oldNode(): { path: string; version: string } | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, "node")
    try {
      const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim().slice(1)
      const [major = 0, minor = 0] = version.split(".").map(Number)
      if (major < 22 || (major === 22 && minor < 18)) return { path, version }
    } catch {
      // There is none in this folder.
    }
  }
  return undefined
}
