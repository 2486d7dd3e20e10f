import { parseCookie, stringifySetCookie } from "cookie"
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify"
import type { Logger } from "pino"
import { requireAttempt } from "./auth/password-check.ts"
import type { RequestInfo } from "./context.ts"
import { randomAlphanumerics } from "./crypto/ids.ts"
import { DomainError, notFound, unavailable, badRequest } from "./errors.ts"
import { closeGently, closeUnlessTaken, mayHaveMuchLeft } from "./http/closing.ts"
import type { Page } from "./http/docs.ts"
import type { Endpoint } from "./http/endpoint.ts"
import { httpLimits, type HttpLimits } from "./http/limits.ts"
import { Prepared } from "./http/prepared.ts"
import { problem } from "./http/problem.ts"
import { answerExpectation, answerUnreadable } from "./http/unreadable.ts"
import type { Stage } from "./leaving.ts"
import { type Incoming } from "./parse.ts"
import { serve, type Base } from "./pipeline.ts"

/** The HTTP server, to listen with and to close. */
export type App = FastifyInstance

export type AppOptions = {
  base: Base
  endpoints: readonly Endpoint[]
  /** Pages without a caller: the document and the page to read it. */ pages: readonly Page[]
  log: Logger
  /** Addresses and networks of proxies whose forwarding headers count; empty means none. */
  trustedProxies: readonly string[]
  limits?: HttpLimits
  /** Told how long each answer is. */ answered: (length: number) => void
  /** How far it is on its way down. */ stage: () => Stage
}

const jsonType = "application/json; charset=utf-8"
const maxBodyBytes = 1_048_576
const answering = () => ({ headers: { ...headers, "content-type": jsonType }, requestId: newRequestId() })
// A quarter of a megabyte a second.
const slowestBytesPerMs = 250
const newRequestId = (): string => `req-${randomAlphanumerics(14)}`

const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
}

/** The HTTP server over the list of endpoints; the only file that knows the framework. */
export function createApp(options: AppOptions): App {
  const limits = options.limits ?? httpLimits
  const app = Fastify({
    logger: false,
    genReqId: newRequestId,
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    bodyLimit: maxBodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    // Ours to answer, in the envelope.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    http: {
      // A request without Host is refused below, in the envelope.
      requireHostHeader: false,
      headersTimeout: Math.min(limits.headersMs, limits.requestMs),
      connectionsCheckingInterval: 1_000,
    },
    // A username may have 512 bytes, each written with three characters; longer ones are refused by their rule.
    routerOptions: { maxParamLength: 16_384 },
    frameworkErrors: (error, request, reply) => answerError(options, request, reply, fromFramework(error)),
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket, closing, answering()),
  })
  const closing = closeGently(app.server)
  app.server.maxConnections = limits.connections
  readBodiesAsBytes(app)
  app.setErrorHandler((error, request, reply) => answerError(options, request, reply, fromFramework(error)))
  app.setNotFoundHandler((request, reply) =>
    answerError(options, request, reply, notFound("There is no such route here")),
  )
  app.server.on("checkExpectation", (_request, response) => answerExpectation(response, answering()))
  app.addHook("onRequest", (request, reply, done) => {
    // Nobody would hear what came of it.
    if (closing.isClosing(request.raw.socket)) return void reply.hijack()
    if (request.headers.host === undefined && request.raw.httpVersion !== "1.0") {
      return done(badRequest("The request has no Host header"))
    }
    if (options.stage() !== "closed") return done()
    reply.header("connection", "close")
    done(unavailable("The server is shutting down; try again shortly"))
  })
  app.addHook("onSend", ({ raw }, reply, payload, done) => {
    // The last answer on its connection, which is then made anew to somebody who stays, and holds no stop up.
    const isLast = options.stage() !== "serving" || mayHaveMuchLeft(raw, maxBodyBytes)
    if (isLast) reply.header("connection", "close")
    const length = typeof payload === "string" || Buffer.isBuffer(payload) ? payload.length : 0
    closeUnlessTaken(reply.raw, raw.socket, Math.max(limits.answerMs, length / slowestBytesPerMs))
    done(null, payload)
  })
  app.addHook("onResponse", (request, reply, done) => {
    logAnswer(options.log, request, reply)
    done()
  })
  for (const endpoint of options.endpoints) addRoute(app, endpoint, options)
  for (const page of options.pages) addPage(app, page)
  return app
}

/** Bodies stay bytes until their sender is known; other media types are refused there too. */
function readBodiesAsBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, bytes, done) =>
    done(null, { bytes, type: "json" }),
  )
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "buffer" },
    (_request, bytes, done) => done(null, { bytes, type: "form" }),
  )
  app.addContentTypeParser("text/csv", { parseAs: "buffer" }, (_request, bytes, done) =>
    done(null, { bytes, type: "csv" }),
  )
  app.addContentTypeParser("*", { parseAs: "buffer" }, (request, _body, done) =>
    done(null, { type: "unsupported", mediaType: mediaTypeOf(request) }),
  )
}

const mediaTypeOf = (request: FastifyRequest): string =>
  (request.headers["content-type"] ?? "a body without a type").split(";")[0]?.slice(0, 100) ?? ""

