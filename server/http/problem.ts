import { DomainError, ValidationError, type ErrorKind } from "../errors.ts"

const table: Record<ErrorKind, { status: number; error: string }> = {
  BadRequest: { status: 400, error: "BadRequest" },
  Unauthorized: { status: 401, error: "UnauthorizedError" },
  TokenError: { status: 403, error: "TokenError" },
  Forbidden: { status: 403, error: "ForbiddenError" },
  PermissionDenied: { status: 403, error: "PermissionDenied" },
  PermissionBoundary: { status: 403, error: "PermissionBoundaryError" },
  NotFound: { status: 404, error: "NotFound" },
  RequestTimeout: { status: 408, error: "RequestTimeout" },
  Conflict: { status: 409, error: "Conflict" },
  PreconditionFailed: { status: 412, error: "PreconditionFailed" },
  PayloadTooLarge: { status: 413, error: "PayloadTooLarge" },
  UriTooLong: { status: 414, error: "UriTooLong" },
  UnsupportedMediaType: { status: 415, error: "UnsupportedMediaType" },
  ExpectationFailed: { status: 417, error: "ExpectationFailed" },
  Validation: { status: 422, error: "ValidationFailure" },
  RateLimited: { status: 429, error: "RateLimitExceeded" },
  HeadersTooLarge: { status: 431, error: "HeadersTooLarge" },
  Unavailable: { status: 503, error: "ServiceUnavailable" },
}

/** An error as it is answered: status, extra headers, and the envelope in its wire order. */
export type Problem = { status: number; headers: Record<string, string>; body: Record<string, unknown> }

const longestMessage = 1_000

/** Refusals name what was asked for; what was sent at length is not said back at length. */
const shortened = (message: string): string =>
  message.length <= longestMessage ? message : `${message.slice(0, longestMessage).toWellFormed()}…`

/** The one place where a refusal becomes a status. What is no `DomainError` is a defect: 500, nothing told. */
export function problem(error: unknown, reqId: string): Problem {
  if (!(error instanceof DomainError)) {
    const message = "Something went wrong on the server; the log knows it by this reqId"
    return {
      status: 500,
      headers: {},
      body: { reqId, statusCode: 500, message, error: "InternalServerError" },
    }
  }
  const { status, error: usualName } = table[error.kind]
  const message = error instanceof ValidationError ? error.issues : shortened(error.message)
  const details = error.details === undefined ? {} : { details: error.details }
  return {
    status,
    headers: error.retryAfter === undefined ? {} : { "retry-after": String(error.retryAfter) },
    body: { reqId, statusCode: status, message, ...details, error: error.errorName ?? usualName },
  }
}
