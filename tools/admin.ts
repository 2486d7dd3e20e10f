import { readFileSync } from "node:fs"
import { createPasswords } from "../server/auth/password.ts"
import { renewKeysOfOrganizations, rotateDataKeys } from "../server/admin/data-keys.ts"
import { listAdmins, makeAdmin, removeMfa, resetPassword } from "../server/admin/host.ts"
import { replaceEncryptionKey } from "../server/admin/root-key.ts"
import { loadConfig, type Config } from "../server/config.ts"
import { randomAlphanumerics } from "../server/crypto/ids.ts"
import { openDatabase, type Connection, type Queries } from "../server/db/database.ts"
import { patientLimits } from "../server/db/limits.ts"
import { DomainError } from "../server/errors.ts"
import { reachPostgres } from "../server/postgres/reach.ts"
import { runMain } from "../server/start-error.ts"
import { StartError } from "../server/start-error.ts"

/*
 * For the operator of the host, when nobody can sign in any more. It works on the database that the server uses, with
 * the same environment, whether the server runs or not.
 */
const usage = `Usage:
  npm run admin -- list-admins
  npm run admin -- make-admin <email>
  npm run admin -- reset-password <email>            prints a new password
  npm run admin -- reset-password <email> --stdin    reads the password from standard input
  npm run admin -- remove-mfa <email>
  npm run admin -- replace-encryption-key            wraps all keys anew; see docs/encryption.md
  npm run admin -- rotate-keys [<project id>]        seals secrets anew; see docs/encryption.md
  npm run admin -- renew-organization-keys [<organization id>]
                                                     wraps the keys of projects anew; see docs/encryption.md`

type Command = (db: Queries, email: string, flag: string | undefined) => Promise<string>

const commands: Record<string, Command> = {
  async "make-admin"(db, email) {
    await makeAdmin(db, email)
    return `${email} administers the instance.`
  },
  async "reset-password"(db, email, flag) {
    if (flag !== undefined && flag !== "--stdin") throw new StartError(usage)
    const given = flag === "--stdin" ? readFileSync(0, "utf8").replace(/\r?\n$/, "") : undefined
    const password = given ?? randomAlphanumerics(24)
    await resetPassword({ db, passwords: createPasswords() }, email, password)
    const done = `All sessions of ${email} have ended.`
    return given === undefined ? `${done} The new password: ${password}` : done
  },
  async "remove-mfa"(db, email) {
    const hadOne = await removeMfa(db, email)
    return hadOne ? `${email} signs in by password alone.` : `${email} had no second factor.`
  },
}

async function replaceKey(db: Queries, config: Config): Promise<string> {
  const { result, oldKeyFile } = await replaceEncryptionKey(db, config)
  const done = result
    ? `${result.keys} keys were wrapped anew, and ${result.secondFactors} second factors sealed anew.`
    : "The key had been replaced already; nothing was left to wrap."
  const where = oldKeyFile
    ? `The old key is kept in ${oldKeyFile}: backups from before need it.`
    : "Set ENCRYPTION_KEY to the new key before you start a server; keep the old one for backups from before."
  return `${done} ${where}`
}

async function rotateKeys(databases: Databases, config: Config, id: string | undefined): Promise<string> {
  const { projects, rows } = await rotateDataKeys(databases, config, id)
  return `${projects} projects seal by a new key, and ${rows} rows were sealed anew. Servers that run seal by the one before for up to five minutes, and by and by seal that anew as well.`
}

async function renewKeys(databases: Databases, config: Config, id: string | undefined): Promise<string> {
  const { organizations, keys } = await renewKeysOfOrganizations(databases, config, id)
  return `${organizations} organizations wrap by a new key, and ${keys} keys of projects were wrapped anew.`
}

/** Keys are read on connections of their own. */
type Databases = { db: Queries; keys: Queries }

function chosen([name = "", email, flag, ...more]: string[]): (
  databases: Databases,
  config: Config,
) => Promise<string> {
  if (name === "replace-encryption-key" && email === undefined)
    return ({ db }, config) => replaceKey(db, config)
  if (name === "rotate-keys" && flag === undefined) {
    return (databases, config) => rotateKeys(databases, config, email)
  }
  if (name === "renew-organization-keys" && flag === undefined) {
    return (databases, config) => renewKeys(databases, config, email)
  }
  if (name === "list-admins" && email === undefined) {
    return async ({ db }) => (await listAdmins(db)).join("\n") || "Nobody administers the instance."
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command || !email || more.length > 0 || (flag !== undefined && name !== "reset-password"))
    throw new StartError(usage)
  return ({ db }) => command(db, email, flag)
}

async function on<T>(connection: Connection, work: (databases: Databases) => Promise<T>): Promise<T> {
  const open = () => openDatabase(connection, 1, patientLimits)
  const [database, keys] = [open(), open()]
  try {
    return await work({ db: database.queries, keys: keys.queries })
  } catch (error) {
    // What a rule refuses is a sentence for the operator, too.
    throw error instanceof DomainError ? new StartError(`${error.message}.`) : error
  } finally {
    await Promise.all([database.close(), keys.close()])
  }
}

await runMain(async () => {
  const command = chosen(process.argv.slice(2))
  const config = loadConfig(process.env)
  if (config.databaseUrl !== undefined) {
    console.log(await on({ url: config.databaseUrl }, (databases) => command(databases, config)))
    return
  }
  const { address, leave } = await reachPostgres(config)
  try {
    console.log(await on(address, (databases) => command(databases, config)))
  } finally {
    await leave()
  }
})
