import type { AddressInfo } from "node:net"
import pino, { type Logger } from "pino"
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
import { watchConnections, type Connections } from "./http/connections.ts"
import { docsPages } from "./http/docs.ts"
import { openapi } from "./http/openapi.ts"
import { createMailer } from "./mail/mailer.ts"
import type { Services } from "./services.ts"
import { StartError } from "./start-error.ts"

const drainMs = 10_000
const rotationsEveryMs = 600_000
// Of one network: as many as a busy office mistypes, and few enough that hashing them leaves the processors to others.
const wrongPasswords = { capacity: 180, perSecond: 1 }

/** A server that listens. */
export type RunningServer = {
  /** Where it listens, for example `http://127.0.0.1:8080`. */ address: string
  /** Opens the set-up from another machine; absent once the instance is set up. */ setupLink:
    string | undefined
  services: Services
  /** Stops listening, lets requests under way finish for at most ten seconds, and closes the database. */
  stop(): Promise<void>
}

/** Brings the schema and the keys in order and listens. Throws `StartError` with what to do when it cannot. */
export async function startServer(
  config: Config,
  connection: Connection,
  log: Logger,
): Promise<RunningServer> {
  await migrate(connection)
  const keys = await keysOf(connection, config)
  const database = openDatabase(connection, 8, config.databaseLimits)
  // Requests in the midst of a transaction wait for keys, so that keys must never wait for the connections of requests.
  const keyDatabase = openDatabase(connection, 2, config.databaseLimits)
  const close = async () => void (await Promise.all([database.close(), keyDatabase.close()]))
  const keyring = createKeyring({
    db: keyDatabase.queries,
    root: localRootKey(keys.encryptionKey),
    instanceId: keys.instanceId,
  })
  try {
    return await listen(config, { database, keys, keyring, close }, log)
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
  close(): Promise<void>
}

async function listen(
  config: Config,
  { database, keys, keyring, close }: Base,
  log: Logger,
): Promise<RunningServer> {
  const isNew = !(await isSetUp(database.queries))
  const setupToken = isNew ? await ensureSetupToken(config.dataDir) : undefined
  let siteUrl = config.siteUrl ?? ""
  const services: Services = {
    get siteUrl() {
      return siteUrl
    },
    tokens: createTokens(keys.authSecret),
    keyedHash: keyedHasher(derive(keys.authSecret, "keyed hashes v1")),
    hashOfClientSecret: keyedHasher(derive(keys.authSecret, "client secrets v1")),
    passwords: createPasswords(),
    wrongPasswords: createAllowance(wrongPasswords),
    seal: createSeal(keys.dataKey, earlierSeal(keys.encryptionKey)),
    keyring,
    keptLists: createKept(),
    setupToken: setupTokenIn(config.dataDir),
    mailer: config.smtp && createMailer(config.smtp),
  }
  let isDraining = false
  const memory = createMemory()
  const app = createApp({
    base: { db: database.queries, lookups: database.lookups, services },
    endpoints,
    pages: docsPages(() => openapi(endpoints, siteUrl)),
    log,
    trustedProxies: config.trustedProxies,
    answered: memory.answered,
    isDraining: () => isDraining,
  })
  const connections = watchConnections(app.server)
  // With PORT=0 the port is known only now, and still before the first request.
  app.server.once("listening", () => (siteUrl = config.siteUrl ?? `http://localhost:${addressOf(app).port}`))
  const address = await bind(app, config)
  const rotations = keepRotating(
    { db: database.queries, keyring },
    { everyMs: rotationsEveryMs, failed: (err) => log.error({ err }, "rotations of keys were not finished") },
  )
  return {
    address,
    setupLink: setupToken && `${siteUrl}/api/docs#setup-token=${setupToken}`,
    services,
    async stop() {
      isDraining = true
      memory.stop()
      await Promise.all([drain(app, connections), rotations.stop()])
      keyring.clear()
      services.keptLists.clear()
      await close()
    },
  }
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

/** Waits for requests under way, and for nobody else; cuts off what is still there after the time is up. */
async function drain(app: App, connections: Connections): Promise<void> {
  const cutOff = setTimeout(() => app.server.closeAllConnections(), drainMs)
  connections.closeIdle()
  await app.close()
  clearTimeout(cutOff)
}

/** An error without what the driver adds to it: its details may hold the values of a row. */
const shownError = (error: unknown): unknown =>
  error instanceof Error
    ? {
        type: error.name,
        message: error.message,
        code: "code" in error ? error.code : undefined,
        constraint: "constraint" in error ? error.constraint : undefined,
        stack: error.stack,
      }
    : error

/** Writes one JSON object a line to standard error, gathered in memory for a moment. */
export const createLog = (level: string): { log: Logger; flush(): void } => {
  const destination = pino.destination({ dest: 2, sync: false, minLength: 4_096, periodicFlush: 1_000 })
  return {
    log: pino({ level, base: null, serializers: { err: shownError } }, destination),
    flush: () => destination.flushSync(),
  }
}
