import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import type { Logger } from "pino"
import { isSetUp } from "./admin/instance.ts"
import { loadKeys } from "./admin/keys.ts"
import { ensureSetupToken, setupTokenIn } from "./admin/setup-token.ts"
import { createApp, type App } from "./app.ts"
import { createAllowance } from "./auth/allowance.ts"
import { createPasswords } from "./auth/password.ts"
import { createTokens } from "./auth/token.ts"
import { earlierSeal } from "./auth/totp.ts"
import type { Config } from "./config.ts"
import { derive, keyedHasher, type Keys } from "./crypto/keys.ts"
import { localRootKey } from "./crypto/root-key.ts"
import { createSeal } from "./crypto/seal.ts"
import { openDatabase, type Connection, type Database } from "./db/database.ts"
import { migrate } from "./db/migrate.ts"
import { loadInstanceKeys, type InstanceKeys } from "./encryption/instance-key.ts"
import { createKept } from "./kept.ts"
import { createMemory } from "./memory.ts"
import { createKeyring, type Keyring } from "./encryption/keyring.ts"
import { keepRotating } from "./encryption/rotation.ts"
import { endpoints } from "./endpoints.ts"
import { keepTelling, type Telling } from "./groups/notices.ts"
import { watchConnections } from "./http/connections.ts"
import { docsPages } from "./http/docs.ts"
import { openapi } from "./http/openapi.ts"
import { keepReplicating, type Replicating } from "./imports/replication.ts"
import { drain, leave, type Stage } from "./leaving.ts"
import type { Repeating } from "./repeating.ts"
import type { Services } from "./services.ts"
import { everything, keyConnections, type Share } from "./share.ts"
import { StartError } from "./start-error.ts"

const rotationsEveryMs = 600_000
const replicationsEveryMs = 500
const noticesEveryMs = 60_000
// Of one network: as many as a busy office mistypes, and few enough that hashing them leaves the processors to others.
const wrongPasswords = { capacity: 180, perSecond: 1 }
/** What each of so many processes allows, so that they allow no more together: each has its part of the connections. */
const allowanceOf = (workers: number) => ({
  capacity: Math.max(1, Math.floor(wrongPasswords.capacity / workers)),
  perSecond: wrongPasswords.perSecond / workers,
})

/** A server that listens. */
export type RunningServer = {
  /** Where it listens, for example `http://127.0.0.1:8080`. */ address: string
  /** Opens the set-up from another machine; absent once the instance is set up. */ setupLink:
    string | undefined
  services: Services
  /**
   * Says by its status that it is about to stop for as long as it is configured to; then stops listening, lets requests
   * under way finish for at most ten seconds, and closes the database.
   */
  stop(): Promise<void>
  /** Leaves new connections to other processes that listen, and ends when those it has are served. */
  leave(): Promise<void>
}

/**
 * Brings the schema and the keys in order and listens. Throws `StartError` with what to do when it cannot. `share` is
 * what it may have when others serve beside it.
 */
export async function startServer(
  config: Config,
  connection: Connection,
  log: Logger,
  share: Share = everything,
): Promise<RunningServer> {
  await migrate(connection)
  const keys = await keysOf(connection, config)
  const database = openDatabase(connection, share.poolSize, config.databaseLimits)
  // Requests in the midst of a transaction wait for keys, so that keys must never wait for the connections of requests.
  const keyDatabase = openDatabase(connection, keyConnections, config.databaseLimits)
  const close = async () => void (await Promise.all([database.close(), keyDatabase.close()]))
  const keyring = createKeyring({
    db: keyDatabase.queries,
    root: localRootKey(keys.encryptionKey),
    instanceId: keys.instanceId,
  })
  try {
    return await listen(config, { database, keys, keyring, share, close }, log)
  } catch (error) {
    await close()
    throw error
  }
}

/** The keys, read on a connection that waits for other servers that are just starting, however long that takes. */
async function keysOf(connection: Connection, config: Config): Promise<Keys & InstanceKeys> {
  const database = openDatabase(connection, 1, { ...config.databaseLimits, lockMs: 0, statementMs: 0 })
  try {
    const keys = await loadKeys(database.queries, config)
    return { ...keys, ...(await loadInstanceKeys(database.queries, localRootKey(keys.encryptionKey))) }
  } finally {
    await database.close()
  }
}

type Base = {
  database: Database
  keys: Keys & InstanceKeys
  keyring: Keyring
  share: Share
  close(): Promise<void>
}

