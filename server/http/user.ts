import { z } from "zod"
import { timestamp, uuid } from "./fields.ts"

/** An account as its holder sees it; nothing of it is for others. */
export const OwnUser = z.object({
  id: uuid,
  email: z.string().nullable(),
  authMethods: z.array(z.string()),
  superAdmin: z.boolean(),
  firstName: z.string().nullable(),
  lastName: z.string().nullable(),
  isAccepted: z.boolean(),
  isMfaEnabled: z.boolean(),
  mfaMethods: z.array(z.string()),
  devices: z.array(z.object({ ip: z.string(), userAgent: z.string() })),
  createdAt: timestamp,
  updatedAt: timestamp,
  isGhost: z.boolean(),
  username: z.string(),
  isEmailVerified: z.boolean(),
  consecutiveFailedMfaAttempts: z.number(),
  isLocked: z.boolean(),
  temporaryLockDateEnd: timestamp.nullable(),
  consecutiveFailedPasswordAttempts: z.number(),
  selectedMfaMethod: z.string().nullable(),
})

type Shown = {
  id: string
  username: string
  email: string | null
  first_name: string | null
  last_name: string | null
  is_accepted: boolean
  is_super_admin: boolean
  is_mfa_enabled: boolean
  consecutive_failed_mfa_attempts: number
  created_at: Date
  updated_at: Date
}

/** An account in its public form. An account is complete only once its address has been proved. */
export const presentOwnUser = (user: Shown): z.input<typeof OwnUser> => ({
  id: user.id,
  email: user.email,
  authMethods: ["email"],
  superAdmin: user.is_super_admin,
  firstName: user.first_name,
  lastName: user.last_name,
  isAccepted: user.is_accepted,
  isMfaEnabled: user.is_mfa_enabled,
  mfaMethods: user.is_mfa_enabled ? ["totp"] : [],
  devices: [],
  createdAt: user.created_at.toISOString(),
  updatedAt: user.updated_at.toISOString(),
  isGhost: false,
  username: user.username,
  isEmailVerified: user.is_accepted,
  consecutiveFailedMfaAttempts: user.consecutive_failed_mfa_attempts,
  isLocked: false,
  temporaryLockDateEnd: null,
  consecutiveFailedPasswordAttempts: 0,
  selectedMfaMethod: user.is_mfa_enabled ? "totp" : null,
})
