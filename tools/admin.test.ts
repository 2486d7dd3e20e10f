import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { test } from "node:test"
import { createTestDatabase } from "../server/test/databases.ts"
import * as people from "../server/test/people.ts"
import { environment, makeDataDir, removeDataDir, root, startProcess } from "../server/test/processes.ts"
import type { ProcessOptions, RunningProcess } from "../server/test/processes.ts"

type Outcome = { code: unknown; out: string; error: string }

/** Runs the tool as `npm run admin` does, in the environment of a server. */
async function admin(options: ProcessOptions, words: string[], input = ""): Promise<Outcome> {
  const args = ["tools/start-checked.mjs", "tools/admin.ts", ...words]
  const child = spawn(process.execPath, args, { cwd: root, env: environment(options) })
  child.stdin.end(input)
  const [out, error, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ])
  return { code, out: out.trim(), error: error.trim() }
}

const signIn = (server: RunningProcess, email: string, password: string) =>
  server.call("POST /api/v3/auth/login", { body: { email, password } })

async function stop(server: RunningProcess): Promise<void> {
  server.kill("SIGTERM")
  await server.exited
}

test("works on the server's own PostgreSQL while it runs and while it is stopped", async (t) => {
  const dataDir = await makeDataDir()
  const options = { dataDir }
  const nothing = await admin(options, ["list-admins"])
  assert.equal(nothing.code, 1)
  assert.match(nothing.error, /no database/)

  let server = await startProcess(options)
  t.after(async () => {
    server.killGroup("SIGKILL")
    await server.exited
    await removeDataDir(dataDir)
  })
  const acme = await people.bootstrap(server)
  assert.deepEqual(await admin(options, ["list-admins"]), { code: 0, out: "ada@example.com", error: "" })

  const reset = await admin(options, ["reset-password", "ADA@example.com"])
  assert.equal(reset.code, 0, reset.error)
  const password = /The new password: (\w{24})$/.exec(reset.out)?.[1] ?? ""
  assert.equal((await signIn(server, "ada@example.com", "correct horse battery staple")).status, 400)
  people.ok(await signIn(server, "ada@example.com", password))
  const old = await server.call("GET /api/v1/organization", { token: acme.signedInToken })
  assert.deepEqual([old.status, old.body.error], [401, "StaleSession"])

  await stop(server)
  const given = await admin(options, ["reset-password", "ada@example.com", "--stdin"], "quite another one\n")
  assert.deepEqual(given, { code: 0, out: "All sessions of ada@example.com have ended.", error: "" })
  server = await startProcess(options)
  people.ok(await signIn(server, "ada@example.com", "quite another one"))
})

test("works on a database of one's own, and refuses what makes no sense", async (t) => {
  const database = await createTestDatabase()
  const dataDir = await makeDataDir()
  const options = { dataDir, databaseUrl: database.url }
  const server = await startProcess(options)
  t.after(async () => {
    server.killGroup("SIGKILL")
    await server.exited
    await database.drop()
    await removeDataDir(dataDir)
  })
  const acme = await people.bootstrap(server)
  const factor = await people.addSecondFactor(server, acme, "grace@example.com")
  await people.invite(server, acme, "not-yet@example.com")

  const list = (token: string) => server.call("GET /api/v1/admin/user-management/users", { token })
  assert.equal((await list(factor.provedToken)).status, 403)
  assert.equal((await admin(options, ["make-admin", "grace@example.com"])).code, 0)
  people.ok(await list(factor.provedToken))
  assert.equal((await admin(options, ["list-admins"])).out, "ada@example.com\ngrace@example.com")

  const selecting = { token: factor.signedInToken, body: { organizationId: acme.id } }
  const select = async () => people.ok(await server.call("POST /api/v3/auth/select-organization", selecting))
  assert.equal((await select()).isMfaEnabled, true)
  const removed = await admin(options, ["remove-mfa", "grace@example.com"])
  assert.deepEqual([removed.code, removed.out], [0, "grace@example.com signs in by password alone."])
  assert.equal((await select()).isMfaEnabled, false)
  assert.match((await admin(options, ["remove-mfa", "grace@example.com"])).out, /had no second factor/)

  const refused = await admin({ ...options, env: { ENCRYPTION_KEY: "0".repeat(32) } }, [
    "replace-encryption-key",
  ])
  assert.match(refused.error, /^Set NEW_ENCRYPTION_KEY/)

  const wrong: [string[], RegExp][] = [
    [["replace-encryption-key", "0123456789abcdef0123456789abcdef"], /Usage/],
    [["rotate-keys", "0123", "more"], /Usage/],
    [["renew-organization-keys", "0123", "more"], /Usage/],
    [[], /Usage/],
    [["constructor", "ada@example.com"], /Usage/],
    [["make-admin"], /Usage/],
    [["make-admin", "ada@example.com", "--stdin"], /Usage/],
    [["reset-password", "ada@example.com", "secret"], /Usage/],
    [["make-admin", "nobody@example.com"], /no account/],
    [["reset-password", "not-yet@example.com"], /no account/],
    [["reset-password", "ada@example.com", "--stdin"], /must not be empty/],
  ]
  for (const [words, expected] of wrong) {
    const { code, out, error } = await admin(options, words)
    assert.deepEqual([code, out], [1, ""], words.join(" "))
    assert.match(error, expected)
  }
})