async function listen(config: Config, base: Base, log: Logger): Promise<RunningServer> {
  const { database, keyring } = base
  const isNew = !(await isSetUp(database.queries))
  const setupToken = isNew ? await ensureSetupToken(config.dataDir) : undefined
  const now: Now = { siteUrl: config.siteUrl ?? "", stage: "serving" }
  const services = await servicesOf(config, base, now)
  const memory = createMemory()
  const app = createApp({
    base: { db: database.queries, lookups: database.lookups, services },
    endpoints,
    pages: docsPages({
      compatible: () => openapi(endpoints, now.siteUrl, "compatible"),
      extended: () => openapi(endpoints, now.siteUrl),
    }),
    log,
    trustedProxies: config.trustedProxies,
    limits: config.httpLimits,
    answered: memory.answered,
    stage: () => now.stage,
  })
  const connections = watchConnections(app.server)
  // With PORT=0 the port is known only now, and still before the first request.
  app.server.once("listening", () => {
    now.siteUrl = config.siteUrl ?? `http://localhost:${addressOf(app).port}`
  })
  const address = await bind(app, config)
  const { mailer } = services
  const days = config.membershipNoticeDays
  const telling = mailer && days > 0 ? { db: database.queries, mailer, days } : undefined
  const background = workBeside({ db: database.queries, keyring }, telling, log)
  now.replicator = background.replicator
  async function end(served: Promise<void>): Promise<void> {
    memory.stop()
    await Promise.all([served, background.stop()])
    keyring.clear()
    services.keptAnswers.clear()
    await base.close()
  }
  return {
    address,
    setupLink: setupToken && `${now.siteUrl}/api/docs#setup-token=${setupToken}`,
    services,
    async stop() {
      now.stage = "noticed"
      if (config.stopNoticeMs > 0) await sleep(config.stopNoticeMs)
      now.stage = "closed"
      await end(drain(app.server, connections, () => app.close()))
    },
    async leave() {
      now.stage = "leaving"
      await end(leave(app.server, connections))
    },
  }
}

/** What is so at the moment. */
type Now = { siteUrl: string; stage: Stage; replicator?: Repeating }

const servicesOf = async (config: Config, { keys, keyring, share }: Base, now: Now): Promise<Services> => ({
  get siteUrl() {
    return now.siteUrl
  },
  get isStopping() {
    return now.stage === "noticed" || now.stage === "closed"
  },
  tokens: createTokens(keys.authSecret),
  keyedHash: keyedHasher(derive(keys.authSecret, "keyed hashes v1")),
  hashOfClientSecret: keyedHasher(derive(keys.authSecret, "client secrets v1")),
  passwords: createPasswords(share.workers),
  wrongPasswords: createAllowance(allowanceOf(share.workers)),
  seal: createSeal(keys.dataKey, earlierSeal(keys.encryptionKey)),
  keyring,
  keptAnswers: createKept(),
  wakeReplicator: () => now.replicator?.wake(),
  setupToken: setupTokenIn(config.dataDir),
  // Many have no mail server, and need none of what it takes to speak to one.
  mailer: config.smtp && (await import("./mail/mailer.ts")).createMailer(config.smtp),
})

type Beside = { replicator: Repeating; stop(): Promise<void> }

/** What goes on without being asked for; nobody is told of anything where there is no mail. */
function workBeside(services: Replicating, telling: Telling | undefined, log: Logger): Beside {
  const rotations = keepRotating(services, {
    everyMs: rotationsEveryMs,
    failed: (err) => log.error({ err }, "rotations of keys were not finished"),
  })
  const replicator = keepReplicating(services, {
    everyMs: replicationsEveryMs,
    failed: (err) => log.error({ err }, "an import was not replicated"),
  })
  const notices =
    telling &&
    keepTelling(telling, {
      everyMs: noticesEveryMs,
      failed: (err) => log.error({ err }, "people were not told that their memberships end"),
    })
  const stop = async () => void (await Promise.all([rotations.stop(), replicator.stop(), notices?.stop()]))
  return { replicator, stop }
}

async function bind(app: App, { host, port }: Config): Promise<string> {
  try {
    await app.listen({ host, port, backlog: 1_024 })
  } catch (cause) {
    throw new StartError(cannotListen(cause, host, port), { cause })
  }
  const { address, family, port: bound } = addressOf(app)
  return `http://${family === "IPv6" ? `[${address}]` : address}:${bound}`
}

const addressOf = (app: App): AddressInfo => app.server.address() as AddressInfo

function cannotListen(cause: unknown, host: string, port: number): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  if (code === "EADDRINUSE") {
    return `Port ${port} on ${host} is in use: stop the program that has it, or set PORT to another number.`
  }
  if (code === "EACCES")
    return `Port ${port} may not be used by this account: set PORT to a number above 1023.`
  return `The server cannot listen on ${host}: set HOST to an address of this machine.`
}
