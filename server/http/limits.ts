/** How long clients may take for what, in milliseconds, and how many there may be. */
export type HttpLimits = Readonly<{
  /** Until the headers of a request are there, counted from its beginning, or from that of a connection. */
  headersMs: number
  /** Until all of a request is there, its body included. */ requestMs: number
  /** Until an answer is taken; four seconds for each megabyte of it where that is longer. */ answerMs: number
  /** Until the next request on a connection. */ keepAliveMs: number
  /** Of one process at a time; those beyond are closed. */ connections: number
}>

export const httpLimits: HttpLimits = {
  headersMs: 5_000,
  requestMs: 10_000,
  answerMs: 10_000,
  keepAliveMs: 72_000,
  connections: 2_000,
}
