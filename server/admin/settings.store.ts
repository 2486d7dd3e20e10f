import type { Queries } from "../db/database.ts"

/** What the instance's admins have decided for all of it. */
export const instanceSettings = (
  db: Queries,
): Promise<{ allow_sign_up: boolean; allowed_sign_up_domain: string | null }> =>
  db
    .selectFrom("instance_settings")
    .select(["allow_sign_up", "allowed_sign_up_domain"])
    .executeTakeFirstOrThrow()
