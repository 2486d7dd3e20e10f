import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

export type UserRow = {
  id: string
  username: string
  email: string | null
  first_name: string | null
  last_name: string | null
  password_hash: string | null
  is_accepted: boolean
  is_super_admin: boolean
  is_mfa_enabled: boolean
  consecutive_failed_mfa_attempts: number
  created_at: Date
  updated_at: Date
}

const columns = [
  "id",
  "username",
  "email",
  "first_name",
  "last_name",
  "password_hash",
  "is_accepted",
  "is_super_admin",
  "is_mfa_enabled",
  "consecutive_failed_mfa_attempts",
  "created_at",
  "updated_at",
] as const

export const userByUsername = (db: Queries, username: string): Promise<UserRow | undefined> =>
  db.selectFrom("users").select(columns).where("username", "=", username).executeTakeFirst()

export const userById = (db: Queries, id: string): Promise<UserRow | undefined> =>
  db.selectFrom("users").select(columns).where("id", "=", id).executeTakeFirst()

export type NewUser = Omit<
  UserRow,
  "is_mfa_enabled" | "consecutive_failed_mfa_attempts" | "created_at" | "updated_at"
>

/** False when the username is taken; waits for one who is just taking it. */
export async function insertUser(db: Queries, user: NewUser): Promise<boolean> {
  const inserted = await db
    .insertInto("users")
    .values(user)
    .onConflict((conflict) => conflict.constraint("usernames_are_unique").doNothing())
    .returning("id")
    .executeTakeFirst()
  return inserted !== undefined
}

/** Sets the first name, and the last name unless it is undefined. */
export async function changeName(
  db: Queries,
  id: string,
  name: { first_name: string; last_name?: string | null },
): Promise<void> {
  await db
    .updateTable("users")
    .set({ ...name, updated_at: sql<Date>`statement_timestamp()` })
    .where("id", "=", id)
    .execute()
}

/** Gives the account another address, which is its username too. */
export async function changeUsername(db: Queries, id: string, username: string): Promise<void> {
  await db
    .updateTable("users")
    .set({ username, email: username, updated_at: sql<Date>`statement_timestamp()` })
    .where("id", "=", id)
    .execute()
}

/** The account, locked so that nobody invites it or changes it meanwhile; undefined when it has been deleted. */
export const lockUser = (db: Queries, id: string): Promise<UserRow | undefined> =>
  db
    .selectFrom("users")
    .select(columns)
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .forUpdate()
    .executeTakeFirst()

/** Keeps the account from being deleted until the transaction ends; false when it has been. */
export async function holdUser(db: Queries, id: string): Promise<boolean> {
  const held = await db
    .selectFrom("users")
    .select("id")
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .forKeyShare()
    .executeTakeFirst()
  return held !== undefined
}

/** Leaves of an account what others refer to, and nothing of the person; the username is free. */
export async function eraseUser(db: Queries, id: string): Promise<void> {
  await db
    .updateTable("users")
    .set({
      username: id,
      email: null,
      first_name: null,
      last_name: null,
      password_hash: null,
      is_accepted: false,
      is_super_admin: false,
      is_mfa_enabled: false,
      deleted_at: sql<Date>`statement_timestamp()`,
      updated_at: sql<Date>`statement_timestamp()`,
    })
    .where("id", "=", id)
    .execute()
}

/** Completes the sign-up of an account that has not been completed; undefined when it has been. */
export const completeUser = (
  db: Queries,
  id: string,
  account: { first_name: string; last_name: string | null; password_hash: string },
): Promise<UserRow | undefined> =>
  db
    .updateTable("users")
    .set({ ...account, is_accepted: true, updated_at: sql<Date>`statement_timestamp()` })
    .where("id", "=", id)
    .where("is_accepted", "=", false)
    .where("deleted_at", "is", null)
    .returning(columns)
    .executeTakeFirst()
