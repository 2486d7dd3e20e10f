/**
 * What a rule may refuse with. The set is closed: `http/problem.ts` has one row for each kind, and nothing
 * else in the server knows status codes.
 */
export type ErrorKind =
  | "BadRequest"
  | "Unauthorized"
  | "TokenError"
  | "Forbidden"
  | "PermissionDenied"
  | "PermissionBoundary"
  | "NotFound"
  | "Conflict"
  | "PreconditionFailed"
  | "ExpectationFailed"
  | "Validation"
  | "PayloadTooLarge"
  | "UriTooLong"
  | "UnsupportedMediaType"
  | "RateLimited"
  | "HeadersTooLarge"
  | "RequestTimeout"
  | "Unavailable"

/** One rejected input, in the shape of zod 3 that clients of the field are used to. `path` is relative to its part. */
export type Issue = { code: string; path: (string | number)[]; message: string; [key: string]: unknown }

type Extras = {
  /** Replaces the kind's usual `error` name on the wire. */ name?: string
  /** Answered only with 400 and 403. */ details?: unknown
  /** For the log; never leaves the server. */ cause?: unknown
  /** Seconds until a retry makes sense. */ retryAfter?: number
  /** What was written before the refusal stays, such as an attempt that is counted. */ keepsChanges?: boolean
}

/** A refusal in domain words: `message` is for the caller, `cause` only for the log. */
export class DomainError extends Error {
  readonly kind: ErrorKind
  readonly errorName: string | undefined
  readonly details: unknown
  readonly retryAfter: number | undefined
  readonly keepsChanges: boolean

  constructor(kind: ErrorKind, message: string, extras: Extras = {}) {
    // A refusal is no defect: to walk the stack for each would be a sixth of what a flood of them costs.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(message, { cause: extras.cause })
    Error.stackTraceLimit = stackTraceLimit
    this.name = "DomainError"
    this.kind = kind
    this.errorName = extras.name
    this.details = extras.details
    this.retryAfter = extras.retryAfter
    this.keepsChanges = extras.keepsChanges ?? false
  }
}

/** Inputs that do not fit their schema; answered with the list of issues as `message`. */
export class ValidationError extends DomainError {
  readonly issues: Issue[]

  constructor(issues: Issue[]) {
    super("Validation", issues.map((issue) => issue.message).join("; "))
    this.issues = issues
  }
}

export const badRequest = (message: string, extras?: Extras): DomainError =>
  new DomainError("BadRequest", message, extras)
export const unauthorized = (message: string, extras?: Extras): DomainError =>
  new DomainError("Unauthorized", message, extras)
export const forbidden = (message: string, extras?: Extras): DomainError =>
  new DomainError("Forbidden", message, extras)
export const notFound = (message: string, extras?: Extras): DomainError =>
  new DomainError("NotFound", message, extras)
export const unavailable = (message: string, extras?: Extras): DomainError =>
  new DomainError("Unavailable", message, { retryAfter: 1, ...extras })

/** A single rejected field, for rules that only a look at the whole input can judge. */
export const invalid = (path: (string | number)[], message: string): ValidationError =>
  new ValidationError([{ code: "custom", path, message }])
