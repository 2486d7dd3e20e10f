import type { Incoming } from "./parse.ts"
import { badRequest, invalid, notFound, type DomainError } from "./errors.ts"
import type { Endpoint } from "./http/endpoint.ts"

/*
 * How a preview is asked for: by `dryRun=true` in the query of what would be done, or by naming that to the endpoint for
 * previews.
 */

/** Close to it in whatever way: what somebody takes for the key must not be done. */
const isDryRun = (key: string): boolean =>
  key
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^a-z]/g, "") === "dryrun"

/**
 * Whether the query asks for a preview, and what else it has. Throws 422 for a value that says neither yes nor no, and
 * where there is no preview, since what is sent with it would then be done.
 */
export function dryRunIn(endpoint: Endpoint, query: unknown): { isDryRun: boolean; query: unknown } {
  if (typeof query !== "object" || query === null) return { isDryRun: false, query }
  const keys = Object.keys(query).filter(isDryRun)
  const [key] = keys
  if (key === undefined) return { isDryRun: false, query }
  if (!endpoint.previews) throw invalid([key], "There is no preview of this operation: send it without")
  const value: unknown = (query as Record<string, unknown>)[key]
  if (keys.length > 1 || (value !== "true" && value !== "false"))
    throw invalid([key], "Send dryRun once, as true or false")
  const others = Object.entries(query).filter(([name]) => name !== key)
  return { isDryRun: value === "true", query: Object.fromEntries(others) }
}

/** A call that is to be previewed, as it came with the request for its preview. */
export type Call = { method: string; path: string; body?: Record<string, unknown> | undefined }
type Called = { endpoint: Endpoint; incoming: Incoming }

/** What the call would come to, or why there is no preview of it. */
export function calledBy(
  { method, path, body }: Call,
  { endpoints, request, reply }: { endpoints: readonly Endpoint[] } & Pick<Incoming, "request" | "reply">,
): Called | { refusal: DomainError } {
  const [pathname = "", ...rest] = path.split("?")
  const candidates = endpoints.flatMap((endpoint) => {
    const params = endpoint.method === method ? paramsOf(endpoint, pathname.split("/")) : undefined
    return params ? [{ endpoint, params }] : []
  })
  const [found] = candidates.toSorted((one, other) => (namesFirst(one) < namesFirst(other) ? -1 : 1))
  if (!found) return { refusal: notFound("There is no such route here") }
  const params = decoded(found.params)
  if (!params) return { refusal: badRequest("The path has a % that begins no character") }
  if (!decoded({ query: rest.join("?") }))
    return { refusal: badRequest("The query has a % that begins no character") }
  if (!found.endpoint.previews)
    return { refusal: invalid(["path"], `There is no preview of ${method} ${found.endpoint.path}`) }
  const incoming: Incoming = {
    request: { ...request, method, route: found.endpoint.path },
    reply,
    params,
    query: queryOf(rest.join("?")),
    body: body && { bytes: Buffer.from(JSON.stringify(body)), type: "json" },
  }
  return { endpoint: found.endpoint, incoming }
}

/** The values of the names in the path of the endpoint, still encoded, where that is its path. */
function paramsOf({ path }: Endpoint, sent: readonly string[]): Record<string, string> | undefined {
  const parts = path.split("/")
  if (parts.length !== sent.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of parts.entries()) {
    const value = sent[index] ?? ""
    const name = nameIn(part)
    if (name === undefined ? part !== value : value === "") return undefined
    if (name !== undefined) params[name] = value
  }
  return params
}

const nameIn = (part: string): string | undefined => /^\{(\w+)\}$/.exec(part)?.[1]

/** A part that is spelled out goes before one that takes anything, as in the router. */
const namesFirst = ({ endpoint }: { endpoint: Endpoint }): string =>
  endpoint.path
    .split("/")
    .map((part) => (nameIn(part) === undefined ? "0" : "1"))
    .join("")

function decoded(params: Record<string, string>): Record<string, string> | undefined {
  try {
    return Object.fromEntries(
      Object.entries(params).map(([name, value]) => [name, decodeURIComponent(value)]),
    )
  } catch {
    return undefined
  }
}

/** A key that comes several times has a list, as where requests are read. */
function queryOf(text: string): Record<string, unknown> {
  const query: Record<string, string | string[]> = {}
  for (const [key, value] of new URLSearchParams(text)) {
    const before = Object.hasOwn(query, key) ? query[key] : undefined
    Object.defineProperty(query, key, {
      value: before === undefined ? value : [before, value].flat(),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return query
}
