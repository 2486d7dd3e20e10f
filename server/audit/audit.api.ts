import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { storableText, timestamp, uuid } from "../http/fields.ts"
import { pathToRead } from "../http/folder.ts"
import { actorTypes, listAuditLogs, type AuditLog } from "./logs.ts"
import { userAgentTypes } from "./user-agent.ts"

const text = storableText.trim().optional()

const query = z.object({
  projectId: text.describe("Only events of this project."),
  environment: text.describe("Only events in this environment."),
  actorType: z.enum(actorTypes).optional().describe("Only events of this kind of actor."),
  actor: text.describe("Only events of the user or machine identity with this ID."),
  secretPath: pathToRead.optional().describe("Only events in the folder with this path."),
  secretKey: text.describe("Only events about secrets of this name."),
  eventType: text.describe("Only these events, joined by commas."),
  userAgentType: z.enum(userAgentTypes).optional().describe("Only events of this kind of client."),
  eventMetadata: text.describe("Only events with these details, as key=value joined by commas."),
  startDate: z.iso.datetime({ offset: true }).optional().describe("Only events from this time on."),
  endDate: z.iso.datetime({ offset: true }).optional().describe("Only events until this time."),
  offset: z.coerce.number().int().min(0).max(2_147_483_647).default(0).describe("How many to skip."),
  limit: z.coerce.number().int().min(1).max(1000).default(20).describe("How many to answer at most."),
})

const Log = z.object({
  id: uuid,
  orgId: uuid.nullable(),
  projectId: z.string().nullable(),
  projectName: z.string().nullable(),
  ipAddress: z.string().nullable(),
  userAgent: z.string().nullable(),
  userAgentType: z.string().nullable(),
  event: z.object({ type: z.string(), metadata: z.unknown() }),
  actor: z.object({ type: z.string(), metadata: z.unknown() }),
  createdAt: timestamp,
  updatedAt: timestamp,
})

const present = (log: AuditLog): z.input<typeof Log> => ({
  ...log,
  createdAt: log.createdAt.toISOString(),
  updatedAt: log.createdAt.toISOString(),
})

export const auditEndpoints = [
  endpoint("listAuditLogs", "GET /api/v1/organization/audit-logs", {
    summary: "List the audit log of the organization, newest first",
    tags: ["Audit Logs"],
    access: { organization: ["read", "audit-logs"], orInProject: ["read", "audit-logs"] },
    inProject: ({ query: { projectId } }) => (projectId ? { id: projectId } : undefined),
    query,
    // The first page is itself an event.
    transaction: true,
    result: z.object({ auditLogs: z.array(Log) }),
    handle: async (ctx, { query }) => ({ auditLogs: (await listAuditLogs(ctx, query)).map(present) }),
  }),
]
