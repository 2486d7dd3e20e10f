import type { Passwords } from "../auth/password.ts"
import { takeSecondFactor } from "../auth/mfa.ts"
import type { Queries } from "../db/database.ts"
import { badRequest, notFound } from "../errors.ts"
import { canonicalUsername } from "../names.ts"
import { forcePassword } from "../users/passwords.ts"
import { findUser, type User } from "../users/users.ts"
import * as admins from "./admins.store.ts"
import * as directory from "./directory.store.ts"

/*
 * What the operator of the host may do without an account, by `npm run admin`: whoever reads the data folder could
 * change the database in any case.
 */

/** The usernames of all who administer the instance. */
export async function listAdmins(db: Queries): Promise<string[]> {
  const { rows } = await directory.users(db, { search: "", limit: 10_000, offset: 0, adminsOnly: true })
  return rows.map(({ username }) => username)
}

/** Lets somebody with an account administer the instance. */
export async function makeAdmin(db: Queries, address: string): Promise<void> {
  await admins.setUserAdmin(db, (await requireAccount(db, address)).id, true)
}

/** Sets somebody's password and ends all of their sessions. */
export async function resetPassword(
  { db, passwords }: { db: Queries; passwords: Passwords },
  address: string,
  password: string,
): Promise<void> {
  const user = await requireAccount(db, address)
  if (password === "") throw badRequest("The password must not be empty")
  if (!(await forcePassword(db, user.id, await passwords.hash(password)))) throw noAccount(address)
}

/** Takes somebody's second factor away; false when there was none. */
export async function removeMfa(db: Queries, address: string): Promise<boolean> {
  const { id } = await requireAccount(db, address)
  return db.transaction().execute((transaction) => takeSecondFactor(transaction, id))
}

async function requireAccount(db: Queries, address: string): Promise<User> {
  const user = await findUser(db, canonicalUsername(address) ?? "")
  if (!user?.is_accepted) throw noAccount(address)
  return user
}

const noAccount = (address: string) => notFound(`There is no account with the address ${address}`)
