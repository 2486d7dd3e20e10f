import type { Mailer } from "./mail/mailer.ts"
import type { Seal } from "./crypto/seal.ts"
import type { Kept } from "./kept.ts"
import type { Keyring } from "./encryption/keyring.ts"
import type { Allowance } from "./auth/allowance.ts"
import type { Passwords } from "./auth/password.ts"
import type { Tokens } from "./auth/token.ts"
import type { SetupToken } from "./admin/setup-token.ts"

/** What lives as long as the process and is handed to rules; kept small on purpose. */
export type Services = {
  /** Origin under which people reach this server, without a trailing slash. */ siteUrl: string
  /** True once the server is told to stop. */ readonly isStopping: boolean
  tokens: Tokens
  /** A hash that nobody can compute without the instance's key, for what could otherwise be guessed. */
  keyedHash(text: string | Buffer): string
  /** How a client secret is stored and found: a keyed hash. */ hashOfClientSecret(secret: string): string
  passwords: Passwords
  /** How many wrong passwords each network may still send. */ wrongPasswords: Allowance
  /** For what people prove their second factor with. */ seal: Seal
  /** Seals and opens the values of projects. */ keyring: Keyring
  /** Secrets and lists of them that were answered. */ keptAnswers: Kept
  /** Has what replicated imports import be copied at once. */ wakeReplicator(): void
  setupToken: SetupToken
  /** Absent when no SMTP server is configured. */ mailer: Mailer | undefined
}