function addRoute(app: FastifyInstance, endpoint: Endpoint, options: AppOptions): void {
  const url = endpoint.path.replace(/\{(\w+)\}/g, ":$1")
  for (const path of endpoint.alsoWithSlash ? [url, `${url}/`] : [url]) addPath(app, path, endpoint, options)
}

function addPath(app: FastifyInstance, path: string, endpoint: Endpoint, options: AppOptions): void {
  app.route({
    method: endpoint.method,
    url: path,
    config: { operationId: endpoint.id },
    ...(endpoint.comparesPassword && {
      async onRequest(request: FastifyRequest) {
        requireAttempt(options.base.services, request.ip)
      },
    }),
    handler: async (request, reply) => {
      const jobs: (() => Promise<void>)[] = []
      const incoming: Incoming = {
        request: infoOf(request, endpoint, jobs),
        reply: {
          setCookie: (name, value) => setCookie(reply, { name, value }, options),
          setHeader: (name, value) => void reply.header(name, value),
        },
        params: request.params,
        query: request.query,
        body: request.body as Incoming["body"],
      }
      const result = await serve(endpoint, incoming, { ...options.base, endpoints: options.endpoints })
      runAfterwards(jobs, request, options.log)
      const mediaType = result instanceof Prepared ? result.mediaType : undefined
      reply.headers(headers).header("content-type", mediaType ?? jsonType)
      const body = result instanceof Prepared ? result.reveal() : JSON.stringify(result)
      options.answered(body.length)
      if (!endpoint.withETag) return body
      // Keyed, or whoever sees the header could try values until one fits.
      const hash = options.base.services.keyedHash
      const tag = `"${result instanceof Prepared ? result.tagBy(hash) : hash(body)}"`
      reply.header("etag", tag)
      return isKnown(request, tag) ? reply.code(304).send() : body
    },
  })
}

/** Whether the client says that it has the answer of this tag. */
const isKnown = (request: FastifyRequest, tag: string): boolean =>
  (request.headers["if-none-match"] ?? "").split(",").some((one) => one.trim().replace(/^W\//, "") === tag)

const infoOf = (request: FastifyRequest, endpoint: Endpoint, jobs: (() => Promise<void>)[]): RequestInfo => ({
  id: request.id,
  method: request.method,
  route: endpoint.path,
  url: request.url,
  ip: request.ip,
  userAgent: (request.headers["user-agent"] ?? "").slice(0, 1_024),
  header(name) {
    const value = request.headers[name]
    return Array.isArray(value) ? value.join(", ") : value
  },
  cookie: (name) => parseCookie(request.headers.cookie ?? "")[name],
  afterCommit: (job) => void jobs.push(job),
})

function setCookie(reply: FastifyReply, cookie: { name: string; value: string }, { base }: AppOptions): void {
  const secure = base.services.siteUrl.startsWith("https://")
  reply.header(
    "set-cookie",
    stringifySetCookie({ ...cookie, path: "/", httpOnly: true, sameSite: "strict", secure }),
  )
}

function runAfterwards(jobs: (() => Promise<void>)[], request: FastifyRequest, log: Logger): void {
  for (const job of jobs) {
    job().catch((error: unknown) =>
      log.error({ reqId: request.id, err: error }, "a job after the answer failed"),
    )
  }
}

function addPage(app: FastifyInstance, page: Page): void {
  app.get(page.path, async (_request, reply) => {
    reply.headers({ ...headers, ...page.headers }).header("content-type", page.contentType)
    return reply.send(await page.body())
  })
}

/** The framework's own refusals in our words. */
function fromFramework(error: unknown): unknown {
  if (error instanceof DomainError || !(error instanceof Error) || !("code" in error)) return error
  switch (error.code) {
    case "FST_ERR_BAD_URL":
      return badRequest("The path has a % that begins no character", { cause: error })
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new DomainError("PayloadTooLarge", `A body may have at most ${maxBodyBytes} bytes`, {
        cause: error,
      })
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return badRequest("The body is not as long as Content-Length says", { cause: error })
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new DomainError("UnsupportedMediaType", "The Content-Type is not understood", { cause: error })
    case "FST_ERR_MAX_PARAM_LENGTH":
      return new DomainError("UriTooLong", "A part of the path is too long", { cause: error })
    case "FST_ERR_ASYNC_CONSTRAINT":
      return badRequest("The request cannot be routed", { cause: error })
    default:
      return error
  }
}

function answerError(
  options: AppOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
): void {
  const { status, headers: extra, body } = problem(error, request.id)
  if (status >= 500) logFailure(options.log, request, error)
  reply
    .code(status)
    .headers({ ...headers, ...extra })
    .header("content-type", jsonType)
    .send(JSON.stringify(body))
}

function logFailure(log: Logger, request: FastifyRequest, error: unknown): void {
  const cause = error instanceof DomainError ? (error.cause ?? error) : error
  const level = error instanceof DomainError ? "warn" : "error"
  log[level](
    { reqId: request.id, operationId: request.routeOptions.config.operationId, err: cause },
    "failed",
  )
}

/** One line a request: never a path with names in it, a query, a body or a token. */
function logAnswer(log: Logger, request: FastifyRequest, reply: FastifyReply): void {
  log.info(
    {
      reqId: request.id,
      method: request.method,
      route: request.routeOptions.url,
      operationId: request.routeOptions.config.operationId,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
    },
    "answered",
  )
}

declare module "fastify" {
  interface FastifyContextConfig {
    operationId?: string
  }
}
