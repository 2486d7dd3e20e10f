import {
  authorize,
  authorizeInProject,
  needsOrganization,
  PermissionBoundaryError,
  PermissionDenied,
  requireInstanceAdmin,
} from "./access/access.ts"
import { keyOf, requireMember, type FoundProject, type Project } from "./access/project.ts"
import { requireSameProject, requireSameStanding, StandingChanged } from "./access/standing.ts"
import { recordDenial } from "./audit/audit.ts"
import {
  holdCaller,
  identify,
  isInOrganization,
  kindOf,
  lookUp,
  type Beside,
  type Caller,
} from "./auth/authenticate.ts"
import type { AccessClaims } from "./auth/token.ts"
import type { OrganizationActor, SignedInActor } from "./access/actor.ts"
import type { Context, PublicContext, RequestInfo } from "./context.ts"
import { uuidOrNull } from "./crypto/ids.ts"
import type { Queries } from "./db/database.ts"
import { translate } from "./db/constraints.ts"
import { forbidden, unauthorized, unavailable, type DomainError } from "./errors.ts"
import { countUse, noteOfUse } from "./identities/access-tokens.ts"
import type { Endpoint } from "./http/endpoint.ts"
import { maxTries, render, run } from "./handler.ts"
import { Prepared } from "./http/prepared.ts"
import { previewType } from "./http/preview.ts"
import { problem } from "./http/problem.ts"
import { doOnce, onceOf, tidyUp, type Once } from "./idempotency/idempotency.ts"
import { parse, requireParsed, type Incoming, type Input, type Parsed } from "./parse.ts"
import { requireUnderstood } from "./preconditions.ts"
import { previewOf } from "./preview/preview.ts"
import { calledBy, type Call } from "./previewing.ts"
import type { Services } from "./services.ts"

/**
 * Runs one request through the five steps that all share: authenticate, parse, authorize, run, render. Strangers
 * are turned away before their input is judged, and the input before the permission, which may depend on it.
 */
export async function serve(endpoint: Endpoint, incoming: Incoming, base: Serving): Promise<unknown> {
  try {
    return endpoint.isPreview
      ? await serveCalled(endpoint, incoming, base)
      : await serveSteps(endpoint, incoming, base)
  } catch (error) {
    // Whatever the driver threw, at whichever step.
    throw translate(error)
  }
}

/** The call that the body of a request for a preview names goes through the same steps, in the place of the request. */
async function serveCalled(endpoint: Endpoint, incoming: Incoming, base: Serving): Promise<unknown> {
  const parsed = parse(endpoint, incoming)
  if (!parsed.ok) return serveSteps(endpoint, incoming, base)
  const called = calledBy(parsed.input.body as Call, { ...incoming, endpoints: base.endpoints })
  if ("refusal" in called) return serveSteps(endpoint, incoming, base, called)
  return serveSteps(called.endpoint, called.incoming, base, { isPreview: true })
}

type Instead = { /** Refused with, once it is known who asks. */ refusal?: DomainError; isPreview?: boolean }

async function serveSteps(
  endpoint: Endpoint,
  incoming: Incoming,
  base: Serving,
  { refusal, isPreview = false }: Instead = {},
): Promise<unknown> {
  const { request, reply } = incoming
  const ctx: PublicContext = { db: base.db, services: base.services, request, reply }
  if (endpoint.access === "public") {
    const input = requireParsed(parse(endpoint, incoming))
    onceOf(endpoint, sentBy(incoming), false)
    return render(endpoint, await run(endpoint, ctx, { ...input, facts: undefined }))
  }
  const claims = identify(headersOf(incoming.request), base.services.tokens)
  const parsed: Parsed = refusal ? { ok: false, error: refusal } : parse(endpoint, incoming)
  const caller = await authenticate(endpoint, { ...ctx, db: base.lookups }, { claims, parsed })
  const { noteUse } = caller
  if (noteUse) request.afterCommit(() => noteUse(base.db))
  await keepCount(base.db, caller)
  const note = noteOfUse(base.db, caller.actor)
  if (note) request.afterCommit(note)
  const input = requireParsed(parsed)
  requireUnderstood(endpoint, ctx)
  const once = onceOf(endpoint, sentBy(incoming), isInOrganization(caller.actor))
  const again = () => authenticate(endpoint, { ...ctx, db: base.lookups }, { claims, parsed })
  const isDryRun = parsed.ok && parsed.isDryRun
  if (isPreview || isDryRun) {
    // A key that comes with it is as unused as before: what was previewed may be done under it.
    const judged = { input, caller, again, once: undefined, isPreview: true }
    const preview = renderPreview(base.endpoints, await runJudged(endpoint, ctx, judged))
    return isPreview ? preview : new Prepared(JSON.stringify(preview), previewType)
  }
  if (once) request.afterCommit(() => tidyUp(base.db))
  return render(endpoint, await runJudged(endpoint, ctx, { input, caller, again, once, isPreview: false }))
}

