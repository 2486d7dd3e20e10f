import type { PublicContext } from "../context.ts"
import { newId } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import { notFound, unavailable } from "../errors.ts"
import * as store from "./users.store.ts"

export type User = store.UserRow

/** The account with this canonical username. */
export const findUser = (db: Queries, username: string): Promise<User | undefined> =>
  store.userByUsername(db, username)

export async function requireUser(db: Queries, id: string): Promise<User> {
  const user = await store.userById(db, id)
  if (!user) throw notFound("There is no such user")
  return user
}

/** The account with this id, locked until the transaction ends; undefined when it has been deleted. */
export const lockUser = store.lockUser
/** Keeps an account from being deleted until the transaction ends; throws 503 when it has just been. */
export async function holdUser(db: Queries, { id }: User): Promise<void> {
  if (!(await store.holdUser(db, id))) throw unavailable("The account has just been deleted; try again")
}
/** Leaves nothing of the person in an account. */
export const eraseUser = store.eraseUser

/** The account of an address that was invited: the one there is, or a new one whose sign-up is still to come. */
export async function findOrCreateUser(db: Queries, username: string): Promise<User> {
  await store.insertUser(db, {
    id: newId(),
    username,
    email: username,
    first_name: null,
    last_name: null,
    password_hash: null,
    is_accepted: false,
    is_super_admin: false,
  })
  const user = await findUser(db, username)
  if (!user) throw notFound("There is no such user")
  return user
}

export type NewAdmin = {
  username: string
  firstName: string
  lastName: string | null
  passwordHash: string
}

/** Makes the account of the first admin, complete; undefined when the username is taken. */
export async function createAdmin(
  db: Queries,
  { username, firstName, lastName, passwordHash }: NewAdmin,
): Promise<User | undefined> {
  const id = newId()
  const isInserted = await store.insertUser(db, {
    id,
    username,
    email: username,
    first_name: firstName,
    last_name: lastName,
    password_hash: passwordHash,
    is_accepted: true,
    is_super_admin: true,
  })
  return isInserted ? requireUser(db, id) : undefined
}

/** Changes the name of an account; a last name of "" is none, and one left out stays. */
export const changeName = (
  db: Queries,
  id: string,
  { firstName, lastName }: { firstName: string; lastName?: string | undefined },
): Promise<void> =>
  store.changeName(db, id, {
    first_name: firstName,
    ...(lastName === undefined ? {} : { last_name: lastName === "" ? null : lastName }),
  })

export const changeUsername = store.changeUsername
/** What a person tells to complete an account. */
export type NewAccount = { email: string; firstName: string; lastName: string | null; password: string }

/** Completes an account that has not been completed; undefined when it has been. */
export async function completeUser(
  { db, services }: Pick<PublicContext, "db" | "services">,
  id: string,
  { firstName, lastName, password }: NewAccount,
): Promise<User | undefined> {
  const passwordHash = await services.passwords.hash(password)
  return store.completeUser(db, id, {
    first_name: firstName,
    last_name: lastName,
    password_hash: passwordHash,
  })
}
