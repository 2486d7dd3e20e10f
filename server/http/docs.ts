import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

/** A page that anybody may read, served as it is. */
export type Page = {
  path: string
  contentType: string
  headers?: Record<string, string>
  body(): Promise<string | Buffer>
}

// Resolved from here, so that it is found wherever npm puts it.
const assets = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"))

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Conclave API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="page"></div>
<noscript>
The document is also at <a href="/api/docs/extended.json">/api/docs/extended.json</a>; without what is Conclave's own at
<a href="/api/docs/json">/api/docs/json</a>.
</noscript>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`

/*
 * A link that the server prints carries the setup token behind the #, where it reaches no server and no log; the
 * page sends it with the call that sets the instance up. Calls go to the server that the page came from, whatever
 * address the document names, and carry the token also where the public contract names no security.
 */
const script = `
const setupToken = new URLSearchParams(location.hash.slice(1)).get("setup-token")
if (setupToken) history.replaceState(null, "", location.pathname)
let page
page = SwaggerUIBundle({
  url: "/api/docs/extended.json",
  dom_id: "#page",
  deepLinking: true,
  filter: true,
  tryItOutEnabled: true,
  persistAuthorization: false,
  validatorUrl: null,
  defaultModelsExpandDepth: -1,
  docExpansion: "list",
  onComplete() {
    if (setupToken) page.layoutActions.show(["operations", "Admin", "bootstrapInstance"], true)
  },
  requestInterceptor(request) {
    const { pathname, search } = new URL(request.url, location.href)
    request.url = location.origin + pathname + search
    // The document itself is asked for before there is a page.
    const token = page?.getState().getIn(["auth", "authorized", "bearerAuth", "value"])
    if (token && !request.headers.Authorization) request.headers.Authorization = "Bearer " + token
    if (setupToken && pathname === "/api/v1/admin/bootstrap") request.headers["X-Setup-Token"] = setupToken
    return request
  },
})
`

const pagePolicy = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}

const asset = (name: string, contentType: string): Page => ({
  path: `/api/docs/${name}`,
  contentType,
  headers: { "cache-control": "public, max-age=3600" },
  body: () => readFile(join(assets, name)),
})

type MakeDocument = () => Record<string, unknown>

function documentAt(path: string, make: MakeDocument): Page {
  // The same bytes for everybody: a text would be copied for each of those who do not take their answer.
  let bytes: Buffer | undefined
  return {
    path,
    contentType: "application/json; charset=utf-8",
    body: async () => (bytes ??= Buffer.from(JSON.stringify(make()))),
  }
}

/**
 * The documents, each made when it is first asked for, and a page to read and try the API that needs nothing from
 * elsewhere, of all that there is: `extended`. `compatible` has what other servers of this API have.
 */
export function docsPages({ compatible, extended }: Record<"compatible" | "extended", MakeDocument>): Page[] {
  return [
    documentAt("/api/docs/json", compatible),
    documentAt("/api/docs/extended.json", extended),
    {
      path: "/api/docs",
      contentType: "text/html; charset=utf-8",
      headers: pagePolicy,
      body: async () => html,
    },
    { path: "/api/docs/start.js", contentType: "text/javascript; charset=utf-8", body: async () => script },
    asset("swagger-ui.css", "text/css; charset=utf-8"),
    asset("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
  ]
}
