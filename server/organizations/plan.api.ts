import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam } from "../http/fields.ts"
import * as organizations from "./organizations.ts"

const noLimit = z.null()
const count = z.number()
const feature = z.boolean()
const manyPerMinute = 1_000_000

/** Clients and consoles ask what the plan allows. Here it is everything, without a limit. */
const Plan = z.object({
  _id: z.null(),
  slug: z.null(),
  tier: count,
  workspaceLimit: noLimit,
  workspacesUsed: count,
  memberLimit: noLimit,
  membersUsed: count,
  environmentLimit: noLimit,
  environmentsUsed: count,
  identityLimit: noLimit,
  identitiesUsed: count,
  auditLogsRetentionDays: count,
  auditLogStreamLimit: count,
  status: z.null(),
  trial_end: z.null(),
  has_used_trial: feature,
  rateLimits: z.object({ readLimit: count, writeLimit: count, secretsLimit: count }),
  ...everyFeature(feature),
})

function everyFeature<T>(value: T) {
  return {
    dynamicSecret: value,
    secretVersioning: value,
    pitRecovery: value,
    ipAllowlisting: value,
    rbac: value,
    githubOrgSync: value,
    customRateLimits: value,
    customAlerts: value,
    secretAccessInsights: value,
    auditLogs: value,
    auditLogStreams: value,
    samlSSO: value,
    hsm: value,
    oidcSSO: value,
    scim: value,
    ldap: value,
    groups: value,
    secretApproval: value,
    secretRotation: value,
    caCrl: value,
    instanceUserManagement: value,
    externalKms: value,
    pkiEst: value,
    enforceMfa: value,
    projectTemplates: value,
    kmip: value,
    gateway: value,
    sshHostGroups: value,
    secretScanning: value,
    enterpriseSecretSyncs: value,
    enterpriseAppConnections: value,
  }
}

export const planEndpoints = [
  endpoint("getOrganizationPlan", "GET /api/v1/organizations/{organizationId}/plan", {
    summary: "Tell what the organization may use: everything, without a limit",
    tags: ["Organizations"],
    access: { organization: ["read", "billing"] },
    callers: ["user"],
    params: z.object({ organizationId: idParam("The ID of the organization.") }),
    result: z.object({ plan: Plan }),
    async handle(ctx, { params }) {
      const used = await organizations.usageOfOwn(ctx, params.organizationId)
      return {
        plan: {
          _id: null,
          slug: null,
          tier: 0,
          workspaceLimit: null,
          workspacesUsed: used.projects,
          memberLimit: null,
          membersUsed: used.members,
          environmentLimit: null,
          environmentsUsed: used.environments,
          identityLimit: null,
          identitiesUsed: used.identities,
          // Nothing is thrown away.
          auditLogsRetentionDays: 36_500,
          auditLogStreamLimit: 0,
          status: null,
          trial_end: null,
          has_used_trial: false,
          rateLimits: {
            readLimit: manyPerMinute,
            writeLimit: manyPerMinute,
            secretsLimit: manyPerMinute,
          },
          ...everyFeature(true),
        },
      }
    },
  }),
]