function renderPreview(endpoints: readonly Endpoint[], preview: unknown): unknown {
  const shownAs = endpoints.find((endpoint) => endpoint.isPreview)
  if (!shownAs) throw new Error("Nothing says what a preview looks like")
  return render(shownAs, preview)
}

const sentBy = ({ request, body }: Incoming) => ({
  header: (name: string) => request.header(name),
  url: request.url,
  body: body && "bytes" in body ? body.bytes : undefined,
})

type Judged = {
  input: Input
  caller: Caller
  /** Looks the caller up anew. */ again: () => Promise<Caller>
  /** Absent for a call that is done as often as it is sent. */ once: Once | undefined
  /** It is rolled back, and what it would have changed is answered. */ isPreview: boolean
}

/** Runs as the caller, and judges anew when what they act by has changed before anything was done. */
async function runJudged(endpoint: Endpoint, ctx: PublicContext, judged: Judged): Promise<unknown> {
  let { caller } = judged
  for (let attempt = 1; ; attempt++) {
    const input = { ...judged.input, facts: caller.facts }
    try {
      const judgedNow = { ...judged, found: caller.project }
      return await runAs(endpoint, { ...ctx, actor: caller.actor } as Context, input, judgedNow)
    } catch (error) {
      if (!(error instanceof StandingChanged) || attempt === maxTries) throw error
      caller = await judged.again()
    }
  }
}

/** What all requests share: the pool, the connections for look-ups, and the services. */
export type Base = { db: Queries; lookups: Queries; services: Services }
type Serving = Base & { endpoints: readonly Endpoint[] }

const headersOf = (request: RequestInfo) => ({
  authorization: request.header("authorization"),
  "x-api-key": request.header("x-api-key"),
})

/** The caller as the database knows it now, with the endpoint's facts read in the same statement. */
async function authenticate(
  endpoint: Endpoint,
  ctx: PublicContext,
  { claims, parsed }: { claims: AccessClaims; parsed: Parsed },
): Promise<Caller> {
  const { url, ip } = ctx.request
  const { beforeSecondFactor } = endpoint
  const isTaken = endpoint.callers.includes(kindOf(claims))
  // Whoever will be turned away is read alone: a bad token is refused as such before that.
  const beside = isTaken ? besideOf(endpoint, parsed) : undefined
  const caller = await lookUp(ctx.db, claims, beside, { ip, beforeSecondFactor })
  if (!isTaken) {
    throw forbidden("You are not allowed to access this resource", { name: `Forbidden access to ${url}` })
  }
  if (needsOrganization(endpoint.access) && !isInOrganization(caller.actor)) {
    throw unauthorized("You are not allowed to access this resource", {
      name: `${url} Unauthorized Access, no organization found in request`,
    })
  }
  return caller
}

/** What is read beside the caller: nothing for an input that will be refused. */
function besideOf({ facts, factValues, inProject }: Endpoint, parsed: Parsed): Beside {
  if (!parsed.ok) return { facts: undefined, values: [], project: undefined }
  const read =
    facts && factValues ? { facts, values: factValues(parsed.input) } : { facts: undefined, values: [] }
  const reference = inProject?.(parsed.input)
  if (!reference) return { ...read, project: undefined }
  const [key, value] = keyOf(reference)
  return { ...read, project: { key, value: key === "slug" ? value : uuidOrNull(value) } }
}

