import { execFile, type SpawnOptions } from "node:child_process"
import { chmod, chown, readFile } from "node:fs/promises"
import { promisify } from "node:util"
import { StartError } from "../start-error.ts"

/** The user that PostgreSQL runs as; `isDropped` when the server is root and PostgreSQL must not be. */
export type SystemUser = { uid: number; gid: number; isDropped: boolean }

const run = promisify(execFile)

// PostgreSQL needs nothing of the server's environment, which may hold keys that its user must not read.
const environment = { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" }

/** The user that PostgreSQL runs as: whoever runs the server, or an unprivileged user when that is root. */
export async function systemUser(): Promise<SystemUser> {
  const uid = process.getuid?.() ?? -1
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? -1, isDropped: false }

  const accounts = (await readFile("/etc/passwd", "utf8").catch(() => ""))
    .split("\n")
    .map((line) => line.split(":"))
  const account = ["postgres", "nobody"].flatMap((name) => accounts.filter((fields) => fields[0] === name))[0]
  if (!account) {
    throw new StartError(
      "PostgreSQL does not run as root and there is neither a user postgres nor a user nobody: create one of them, start as an ordinary user, or set DATABASE_URL.",
    )
  }
  return { uid: Number(account[2]) >>> 0, gid: Number(account[3]) >>> 0, isDropped: true }
}

/** The options for `spawn` that make a child run as this user, away from every folder it might not reach. */
export function spawnOptions(user: SystemUser): SpawnOptions {
  const identity = user.isDropped ? { uid: user.uid, gid: user.gid } : {}
  return { ...identity, cwd: "/", env: environment }
}

/** Runs a program to its end as this user and returns what it printed. */
export async function runAs(user: SystemUser, file: string, programArguments: string[]): Promise<string> {
  const { stdout } = await run(file, programArguments, { ...spawnOptions(user), maxBuffer: 16 * 1024 * 1024 })
  return stdout
}

/** Whether this user may enter the folder, found out by entering it. */
export async function canEnter(user: SystemUser, folder: string): Promise<boolean> {
  if (!user.isDropped) return true
  try {
    await runAs(user, "/bin/sh", ["-c", 'cd "$1"', "sh", folder])
    return true
  } catch {
    return false
  }
}

/** Lets this user pass through a folder of the server, without being able to list or change it. */
export async function openPassage(folder: string, user: SystemUser): Promise<void> {
  if (!user.isDropped) return
  await changeOwner(folder, 0, user.gid)
  await chmod(folder, 0o710)
}

/** Gives a file or folder that the server has just made to this user. */
export async function giveTo(user: SystemUser, path: string): Promise<void> {
  if (user.isDropped) await changeOwner(path, user.uid, user.gid)
}

async function changeOwner(path: string, uid: number, gid: number): Promise<void> {
  try {
    await chown(path, uid, gid)
  } catch (cause) {
    throw new StartError(
      `PostgreSQL does not run as root, and this root may not hand ${path} to another user: start as an ordinary user or set DATABASE_URL.`,
      { cause },
    )
  }
}
