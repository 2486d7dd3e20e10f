/** How long the database may take for what, in milliseconds; 0 is without end. */
export type DatabaseLimits = Readonly<{
  /** Until a connection is free, or a new one is there. */ connectionMs: number
  statementMs: number
  /** Until a lock is had. */ lockMs: number
  /** How long a transaction may be open with nothing to do. */ idleTransactionMs: number
}>

export const databaseLimits: DatabaseLimits = {
  connectionMs: 5_000,
  statementMs: 15_000,
  lockMs: 5_000,
  idleTransactionMs: 10_000,
}
