import type { Queries } from "../db/database.ts"

/** What universal auth has besides what all auth methods have. */
export type UniversalAuthRow = {
  client_id: string
  client_secret_trusted_ips: string[]
  is_lockout_enabled: boolean
  lockout_threshold: number
  lockout_duration_seconds: number
  lockout_counter_reset_seconds: number
}

const columns = [
  "client_id",
  "client_secret_trusted_ips",
  "is_lockout_enabled",
  "lockout_threshold",
  "lockout_duration_seconds",
  "lockout_counter_reset_seconds",
] as const

export type UniversalAuthSettings = Partial<Omit<UniversalAuthRow, "client_id">>

export const insertUniversalAuth = (
  db: Queries,
  auth: UniversalAuthSettings & { org_id: string; id: string; client_id: string },
): Promise<UniversalAuthRow> =>
  db.insertInto("identity_universal_auths").values(auth).returning(columns).executeTakeFirstOrThrow()

/** What universal auth has besides, under the id of its auth method. */
export const universalAuthOf = (db: Queries, orgId: string, id: string): Promise<UniversalAuthRow> =>
  db
    .selectFrom("identity_universal_auths")
    .select(columns)
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .executeTakeFirstOrThrow()

export const updateUniversalAuth = (
  db: Queries,
  { orgId, id }: { orgId: string; id: string },
  changes: UniversalAuthSettings,
): Promise<UniversalAuthRow> =>
  db
    .updateTable("identity_universal_auths")
    .set(changes)
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .returning(columns)
    .executeTakeFirstOrThrow()
