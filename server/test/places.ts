import { randomUUID } from "node:crypto"
import type { Request } from "./access-cases.ts"

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** Names in a path that stand for something of an organization, as ids do. */
const namesInPath = new Set(["username", "roleSlug"])

/** Where in a request something is named: `["path", "id"]`, or `["body", "users", 0, "id"]`. */
export type Place = readonly (string | number)[]

/** Every place of a request that names something, however deep: an id, or a name in the path. */
export function placesOf(request: Request): Place[] {
  const { path = {}, query = {}, body = {} } = request
  return placesIn({ path, query, body }, [])
}

function placesIn(value: unknown, at: Place): Place[] {
  if (typeof value === "string") {
    const isName = at[0] === "path" && namesInPath.has(String(at[1]))
    return uuid.test(value) || isName ? [at] : []
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => placesIn(item, [...at, index]))
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([name, field]) => placesIn(field, [...at, name]))
}

/** What stands in a place. */
export const at = (request: Request, place: Place): string =>
  String(place.reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], request))

/** The request with something else in a place. */
export function placed(request: Request, place: Place, value: string): Request {
  const copy = structuredClone(request)
  const last = place.at(-1) ?? ""
  const holder = place
    .slice(0, -1)
    .reduce<unknown>((inner, step) => (inner as Record<string, unknown>)[step], copy)
  ;(holder as Record<string, unknown>)[last] = value
  return copy
}

/** Something that nobody has, for a place. */
export function unknownFor(place: Place): string {
  if (place[0] === "path" && place[1] === "username") return "nobody@example.com"
  return place[0] === "path" && place[1] === "roleSlug" ? "no-such-role" : randomUUID()
}

export const isName = (place: Place): boolean => place[0] === "path" && namesInPath.has(String(place[1]))

export const everyIdReplaced = (request: Request): Request =>
  placesOf(request).reduce((replaced, place) => placed(replaced, place, unknownFor(place)), request)
