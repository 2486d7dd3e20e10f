import { execFile, spawnSync } from "node:child_process"
import { chmod, chown, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { release, tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { promisify } from "node:util"
import { fewAtOnce } from "../server/test/few-at-once.ts"
import { removeDataDir, root } from "../server/test/processes.ts"
import { beginnings, startThrice, type Clone, type Shown } from "./fresh-cell.ts"

/*
 * A fresh clone of HEAD in every setting that a newcomer may have: `npm run fresh`. Each cell prints Node's version,
 * PostgreSQL's uid and the status of one add; a cell that could not be run prints NOT RUN, and the command fails. With
 * `--allowed` it runs what this uid may, and lets the rest be. The whole table is written to docs/platforms.md.
 */
const ownUid = process.getuid?.() ?? -1
const ordinaryUid = ownUid === 0 ? 65_534 : ownUid
const users = [
  { name: "uid 0", uid: 0 },
  { name: "an ordinary uid", uid: ordinaryUid },
] as const
const folders = [
  { name: "open folder", mode: 0o755 },
  { name: "0700 home", mode: 0o700 },
] as const
const installs = [["ci"], ["ci", "--ignore-scripts"]] as const

/** Fails with what the program said, unless it ends with 0. */
const run = promisify(execFile)

type Row = { setting: string[]; cell: string; isGood: boolean; isAllowed: boolean }

const work = await mkdtemp(join(tmpdir(), "conclave-fresh-"))
await chmod(work, 0o755)
const isPartial = process.argv.includes("--allowed")
const settings = users.flatMap((user) =>
  folders.flatMap((folder) => installs.map((install) => ({ user, folder, install }))),
)
const rows = (await fewAtOnce(settings, runSetting, 2)).flat()
await rm(work, { recursive: true, force: true })
if (!isPartial && rows.every(({ isGood }) => isGood))
  await writeFile(join(root, "docs/platforms.md"), platforms())
const failed = rows.filter(({ isGood, isAllowed }) => !isGood && (isAllowed || !isPartial))
console.log(
  failed.length === 0 ? "fresh: all is well" : `fresh: ${failed.length} cells failed or were not run`,
)
process.exitCode = failed.length === 0 ? 0 : 1

type Setting = {
  user: (typeof users)[number]
  folder: (typeof folders)[number]
  install: (typeof installs)[number]
}

async function runSetting(setting: Setting): Promise<Row[]> {
  const { user, folder, install } = setting
  const isAllowed = user.uid === ownUid || ownUid === 0
  const names = [user.name, folder.name, `npm ${install.join(" ")}`]
  let shown: Map<string, Shown> | undefined
  let failure = "NOT RUN: only root can be uid 0"
  if (isAllowed) {
    try {
      shown = await runClone(setting)
    } catch (error) {
      failure = `NOT RUN: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  return beginnings.map((beginning) => {
    const seen = shown?.get(beginning)
    const cell = seen
      ? `${seen.nodeVersion}, PostgreSQL as uid ${seen.postgresUid}, add ${seen.status}`
      : failure
    console.log([...names, beginning, cell].join(" | "))
    return { setting: [...names, beginning], cell, isGood: seen?.status === 200, isAllowed }
  })
}

async function runClone({ user, folder, install }: Setting): Promise<Map<string, Shown>> {
  const home = await mkdtemp(join(work, "home-"))
  const env = await environment(home, user.uid)
  const clone: Clone = { folder: join(home, "conclave"), uid: user.uid, gid: user.uid, env }
  try {
    await run("git", ["clone", "--quiet", "--no-hardlinks", root, clone.folder], {})
    if (ownUid === 0) await run("chown", ["-R", `${clone.uid}:${clone.gid}`, home], {})
    await chmod(home, folder.mode)
    await run("npm", [...install], { cwd: clone.folder, env: clone.env, uid: clone.uid, gid: clone.gid })
    return await startThrice(clone)
  } finally {
    await removeDataDir(join(clone.folder, "data"))
    await rm(home, { recursive: true, force: true })
  }
}

/** What a newcomer's shell has: nothing of this checkout's packages, and the caller's npm settings. */
async function environment(home: string, uid: number): Promise<Record<string, string>> {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((entry) => !entry.includes("node_modules"))
  const settings = spawnSync("npm", ["config", "get", "userconfig"], { encoding: "utf8" }).stdout.trim()
  await copyFile(settings, join(home, ".npmrc")).catch(() => {})
  // One cache for all clones of a user, so that each package is fetched once.
  const cache = join(work, `cache-${uid}`)
  await mkdir(cache, { recursive: true })
  if (ownUid === 0) await chown(cache, uid, uid)
  return { PATH: path.join(delimiter), HOME: home, PORT: "0", npm_config_cache: cache }
}

function platforms(): string {
  const head = ["user", "folder", "install", "beginning", "seen"]
  const lines = [head, head.map(() => "---"), ...rows.map(({ setting, cell }) => [...setting, cell])]
  return `# Platforms

What \`npm run fresh\` saw on ${process.platform} ${process.arch} (kernel ${release().split("-")[0]}, glibc): a fresh clone in every
setting, started three times on one data folder with \`npm start\`. After the first start the server alone is killed with
\`kill -9\` and PostgreSQL outlives it; after the second both are, and leave a stale \`postmaster.pid\`.

${lines.map((line) => `| ${line.join(" | ")} |`).join("\n")}

Linux with glibc on x64 and arm64 is what the packages are for; arm64 was not tried. With musl, on Windows, or elsewhere:
run PostgreSQL yourself and set \`DATABASE_URL\`. On macOS an installed Node ≥ 22.18 is used; not tried.
`
}
