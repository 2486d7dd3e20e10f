import type { z } from "zod"
import type { Access, CallerKind } from "../access/access.ts"
import type { Affected } from "../access/affected.ts"
import type { OrganizationActor } from "../access/actor.ts"
import type { ProjectReference } from "../access/project.ts"
import type { Context, ProjectContext, PublicContext, SignedInContext } from "../context.ts"
import type { Facts } from "../db/facts.ts"
import type { Prepared } from "./prepared.ts"

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

/** The names between braces of a route, as a union. */
type PathNames<Route extends string> = Route extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never

type ParamsFor<Route extends string> = z.ZodObject<{ [Name in PathNames<Route>]: z.ZodType }>
type ContextFor<A extends Access> = A extends "public"
  ? PublicContext
  : A extends "signedIn" | "instanceAdmin"
    ? SignedInContext
    : A extends { project: unknown }
      ? ProjectContext
      : Context
type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined
type FactsOf<F> = F extends Facts<infer Row, never> ? Row : undefined

/** What Conclave takes besides: fields of the query and of the body. */
export type Extended = { query?: z.ZodObject; body?: z.ZodObject }
type ExtendedOf<E> = {
  query: E extends { query: infer Q } ? Parsed<Q> : undefined
  body: E extends { body: infer B } ? Parsed<B> : undefined
}

type Sent<P, Q, B, E> = { params: Parsed<P>; query: Parsed<Q>; body: Parsed<B>; extended: ExtendedOf<E> }
type Input<P, Q, B, F, E> = Sent<P, Q, B, E> & {
  /** What the declared `facts` read, in the same statement as the caller. */ facts: FactsOf<F>
}

/** For what service tokens are for, too. */
export const anyCaller: readonly CallerKind[] = ["user", "machine", "service"]

/** Says why a mutation leaves no audit row. */
export type NoAudit = { none: string }
export const none = (reason: string): NoAudit => ({ none: reason })

type Declaration<Route extends string, A extends Access, P, Q, B, R extends z.ZodType, F, E> = {
  access: A
  tags: [string, ...string[]]
  /** One line for the document; left out where the public contract has none. */ summary?: string
  query?: Q
  body?: B
  /** Allow-list of the answer: what it does not name does not leave. */ result: R
  /** Conclave's own, and no part of the API that others speak: it is in the extended document alone. */
  isExtension?: true
  /**
   * Conclave's own part of an operation that others have, too, in the extended document alone. A body is for what takes
   * none elsewhere; there whatever is no JSON object was never looked at, and is not looked at here.
   */
  extended?: E
  /** Which kinds of token the endpoint takes; people and machine identities unless it says otherwise, see `anyCaller`. */
  callers?: readonly CallerKind[]
  /** True for what is the caller's own to do, and needs no permission; for an organization's endpoints. */
  isOwn?: (actor: OrganizationActor, input: { params: Parsed<P> }) => boolean
  /** Answers a person whose second factor is still due, too: only what is needed to prove it. */
  beforeSecondFactor?: true
  /** Takes the body as a form, too (`application/x-www-form-urlencoded`); only where clients send one. */
  alsoForm?: true
  /** Takes the body as CSV (`text/csv`), too, and makes of it what the body's schema judges. */
  alsoCsv?: (text: string) => unknown
  /** May change thousands of rows: few at once, so that they leave connections to everybody else. */ isBulk?: true
  /** Answers with a slash behind the path, too; only where clients send one. */ alsoWithSlash?: true
  /** Answers with an `ETag`, and 304 to who has that answer already; for lists that clients ask for again and again. */
  withETag?: true
  /** The state of what is answered, for an `ETag` that stands for it on every route. */
  tagOf?: (result: z.input<R>) => unknown
  /** The same of what will be changed, locked; such a mutation may be sent with `If-Match`. */
  ifMatch?: (ctx: ContextFor<A>, input: Input<P, Q, B, F, E>) => Promise<unknown>
  /**
   * What somebody may do may change by it: whose that is. It may then be previewed, by `dryRun=true` and by the endpoint for
   * previews; asked before it is done, and again with what it answered. Nothing that answers credentials has this.
   */
  previews?: (input: Sent<P, Q, B, E>, answer: z.input<R> | undefined) => Affected
  /** Runs the call that its body names, as a preview of it; there is one. */ isPreview?: true
  /** Signs in by password: a flood of them is refused at the first line of each, with nothing of it read. */
  comparesPassword?: true
  /**
   * What is answered may be a credential, which is shown once, or hold values of secrets; for mutations. It decides how
   * an answer is kept under an `Idempotency-Key`, if it is.
   */
  answers?: "credential" | "secretValues"
  /** A GET that leaves an audit row of what was read, before it is answered. */ recordsRead?: true
  /** All but GET run in a transaction. `false`: a single statement with its own audit row; `true`: a GET that writes. */
  transaction?: boolean
  /** Read in the same round trip as the caller; `values` picks their inputs. */ facts?: F
  factValues?: (input: Sent<P, Q, B, E>) => unknown[]
  /** A mutation without audit row says why. */ audit?: NoAudit
  handle(ctx: ContextFor<A>, input: Input<P, Q, B, F, E>): Promise<z.input<R> | Prepared>
} & ([PathNames<Route>] extends [never] ? { params?: undefined } : { params: P }) &
  (A extends { project: unknown }
    ? {
        /** Which project the request is about; read in the same round trip as the caller, and the handler's `ctx.project`. */
        inProject: (input: Sent<P, Q, B, E>) => ProjectReference
      }
    : A extends { orInProject: unknown }
      ? {
          /** Which project the request names, if it names one; the handler's `ctx.project` where the caller is in it. */
          inProject: (input: Sent<P, Q, B, E>) => ProjectReference | undefined
        }
      : { inProject?: undefined })

