import { facts } from "../db/facts.ts"

/** The caller's own account, read in the same statement as the caller. */
export type ProfileFacts = {
  fact_id: string
  fact_username: string
  fact_email: string | null
  fact_first_name: string | null
  fact_last_name: string | null
  fact_is_accepted: boolean
  fact_is_super_admin: boolean
  fact_is_mfa_enabled: boolean
  fact_consecutive_failed_mfa_attempts: number
  fact_created_at: Date
  fact_updated_at: Date
}

export const profileFacts = facts<ProfileFacts, []>(`
  select id as fact_id, username as fact_username, email as fact_email, first_name as fact_first_name,
    last_name as fact_last_name, is_accepted as fact_is_accepted, is_super_admin as fact_is_super_admin,
    is_mfa_enabled as fact_is_mfa_enabled,
    consecutive_failed_mfa_attempts as fact_consecutive_failed_mfa_attempts,
    created_at as fact_created_at, updated_at as fact_updated_at
  from users
  where id = $3`)
