import type { Queries } from "../db/database.ts"

export async function insertSession(
  db: Queries,
  session: { id: string; user_id: string; ip_address: string; user_agent: string },
): Promise<{ id: string; access_version: number; refresh_version: number }> {
  return db
    .insertInto("sessions")
    .values(session)
    .returning(["id", "access_version", "refresh_version"])
    .executeTakeFirstOrThrow()
}
