import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pino from "pino"
import { loadConfig } from "../../config.ts"
import { openDatabase, type Queries } from "../../db/database.ts"
import { endpoints } from "../../endpoints.ts"
import { startServer, type RunningServer } from "../../server.ts"
import { caseOf, createWorld, type Request } from "../access-cases.ts"
import { authSecret, halfwayTokens } from "../bad-tokens.ts"
import { countChanges, watchChanges } from "../changes.ts"
import { createTestDatabase, type TestDatabase } from "../databases.ts"
import type { Harness } from "../harness.ts"
import { call, type Answer, type Call } from "../http.ts"
import type { Known } from "./arbitraries.ts"

/** What a world is made of, kept as a database to be copied. */
export type Seed = {
  /** The header `Authorization` of everybody who may ask, by name; none for who has no token. */
  tokens: Record<string, string | undefined>
  /** Good requests of both organizations, by operation. */ samples: Record<string, Request[]>
  /** A server on a new copy of the world. */ open(): Promise<OpenWorld>
  close(): Promise<void>
}

/** A server on a copy of the world, which requests may harm. */
export type OpenWorld = {
  call(route: string, options?: Call): Promise<Answer>
  /** Whether everybody is known to it as they were in the beginning. */ isWhole(): Promise<boolean>
  close(): Promise<void>
}

type Environment = Record<string, string>

const start = (database: TestDatabase, env: Environment): Promise<RunningServer> =>
  startServer(
    loadConfig({ PORT: "0", AUTH_SECRET: authSecret, ...env }),
    database.connection,
    pino({ level: "silent" }),
  )

/**
 * Makes two organizations with people and machine identities of every kind, and objects for every endpoint to name.
 * Whatever requests do to a copy, the next copy has everything again, under the same ids and for the same tokens.
 * `env` is for the servers on copies alone.
 */
export async function createSeed(env: Environment): Promise<Seed> {
  const dataDir = await mkdtemp(join(tmpdir(), "conclave-fuzz-"))
  const folder = { CONCLAVE_DATA_DIR: dataDir }
  const database = await createTestDatabase()
  const server = await start(database, folder)
  const own = openDatabase(database.connection, 2)
  const harness: Harness = {
    address: server.address,
    database,
    dataDir,
    db: own.queries,
    server,
    call: (route, options) => call(server.address, route, options),
    state: () => Promise.reject(new Error("A world that requests may harm has no state to compare.")),
  }
  const world = await createWorld(harness)
  const samples: Record<string, Request[]> = {}
  for (const endpoint of endpoints) {
    const make = caseOf(endpoint)
    samples[endpoint.id] = [await make(harness, world.acme), await make(harness, world.elsewhere)]
  }
  const tokens = {
    nobody: undefined,
    admin: world.acme.adminToken,
    "admin machine": world.acme.token,
    "admin without organization": world.acme.signedInToken,
    ...Object.fromEntries(world.holders.map(({ role, kind, token }) => [`${role} ${kind}`, token])),
    stranger: world.stranger.token,
    "stranger machine": world.elsewhere.token,
    "service token": world.serviceToken,
    halfway: (await halfwayTokens(world))[0]?.token,
    garbage: "a.b.c",
  }
  await watchChanges(own.queries)
  await own.close()
  await server.stop()
  return {
    tokens,
    samples,
    open: () => openCopy(database, { ...env, ...folder }, tokens),
    async close() {
      await database.drop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function openCopy(
  original: TestDatabase,
  env: Environment,
  tokens: Seed["tokens"],
): Promise<OpenWorld> {
  const database = await createTestDatabase(original.connection.database)
  const server = await start(database, env)
  const ask = (route: string, options?: Call) => call(server.address, route, options)
  const probes = [
    "GET /api/v1/groups",
    "POST /api/v1/auth/checkAuth",
    "GET /api/v1/user",
    "GET /api/v1/identities/details",
  ]
  const standing = async (): Promise<string> => {
    const known = Object.values(tokens).filter((token) => token !== undefined)
    const answers = known.flatMap((token) => probes.map((route) => ask(route, { token })))
    return (await Promise.all(answers)).map(({ status }) => status).join()
  }
  const atFirst = await standing()
  const own = openDatabase(database.connection, 1)
  const hasChanged = standingChanges(own.queries)
  return {
    call: ask,
    isWhole: async () => !(await hasChanged()) || (await standing()) === atFirst,
    async close() {
      await own.close()
      await server.stop()
      await database.drop()
    },
  }
}

/** Tables that say who somebody is, and what they may do outside of projects. */
const ofStanding = /^(?:users|sessions|organization|identit|group)/

/** Answers a function that tells whether anything was written there since it was last asked. */
function standingChanges(db: Queries): () => Promise<boolean> {
  const changes = countChanges(db)
  let known = 0
  return async () => {
    const { rest } = await changes()
    const counts = Object.entries(rest).map(([table, count]) => (ofStanding.test(table) ? count : 0))
    const before = known
    known = counts.reduce((sum, count) => sum + count, 0)
    return known !== before
  }
}

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

/** What a request of one operation may name. */
export function knownFor(id: string, { samples, tokens }: Seed): Known {
  const [ours, theirs] = samples[id] ?? []
  const own = [ours, ours, ours, theirs].filter((request) => request !== undefined)
  const byName: Record<string, unknown[]> = {}
  const names = new Set<string>()
  for (const { path, query, body } of Object.values(samples).flat()) {
    for (const [name, value] of Object.entries({ ...path, ...query, ...body })) {
      const values = (byName[name] ??= [])
      if (values.length < 40) values.push(value)
      if (typeof value === "string" && (uuid.test(value) || value.includes("@"))) names.add(value)
    }
  }
  // Who can do most asks most, since a refusal shows little.
  const admins = [
    "admin",
    "admin machine",
    "admin",
    "admin machine",
    "admin",
    "admin machine",
    "admin without organization",
  ]
  const able =
    ours?.token === undefined ? admins : ["sample 0", "sample 1", "sample 0", "sample 0", ...admins]
  return {
    samples: own,
    byName,
    names: [...names],
    callers: [...Object.keys(tokens), ...able, ...able],
  }
}
