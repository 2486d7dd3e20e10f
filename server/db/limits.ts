/** How long the database may take for what, in milliseconds; 0 is without end. */
export type DatabaseLimits = Readonly<{
  /** Until a connection is free, or a new one is there. */ connectionMs: number
  statementMs: number
  /** Until a lock is had. */ lockMs: number
  /** How long a transaction may be open with nothing to do. */ idleTransactionMs: number
}>

/** For requests. */
export const databaseLimits: DatabaseLimits = {
  connectionMs: 2_500,
  statementMs: 5_000,
  lockMs: 2_000,
  idleTransactionMs: 10_000,
}

/** For work on the host that nobody waits for behind a request. */
export const patientLimits: DatabaseLimits = {
  connectionMs: 10_000,
  statementMs: 3_600_000,
  lockMs: 60_000,
  idleTransactionMs: 60_000,
}