/** An endpoint as the rest of the server sees it: one value that routes, checks, documents and tests are drawn from. */
export type Endpoint = {
  id: string
  method: Method
  path: string
  access: Access
  callers: readonly CallerKind[]
  tags: readonly string[]
  summary: string | undefined
  params: z.ZodType | undefined
  query: z.ZodType | undefined
  body: z.ZodType | undefined
  result: z.ZodType
  isOwn: ((actor: OrganizationActor, input: { params: unknown }) => boolean) | undefined
  inProject:
    ((input: { params: unknown; query: unknown; body: unknown }) => ProjectReference | undefined) | undefined
  isExtension: boolean
  extended: Extended | undefined
  beforeSecondFactor: boolean
  alsoForm: boolean
  alsoCsv: ((text: string) => unknown) | undefined
  isBulk: boolean
  alsoWithSlash: boolean
  withETag: boolean
  tagOf: ((result: unknown) => unknown) | undefined
  ifMatch: ((ctx: unknown, input: unknown) => Promise<unknown>) | undefined
  previews: ((input: unknown, answer: unknown) => Affected) | undefined
  isPreview: boolean
  comparesPassword: boolean
  recordsRead: boolean
  answers: "credential" | "secretValues" | undefined
  transaction: boolean
  facts: Facts<unknown, unknown[]> | undefined
  factValues: ((input: { params: unknown; query: unknown; body: unknown }) => unknown[]) | undefined
  audit: NoAudit | undefined
  handle(ctx: unknown, input: unknown): Promise<unknown>
}

/**
 * Declares an endpoint. The id is its operation id in the document and its name in logs and tests; the route is
 * method and path with `{name}` for parameters. Access has no default, and every name in the path needs a schema.
 */
export function endpoint<
  const Route extends `${Method} /${string}`,
  const A extends Access,
  R extends z.ZodType,
  P extends ParamsFor<Route> | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  F = undefined,
  E extends Extended | undefined = undefined,
>(id: string, route: Route, declaration: Declaration<Route, A, P, Q, B, R, F, E>): Endpoint {
  const [method = "", path = ""] = route.split(" ")
  const transaction = declaration.transaction ?? method !== "GET"
  const erased = {
    id,
    method,
    path,
    callers: ["user", "machine"],
    summary: undefined,
    params: undefined,
    query: undefined,
    body: undefined,
    facts: undefined,
    factValues: undefined,
    audit: undefined,
    isOwn: undefined,
    inProject: undefined,
    isExtension: false,
    extended: undefined,
    beforeSecondFactor: false,
    alsoForm: false,
    alsoCsv: undefined,
    isBulk: false,
    alsoWithSlash: false,
    withETag: false,
    tagOf: undefined,
    ifMatch: undefined,
    previews: undefined,
    isPreview: false,
    comparesPassword: false,
    recordsRead: false,
    answers: undefined,
    ...declaration,
    transaction,
  }
  // The generics above have checked it; behind this line schemas and handler fit each other by construction.
  return erased as unknown as Endpoint
}
