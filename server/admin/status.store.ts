import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

/** Answers when the database does. */
export async function ping(db: Queries): Promise<void> {
  await sql`select 1`.execute(db)
}
