import { randomInt } from "node:crypto"
import { parseArgs } from "node:util"
import { Client } from "pg"
import { connectionOf, makeDataDir, removeDataDir, startProcess } from "../server/test/processes.ts"
import * as people from "../server/test/people.ts"
import type { Answer, Call } from "../server/test/http.ts"
import { cropped, welch } from "./welch.ts"

/*
 * Whether the time of an answer tells who has an account: `npm run timing`. Each question is asked about as many
 * addresses that have an account elsewhere on the instance as about unknown ones, in random order, one at a time.
 */
const { values } = parseArgs({
  options: { samples: { type: "string", default: "10000" }, only: { type: "string" } },
})
const samples = Number(values.samples)
const limit = 4.5

const dataDir = await makeDataDir()
const server = await startProcess({ dataDir, env: { TRUSTED_PROXIES: "127.0.0.1", LOG_LEVEL: "silent" } })

/** Every call comes from an address of its own, so that no limit by address cuts in. */
let calls = 0
function call(route: string, options: Call): Promise<Answer> {
  const number = ++calls
  const source = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
  return server.call(route, { ...options, headers: { "x-forwarded-for": source } })
}

/** So many complete accounts of another organization, written straight into the database. */
async function addAccounts(ownerEmail: string, count: number): Promise<void> {
  const client = new Client(connectionOf(dataDir))
  await client.connect()
  await client.query(
    `insert into users (id, username, email, first_name, password_hash, is_accepted)
     select gen_random_uuid(), address, address, 'Some', owner.password_hash, true
     from users owner, generate_series(0, $2::int - 1) as number,
       lateral (select 'a' || lpad(number::text, 6, '0') || '@elsewhere.example') as a(address)
     where owner.username = $1`,
    [ownerEmail, count],
  )
  await client.query("vacuum analyze users")
  await client.end()
}

const known = (number: number): string => `a${String(number).padStart(6, "0")}@elsewhere.example`
const unknown = (number: number): string => `b${String(number).padStart(6, "0")}@elsewhere.example`

type Question = { name: string; status: number; ask(address: string): Promise<Answer> }

async function questions(): Promise<Question[]> {
  const acme = await people.bootstrap(server)
  await people.addOrganization(server, acme)
  await addAccounts("ada@example.com", samples)
  const { id } = await people.addGroup(server, acme, "Readers")
  const { token } = acme
  return [
    {
      name: "adding to a group",
      status: 404,
      ask: (address) => call(`POST /api/v1/groups/${id}/users/${encodeURIComponent(address)}`, { token }),
    },
    {
      name: "removing from a group",
      status: 404,
      ask: (address) => call(`DELETE /api/v1/groups/${id}/users/${encodeURIComponent(address)}`, { token }),
    },
    {
      name: "signing in",
      status: 400,
      ask: (email) => call("POST /api/v3/auth/login", { body: { email, password: "wrong" } }),
    },
    {
      name: "inviting",
      status: 200,
      ask: (email) =>
        call("POST /api/v1/invite-org/signup", {
          token,
          body: { inviteeEmails: [email], organizationId: acme.id },
        }),
    },
  ]
}

async function timed({ ask, status }: Question, address: string): Promise<number> {
  const begin = process.hrtime.bigint()
  const answer = await ask(address)
  const taken = Number(process.hrtime.bigint() - begin) / 1_000
  if (answer.status !== status) throw new Error(`${answer.status} in place of ${status}: ${answer.text}`)
  return taken
}

/** Asks about every known and every unknown address once, in random order; returns µs. */
async function measure(question: Question): Promise<{ known: number[]; unknown: number[] }> {
  const times = { known: [] as number[], unknown: [] as number[] }
  const left = { known: samples, unknown: samples }
  for (let warmUp = 0; warmUp < 50; warmUp++) await timed(question, `w${warmUp}-${calls}@elsewhere.example`)
  while (left.known + left.unknown > 0) {
    const kind = randomInt(left.known + left.unknown) < left.known ? "known" : "unknown"
    const number = --left[kind]
    times[kind].push(await timed(question, kind === "known" ? known(number) : unknown(number)))
  }
  return times
}

const average = (sample: readonly number[]): number =>
  Math.round(sample.reduce((sum, value) => sum + value, 0) / sample.length)

try {
  console.log("| question | known µs | unknown µs | t | t without the slowest 5 % | |")
  console.log("|---|---|---|---|---|---|")
  for (const question of await questions()) {
    if (values.only && !question.name.includes(values.only)) continue
    const times = await measure(question)
    const whole = welch(times.known, times.unknown)
    const core = welch(...cropped(times.known, times.unknown, 0.95))
    const isAlike = Math.abs(whole) < limit && Math.abs(core) < limit
    if (!isAlike) process.exitCode = 1
    const means = [average(times.known), average(times.unknown)].join(" | ")
    const verdict = isAlike ? "alike" : "TOLD APART"
    console.log(`| ${question.name} | ${means} | ${whole.toFixed(2)} | ${core.toFixed(2)} | ${verdict} |`)
  }
} finally {
  server.kill("SIGTERM")
  await server.exited
  await removeDataDir(dataDir)
}