/** Counts the use of a token that may be used so often; one that is used up is refused. */
async function keepCount(db: Queries, { actor, isLimited }: Caller): Promise<void> {
  if (!isLimited || actor.kind !== "machine" || !isInOrganization(actor)) return
  if (!(await countUse(db, actor.orgId, actor.tokenId))) {
    throw unauthorized("Your access token has been used as often as it may be")
  }
}

/** Authorizes and runs; a denial leaves its audit row before anybody hears of it. */
async function runAs(
  endpoint: Endpoint,
  caller: Context,
  input: Input & { facts: unknown },
  {
    found,
    again,
    once,
    isPreview,
  }: { found: FoundProject | undefined } & Pick<Judged, "again" | "once" | "isPreview">,
): Promise<unknown> {
  const project = projectOf(endpoint, caller.actor, input, found)
  const ctx = project ? { ...caller, project } : caller
  const confirm = (db: Queries): Promise<void> => confirmStanding(db, ctx, again)
  try {
    requireAccess(endpoint, ctx, input)
    if (!needsOrganization(endpoint.access)) return await run(endpoint, ctx, input)
    if (isPreview)
      return await run(endpoint, ctx, input, { confirm, preview: previewBy(endpoint, ctx, input) })
    const work = once && ((db: Queries, act: () => Promise<string>) => doOnce({ ...ctx, db }, once, act))
    return await run(endpoint, ctx, input, { confirm, once: work })
  } catch (error) {
    if (error instanceof PermissionDenied || error instanceof PermissionBoundaryError)
      await keepDenial(ctx, error)
    throw error
  }
}

/** How the act is previewed: by whom the endpoint says that it affects. */
const previewBy =
  ({ previews }: Endpoint, ctx: Context, input: Input) =>
  (db: Queries, act: () => Promise<unknown>): Promise<unknown> => {
    if (!previews) throw new Error("There is no preview of what does not say whom it affects")
    return previewOf({ ...ctx, db }, (answer) => previews(input, answer), act)
  }

/**
 * The project in which the caller acts. Where a right in it only stands in for one in the organization, whoever is not
 * in it acts in none, and is told nothing of it.
 */
function projectOf(
  { access, inProject }: Endpoint,
  actor: SignedInActor,
  input: Input,
  found: FoundProject | undefined,
): Project | undefined {
  const reference = inProject?.(input)
  if (!reference) return undefined
  if (typeof access === "object" && "orInProject" in access) return found?.isMember ? found : undefined
  return requireMember(actor, reference, found)
}

/** Throws unless the caller has the right that the endpoint declares. */
function requireAccess({ access, isOwn }: Endpoint, { actor, project }: Context, input: Input): void {
  if (access === "instanceAdmin") requireInstanceAdmin(actor)
  if (typeof access !== "object") return
  if ("project" in access) {
    if (!project) throw new Error("An endpoint of a project says by inProject which one it is about")
    if (access.project !== "membership") authorizeInProject(project, access.project)
    return
  }
  if (isOwn?.(actor, input) || (access.or && actor.rights.can(access.or))) return
  if (access.orInProject && project?.rights.can(access.orInProject)) return
  authorize(actor, access.organization)
}

/**
 * The last step before a commit: what the caller acts by is as it was when they were judged, and stays so until then.
 * Looked at from outside of the transaction, for which its own changes to it have not happened yet.
 */
async function confirmStanding(
  db: Queries,
  { actor, project }: { actor: SignedInActor | OrganizationActor; project?: Project },
  again: Judged["again"],
): Promise<void> {
  if (!isInOrganization(actor)) return
  await holdCaller(db, actor, project?.id)
  const now = await again()
  if (!isInOrganization(now.actor)) throw new StandingChanged()
  requireSameStanding(actor, now.actor)
  if (project) requireSameProject(project, now.project)
}

async function keepDenial(ctx: Context, error: PermissionDenied | PermissionBoundaryError): Promise<void> {
  const name = String(problem(error, ctx.request.id).body["error"])
  try {
    await recordDenial(ctx, error.denial, { name, message: error.message })
  } catch (cause) {
    throw unavailable("The refusal could not be recorded; try again shortly", { cause })
  }
}
