import { createHash } from "node:crypto"
import { chmod, lstat, mkdir, readdir, realpath, rm, rmdir, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { StartError } from "../start-error.ts"
import { exists, readText, writeDurably } from "./files.ts"
import { canEnter, giveTo, openPassage, systemUser, type SystemUser } from "./user.ts"

/** Where the parts of one database live. */
export type Place = {
  /** The data folder as the operator named it, without symbolic links. */
  dataDir: string
  /** The folder that holds the cluster, its log and, where needed, a copy of the binaries. */
  base: string
  cluster: string
  socketDir: string
  logFile: string
  user: SystemUser
}

export const PORT = 5432
const SYSTEM_FOLDER = "/var/lib/conclave"

// A socket's path is kept in 108 bytes, the last of them zero.
const SOCKET_PATH_BYTES = 107

/** Makes the data folder if it is absent, closed to everybody else, and returns its real path. */
export async function makeDataDir(dataDir: string): Promise<string> {
  if (!(await exists(dataDir))) {
    await mkdir(dirname(dataDir), { recursive: true })
    await mkdir(dataDir, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error
    })
  }
  if (!(await stat(dataDir)).isDirectory()) {
    throw new StartError(`The data folder ${dataDir} is not a folder: name another one.`)
  }
  return await realpath(dataDir)
}

/**
 * Decides where the database of this data folder lives: where it has lived before; or else in the data folder; or
 * else, if PostgreSQL's user cannot get there, in a folder of the system. To be called by the holder of the lock.
 */
export async function findPlace(dataDir: string): Promise<Place> {
  const user = await systemUser()
  const base = await findBase(dataDir, user)
  const cluster = join(base, "postgres")
  const place = { dataDir, base, cluster, logFile: join(base, "postgres.log") }
  const socketDir = socketFolder(base, user)
  if (!(await exists(cluster))) return { ...place, socketDir, user }

  const owner = await ownerOf(cluster, user)
  if (await canEnter(owner, cluster)) return { ...place, socketDir, user: owner }
  throw new StartError(
    `PostgreSQL runs as uid ${owner.uid}, which cannot reach the database in ${cluster}: let it pass through every folder above.`,
  )
}

/** Writes into the data folder where its database lives, so that every later start looks there. */
export async function recordPlace(place: Place): Promise<void> {
  if (place.base === place.dataDir) return
  const file = join(place.dataDir, "postgres-location")
  if (!(await exists(file))) await writeDurably(file, `${place.base}\n`)
}

async function findBase(dataDir: string, user: SystemUser): Promise<string> {
  const locationFile = join(dataDir, "postgres-location")
  const recorded = await readText(locationFile)
  if (recorded !== "") {
    if (await exists(join(recorded, "postgres"))) return recorded
    throw new StartError(
      `The database of ${dataDir} should be in ${recorded} and is not to be found there: bring it back, or delete ${locationFile} to begin with an empty one.`,
    )
  }
  if (await exists(join(dataDir, "postgres"))) return dataDir
  if (await isUnused(dataDir, user)) await openPassage(dataDir, user)
  if (await canEnter(user, dataDir)) return dataDir

  return await makeSystemFolder(await folderHash(dataDir), user)
}

async function makeSystemFolder(name: string, user: SystemUser): Promise<string> {
  if (!(await exists(SYSTEM_FOLDER))) {
    await mkdir(SYSTEM_FOLDER, { recursive: true })
    await chmod(SYSTEM_FOLDER, 0o755)
  }
  const base = join(SYSTEM_FOLDER, name)
  if (!(await exists(base))) await mkdir(base, { mode: 0o700 })
  await openPassage(base, user)
  return base
}

/**
 * Whether root's data folder holds nothing yet, so that letting PostgreSQL's user pass through it shows nobody
 * anything. Into a folder above which keeps this user out there is no way in any case.
 */
async function isUnused(dataDir: string, user: SystemUser): Promise<boolean> {
  if (!user.isDropped || (await stat(dataDir)).uid !== 0) return false
  const isEmpty = (await readdir(dataDir)).every((name) => name.startsWith("server."))
  return isEmpty && !(await canEnter(user, dataDir)) && (await canEnter(user, dirname(dataDir)))
}

/**
 * Names a data folder. A folder that was deleted and made again is another one: its database must not come back
 * from under a new set of keys.
 */
async function folderHash(dataDir: string): Promise<string> {
  const { ino, birthtimeNs } = await stat(dataDir, { bigint: true })
  return shortHash(`${dataDir}\n${ino}\n${birthtimeNs}`)
}

const shortHash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16)

async function ownerOf(cluster: string, user: SystemUser): Promise<SystemUser> {
  const { uid, gid } = await stat(cluster)
  if (uid === user.uid) return user
  if (uid === 0) {
    throw new StartError(
      `The database in ${cluster} belongs to root, as which PostgreSQL does not run: hand it over with chown -R ${user.uid}:${user.gid}.`,
    )
  }
  if (user.isDropped) return { uid, gid, isDropped: true }
  throw new StartError(
    `The database in ${cluster} belongs to uid ${uid} and this server runs as uid ${user.uid}: start it as that user, or hand the folder over with chown -R.`,
  )
}

function socketFolder(base: string, user: SystemUser): string {
  const name = `conclave-${shortHash(base)}`
  // Root's folder for temporary files may be closed to everybody else.
  const folders = [join(base, "socket"), join(user.isDropped ? "/tmp" : tmpdir(), name), join("/tmp", name)]
  const fitting = folders.find((folder) => Buffer.byteLength(socketFile(folder)) <= SOCKET_PATH_BYTES)
  return fitting ?? join(base, "socket")
}

/** The path of the socket within its folder. */
export const socketFile = (socketDir: string): string => join(socketDir, `.s.PGSQL.${PORT}`)

/** Makes the socket's folder, or makes sure that the one which is there can be nobody else's. */
export async function makeSocketDir(place: Place): Promise<void> {
  const { socketDir, user } = place
  const isThere = await exists(socketDir)
  if (isThere && (await isPrivate(socketDir, user))) return
  // In the server's own folder it may have come from a backup; in a common one it may be somebody's trap.
  if (isThere && dirname(socketDir) === place.base) await rm(socketDir, { recursive: true })
  else if (isThere) {
    throw new StartError(
      `The folder ${socketDir} is not a private folder of uid ${user.uid}: delete it, or choose a data folder with a shorter path.`,
    )
  }
  await mkdir(socketDir, { mode: 0o700 })
  await giveTo(user, socketDir)
}

async function isPrivate(folder: string, user: SystemUser): Promise<boolean> {
  const found = await lstat(folder)
  return found.isDirectory() && found.uid === user.uid && (found.mode & 0o077) === 0
}

/** Removes a socket's folder that is outside of the data folder, where nobody would expect anything to remain. */
export async function removeSocketDir(place: Place): Promise<void> {
  if (dirname(place.socketDir) !== place.base) await rmdir(place.socketDir).catch(() => {})
}
