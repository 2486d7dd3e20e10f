import { sql } from "kysely"
import { besidePool, type Queries } from "../db/database.ts"

/** Where to ask how the server is: beside the pool, since it is well also when all its connections happen to be busy. */
export const beside = (db: Queries): Queries => besidePool(db, "records")

/** Answers when the database does. */
export async function ping(db: Queries): Promise<void> {
  await sql`select 1`.execute(db)
}
