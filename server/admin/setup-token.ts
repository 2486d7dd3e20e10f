import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { randomHex } from "../crypto/ids.ts"
import { sameText } from "../crypto/keys.ts"

/** The token by which an instance may be set up from elsewhere than this machine; gone once it is. */
export type SetupToken = {
  matches(token: string): Promise<boolean>
  remove(): Promise<void>
}

const fileOf = (dataDir: string): string => join(dataDir, "setup-token")

/** The setup token in the data folder (0600), made when there is none. */
export async function ensureSetupToken(dataDir: string): Promise<string> {
  const known = await readSetupToken(dataDir)
  if (known) return known
  const token = randomHex(24)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  try {
    await writeFile(fileOf(dataDir), `${token}\n`, { mode: 0o600, flag: "wx" })
    return token
  } catch (error) {
    // Another server on the same folder was faster.
    const theirs = await readSetupToken(dataDir)
    if (theirs === undefined) throw error
    return theirs
  }
}

const readSetupToken = async (dataDir: string): Promise<string | undefined> => {
  const text = await readFile(fileOf(dataDir), "utf8").catch(() => "")
  return text.trim() === "" ? undefined : text.trim()
}

export const setupTokenIn = (dataDir: string): SetupToken => ({
  async matches(token) {
    const expected = await readSetupToken(dataDir)
    return expected !== undefined && sameText(expected, token)
  },
  remove: () => rm(fileOf(dataDir), { force: true }),
})
