import type { RequestInfo } from "../context.ts"
import { forbidden } from "../errors.ts"

/**
 * Refuses what a page of another site made a browser send, for routes that act for the holder of a cookie. Browsers
 * name the origin of such requests; a program that is no browser names none, and has the cookie only if it is its
 * own. Beside SITE_URL the address that the request was sent to counts, since the API page may be open there.
 */
export function requireSameSite(request: Pick<RequestInfo, "header">, siteUrl: string): void {
  if (request.header("sec-fetch-site") === "cross-site") throw foreign()
  const origin = request.header("origin")
  if (origin === undefined) return
  if (!URL.canParse(origin)) throw foreign()
  const { host } = new URL(origin)
  if (origin !== new URL(siteUrl).origin && host !== request.header("host")) throw foreign()
}

const foreign = () => forbidden("This may not be asked for by a page of another site")
