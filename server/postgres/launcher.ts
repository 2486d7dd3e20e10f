import { StartError } from "../start-error.ts"
import { findBinaries } from "./binaries.ts"
import { DATABASE, prepareCluster, USER } from "./cluster.ts"
import { launch, type Server } from "./launch.ts"
import { acquireLock } from "./lock.ts"
import { findPlace, makeDataDir, PORT, removeSocketDir } from "./placement.ts"
import { commandLine } from "./settings.ts"
import { supervise } from "./supervise.ts"

/** A PostgreSQL of the server's own. When it dies it is started again by itself, under the same address. */
export type LocalPostgres = {
  /** Folder of the unix socket: pass it to `pg` as host. */
  socketDir: string
  /** Only names the socket file; nothing listens on TCP. */
  port: number
  user: string
  password: string
  database: string
  /** The process id of the postmaster, which changes when it had to be started again. */
  readonly pid: number
  /** True when a postmaster that outlived its parent was taken over. */
  adopted: boolean
  /** The uid that PostgreSQL runs as. */
  uid: number
  /** Shuts PostgreSQL down and gives the data folder free; resolves when the postmaster is gone. Idempotent. */
  stop(): Promise<void>
}

type Options = {
  dataDir: string
  /** How many it must allow at once, when that is more than usual. */ connections?: number | undefined
}

/**
 * Starts the PostgreSQL of this data folder, an absolute path; makes folder and database when they are absent.
 *
 * Resolves when the database answers. What the operator can do something about is a StartError. Until the result
 * is stopped no other process can start the same folder; when this process ends without stopping it, PostgreSQL
 * goes on and the next start takes it over.
 */
export async function startPostgres(options: Options): Promise<LocalPostgres> {
  try {
    const dataDir = await makeDataDir(options.dataDir)
    const lock = await acquireLock(dataDir)
    try {
      const server = await prepare(dataDir, options.connections)
      const isAdopted = (await launch(server)) === "adopted"
      return present(server, isAdopted, lock.release)
    } catch (error) {
      await lock.release()
      throw error
    }
  } catch (error) {
    throw explain(error)
  }
}

async function prepare(dataDir: string, connections?: number): Promise<Server> {
  const place = await findPlace(dataDir)
  const binaries = await findBinaries(place)
  const password = await prepareCluster(place, binaries)
  return {
    place,
    command: commandLine(place, binaries, connections),
    address: { host: place.socketDir, port: PORT, user: USER, password, database: DATABASE },
    postmaster: undefined,
    isStopping: false,
  }
}

function present(server: Server, isAdopted: boolean, release: () => Promise<void>): LocalPostgres {
  const end = supervise(server)
  const stop = async () => {
    await end()
    await removeSocketDir(server.place)
    await release()
  }
  let stopped: Promise<void> | undefined
  const { host, port, user, password, database } = server.address
  return {
    socketDir: host,
    port,
    user,
    password,
    database,
    get pid() {
      return server.postmaster?.pid ?? 0
    },
    adopted: isAdopted,
    uid: server.place.user.uid,
    stop: () => (stopped ??= stop()),
  }
}

/** What the operating system refuses is for the operator to set right. */
function explain(error: unknown): unknown {
  if (!(error instanceof Error) || !("syscall" in error) || error instanceof StartError) return error
  return new StartError(
    `The database cannot start (${error.message}): give this user access to that path, or choose another data folder.`,
    { cause: error },
  )
}
