import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import { idParam, timestamp, uuid } from "../http/fields.ts"
import * as sessions from "./sessions.ts"

const Session = z.object({
  id: uuid,
  ip: z.string(),
  userAgent: z.string(),
  refreshVersion: z.number(),
  accessVersion: z.number(),
  lastUsed: timestamp,
  createdAt: timestamp,
  updatedAt: timestamp,
  userId: uuid,
})

const present = (session: sessions.Session): z.input<typeof Session> => ({
  id: session.id,
  ip: session.ip_address,
  userAgent: session.user_agent,
  refreshVersion: session.refresh_version,
  accessVersion: session.access_version,
  lastUsed: session.last_used_at.toISOString(),
  createdAt: session.created_at.toISOString(),
  updatedAt: (session.refreshed_at ?? session.created_at).toISOString(),
  userId: session.user_id,
})

const tags: [string] = ["Sessions"]
const ofThePerson = none(
  "A session belongs to the person and to no organization; signing in leaves no row either.",
)

export const sessionEndpoints = [
  endpoint("refreshToken", "POST /api/v1/auth/token", {
    summary: "Get a new access token for the refresh token in the cookie jid, which is renewed",
    tags,
    access: "public",
    audit: ofThePerson,
    // Single statements: a copied token ends its session although the request is refused.
    transaction: false,
    result: z.object({
      token: z.string(),
      organizationId: uuid.optional(),
      subOrganizationId: uuid.optional(),
    }),
    async handle(ctx) {
      const { token, organizationId } = await sessions.refresh(ctx)
      return { token, ...(organizationId ? { organizationId } : {}) }
    },
  }),

  endpoint("checkAuthentication", "POST /api/v1/auth/checkAuth", {
    summary: "Tell whether the access token is good",
    tags,
    access: "signedIn",
    callers: ["user"],
    beforeSecondFactor: true,
    audit: none("Changes nothing and tells nothing."),
    transaction: false,
    result: z.object({ message: z.string() }),
    handle: async () => ({ message: "Authenticated" }),
  }),

  endpoint("logOut", "POST /api/v1/auth/logout", {
    summary: "End the session of the cookie jid, or of the access token, and clear the cookie",
    tags,
    access: "public",
    audit: ofThePerson,
    result: z.object({ message: z.string() }),
    async handle(ctx) {
      await sessions.logOut(ctx)
      return { message: "You are logged out" }
    },
  }),

  endpoint("listSessions", "GET /api/v2/users/me/sessions", {
    summary: "List your sessions",
    tags,
    access: "signedIn",
    callers: ["user"],
    result: z.array(Session),
    handle: async (ctx) => (await sessions.listSessions(ctx)).map(present),
  }),

  endpoint("removeSessions", "DELETE /api/v2/users/me/sessions", {
    summary: "End all of your sessions, this one too",
    tags,
    access: "signedIn",
    callers: ["user"],
    audit: ofThePerson,
    result: z.object({ message: z.string() }),
    async handle(ctx) {
      await sessions.removeSessions(ctx)
      return { message: "Your sessions have ended" }
    },
  }),

  endpoint("removeSession", "DELETE /api/v2/users/me/sessions/{sessionId}", {
    summary: "End one of your sessions",
    tags,
    access: "signedIn",
    callers: ["user"],
    audit: ofThePerson,
    params: z.object({ sessionId: idParam("The ID of the session.") }),
    result: z.object({ message: z.string() }),
    async handle(ctx, { params }) {
      await sessions.removeSession(ctx, params.sessionId)
      return { message: "The session has ended" }
    },
  }),
]
