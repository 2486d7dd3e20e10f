import type { OrganizationActor, SignedInActor } from "./access/actor.ts"
import type { Project } from "./access/project.ts"
import type { Queries } from "./db/database.ts"
import type { Services } from "./services.ts"

/** Where a request came from, for the audit log and the answer's `reqId`. */
export type RequestInfo = {
  id: string
  method: string
  /** The declared route, for example `/api/v1/groups/{id}`; never the raw URL. */ route: string
  /** Path and query as they were sent; answered in a few refusals, never logged. */ url: string
  ip: string
  userAgent: string
  header(name: string): string | undefined
  cookie(name: string): string | undefined
  /** Runs once the transaction is committed; a failure is logged and does not change the answer. */
  afterCommit(job: () => Promise<void>): void
}

/** What an answer carries besides its body; of a request that is refused nothing is sent. */
export type Reply = {
  /** Sets a cookie that scripts cannot read and other sites cannot send, until the browser ends; "" clears it. */
  setCookie(name: string, value: string): void
  setHeader(name: string, value: string): void
}

type Base = {
  /** The pool, or the transaction of this request; a rule does not care which. */ db: Queries
  request: RequestInfo
  reply: Reply
  services: Services
}

/** What a rule gets when anybody may call. */
export type PublicContext = Base
/** What a rule gets when the caller is known but no organization is chosen. */
export type SignedInContext = Base & { actor: SignedInActor }
/** What a rule gets when the caller acts in an organization. */
export type Context = Base & { actor: OrganizationActor; project?: Project }
/** What a rule gets when the caller acts in a project. */
export type ProjectContext = Context & { project: Project }
