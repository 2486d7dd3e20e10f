import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

export type SettingsRow = {
  allow_sign_up: boolean
  allowed_sign_up_domain: string | null
  created_at: Date
  updated_at: Date
}

const columns = [
  "allow_sign_up",
  "allowed_sign_up_domain",
  // The row came with its table.
  sql<Date>`(select applied_at from schema_migrations where version = 17)`.as("created_at"),
  "updated_at",
] as const

/** What the instance's admins have decided for all of it. */
export const instanceSettings = (db: Queries): Promise<SettingsRow> =>
  db.selectFrom("instance_settings").select(columns).executeTakeFirstOrThrow()

export const updateSettings = (
  db: Queries,
  changes: { allow_sign_up?: boolean; allowed_sign_up_domain?: string | null },
): Promise<SettingsRow> =>
  db
    .updateTable("instance_settings")
    .set({ ...changes, updated_at: sql<Date>`statement_timestamp()` })
    .returning(columns)
    .executeTakeFirstOrThrow()