test("rotates the keys of projects, and renews those above, beneath a server that runs", async (t) => {
  const database = await createTestDatabase()
  const dataDir = await makeDataDir()
  const options = { dataDir, databaseUrl: database.url }
  assert.match((await admin(options, ["rotate-keys"])).error, /start the server on it first/)
  const server = await startProcess(options)
  t.after(async () => {
    server.killGroup("SIGKILL")
    await server.exited
    await database.drop()
    await removeDataDir(dataDir)
  })
  const { id: organizationId, token } = await people.bootstrap(server)
  const { project } = people.ok(
    await server.call("POST /api/v1/projects", { token, body: { projectName: "App" } }),
  )
  const missing = await admin(options, ["rotate-keys", project.id])
  assert.deepEqual([missing.code, missing.out], [1, ""])
  assert.match(missing.error, /nothing is sealed in it yet/)
  const at = { projectId: project.id, environment: "dev" }
  const route = "/api/v4/secrets/A"
  people.ok(await server.call(`POST ${route}`, { token, body: { ...at, secretValue: "kept" } }))
  for (const [words, rows] of [
    [["rotate-keys"], 2],
    [["rotate-keys", project.id], 0],
  ] as const) {
    const done = await admin(options, [...words])
    assert.deepEqual([done.code, done.error], [0, ""])
    assert.ok(
      done.out.startsWith(`1 projects seal by a new key, and ${rows} rows were sealed anew.`),
      done.out,
    )
  }
  for (const words of [["renew-organization-keys"], ["renew-organization-keys", organizationId]]) {
    const out = "1 organizations wrap by a new key, and 2 keys of projects were wrapped anew."
    assert.deepEqual(await admin(options, words), { code: 0, out, error: "" })
  }
  const read = await server.call(`GET ${route}?${new URLSearchParams(at).toString()}`, { token })
  assert.equal(people.ok(read).secret.secretValue, "kept")
  assert.match((await admin(options, ["rotate-keys", "App"])).error, /no project with the ID App/)
  const unknown = await admin(options, ["renew-organization-keys", project.id])
  assert.match(unknown.error, /no organization with the ID/)
})

test("replaces the encryption key, in the data folder and in the environment", async (t) => {
  const database = await createTestDatabase()
  const dataDir = await makeDataDir()
  const options = { dataDir, databaseUrl: database.url }
  let server = await startProcess(options)
  t.after(async () => {
    server.killGroup("SIGKILL")
    await server.exited
    await database.drop()
    await removeDataDir(dataDir)
  })
  const acme = await people.bootstrap(server)
  const { provedToken: token, recoveryCodes } = await people.addSecondFactor(
    server,
    acme,
    "grace@example.com",
  )
  await stop(server)

  const file = join(dataDir, "encryption-key")
  const [first = ""] = (await readFile(file, "utf8")).split("\n")
  const done = await admin(options, ["replace-encryption-key"])
  assert.equal(done.code, 0, done.error)
  assert.match(
    done.out,
    /^\d+ keys were wrapped anew.* The old key is kept in \S+encryption-key\.[0-9a-f]{8}:/,
  )
  const [second = ""] = (await readFile(file, "utf8")).split("\n")
  assert.notEqual(second, first)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.ok(!`${done.out}${done.error}`.includes(first) && !`${done.out}${done.error}`.includes(second))

  const third = "6c1fe4e407b8911c104518103505b218"
  const given = { ...options, env: { ENCRYPTION_KEY: second, NEW_ENCRYPTION_KEY: third } }
  const wrongOne = { ...options, env: { ENCRYPTION_KEY: first, NEW_ENCRYPTION_KEY: third } }
  assert.match((await admin(wrongOne, ["replace-encryption-key"])).error, /^ENCRYPTION_KEY is not the key/)
  for (const expected of [
    /^\d+ keys were wrapped anew.* Set ENCRYPTION_KEY/,
    /^The key had been replaced already/,
  ]) {
    assert.match((await admin(given, ["replace-encryption-key"])).out, expected)
  }
  server = await startProcess({ ...options, env: { ENCRYPTION_KEY: third } })
  const kept = people.ok(await server.call("GET /api/v1/user/me/totp", { token }))
  assert.deepEqual(kept.recoveryCodes, recoveryCodes)
})
