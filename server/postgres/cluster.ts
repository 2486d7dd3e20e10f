import { randomBytes } from "node:crypto"
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { userInfo } from "node:os"
import { join } from "node:path"
import { StartError } from "../start-error.ts"
import type { Binaries } from "./binaries.ts"
import { exists, readText, renameDurably, writeDurably } from "./files.ts"
import { recordPlace, type Place } from "./placement.ts"
import { giveTo, openPassage, runAs } from "./user.ts"

export const USER = "conclave"
export const DATABASE = "conclave"

const TEMPORARY = "postgres.new-"

/**
 * Makes sure that the place holds a cluster which these binaries can open, and returns the password of its
 * superuser. A cluster is there as a whole or not at all, whenever its making was interrupted.
 */
export async function prepareCluster(place: Place, binaries: Binaries): Promise<string> {
  await removeInterrupted(place.base)
  const passwordFile = join(place.dataDir, "postgres-password")
  const password = await readText(passwordFile)
  if (await exists(place.cluster)) {
    await requireVersion(place.cluster, binaries.major)
    if (password === "") {
      throw new StartError(
        `The file ${passwordFile} opens the database in ${place.cluster} and is missing: restore it from the backup that has both.`,
      )
    }
    await recordPlace(place)
    return password
  }

  const newPassword = password === "" ? randomBytes(32).toString("base64url") : password
  if (password === "") await writeDurably(passwordFile, `${newPassword}\n`)
  await createCluster(place, binaries, newPassword)
  await recordPlace(place)
  return newPassword
}

async function requireVersion(cluster: string, major: string): Promise<void> {
  const found = await readText(join(cluster, "PG_VERSION"))
  if (found === major) return
  if (found === "") {
    throw new StartError(
      `The folder ${cluster} holds no database of PostgreSQL: restore it from a backup, or move it away to begin with an empty one.`,
    )
  }
  throw new StartError(
    `The database in ${cluster} was made by PostgreSQL ${found} and this server brings PostgreSQL ${major}: start the version of the server that made it, or dump it there and restore it into a new data folder.`,
  )
}

async function createCluster(place: Place, binaries: Binaries, password: string): Promise<void> {
  requireAccount(place)
  const temporary = await mkdtemp(join(place.base, TEMPORARY))
  await openPassage(temporary, place.user)
  const cluster = join(temporary, "cluster")
  await mkdir(cluster, { mode: 0o700 })
  await giveTo(place.user, cluster)
  const passwordFile = join(temporary, "password")
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: "wx" })
  await giveTo(place.user, passwordFile)

  try {
    await runAs(place.user, binaries.initdb, initdbArguments(cluster, passwordFile))
    await renameDurably(cluster, place.cluster)
  } catch (cause) {
    throw new StartError(`PostgreSQL could not make its database in ${place.base}: ${reasonOf(cause)}.`, {
      cause,
    })
  } finally {
    await rm(temporary, { recursive: true, force: true }).catch(() => {})
  }
}

function initdbArguments(cluster: string, passwordFile: string): string[] {
  return [
    `--pgdata=${cluster}`,
    `--pwfile=${passwordFile}`,
    `--username=${USER}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--no-instructions",
  ]
}

/** What an interrupted start has left. Its initdb may still be writing; then a later start removes the rest. */
async function removeInterrupted(base: string): Promise<void> {
  const names = (await readdir(base)).filter((name) => name.startsWith(TEMPORARY))
  for (const name of names) await rm(join(base, name), { recursive: true, force: true }).catch(() => {})
}

// initdb looks its own user up, whatever name it is given.
function requireAccount(place: Place): void {
  if (place.user.isDropped || process.platform === "win32") return
  try {
    userInfo()
  } catch (cause) {
    throw new StartError(
      `PostgreSQL makes no database as uid ${place.user.uid}, which has no entry in /etc/passwd: add one, start as a user that has one, or set DATABASE_URL.`,
      { cause },
    )
  }
}

function reasonOf(error: unknown): string {
  const output = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error)
  const lines = output.trim().split("\n")
  const reason = lines.find((line) => /error|FATAL/.test(line)) ?? lines.at(-1) ?? ""
  return reason.trim().replace(/\.$/, "")
}
