import { z } from "zod"
import { storableText, timestamp, uuid } from "./fields.ts"
import { presentRules, RuleOfProject } from "./project-rules.ts"
import type { Rule } from "../access/roles.ts"

/*
 * Additional privileges in requests and answers, of people and machine identities, on both generations of routes.
 */

/** Whether a text says for how long. */
export type IsRange = (text: string) => boolean

/** For how long and from when, as all generations of routes say it. */
export const timeFields = (isRange: IsRange) => ({
  temporaryMode: z.literal("relative").describe("How the time is told."),
  temporaryRange: storableText
    .max(64)
    .refine(isRange, { error: "Must be a length of time, such as 1h or 30d" })
    .describe("For how long."),
  temporaryAccessStartTime: z.iso.datetime({ offset: true }).max(64).describe("From when."),
})

/** Whether a privilege is for good or for a time. */
export const typeField = (isRange: IsRange) =>
  z
    .discriminatedUnion("isTemporary", [
      z.object({ isTemporary: z.literal(false) }),
      z.object({ isTemporary: z.literal(true), ...timeFields(isRange) }),
    ])
    .describe("Whether it is given for a time.")

type SentTime = { temporaryRange: string; temporaryAccessStartTime: string }
/** A time as rules take it. */
export const temporaryOf = ({ temporaryRange, temporaryAccessStartTime }: SentTime) => ({
  range: temporaryRange,
  startsAt: new Date(temporaryAccessStartTime),
})
/** The same of a type that may be none. */
export const timeOfType = (type: { isTemporary: false } | ({ isTemporary: true } & SentTime)) =>
  type.isTemporary ? temporaryOf(type) : null

/** A privilege in its public form. */
export const Privilege = z.object({
  id: uuid,
  slug: z.string(),
  projectMembershipId: uuid,
  isTemporary: z.boolean(),
  temporaryMode: z.string().nullable(),
  temporaryRange: z.string().nullable(),
  temporaryAccessStartTime: timestamp.nullable(),
  temporaryAccessEndTime: timestamp.nullable(),
  permissions: z.array(RuleOfProject),
  createdAt: timestamp,
  updatedAt: timestamp,
})

/** The same of a person, who is named by their account. */
export const PrivilegeOfUser = Privilege.extend({
  projectMembershipId: z.null(),
  userId: uuid,
  projectId: z.string(),
})

type Shown = {
  id: string
  slug: string
  project_id: string
  project_membership_id: string
  holder_id: string
  is_temporary: boolean
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Date | null
  temporary_access_end_time: Date | null
  permissions: readonly Rule[]
  created_at: Date
  updated_at: Date
}

export const presentPrivilege = (privilege: Shown): z.input<typeof Privilege> => ({
  id: privilege.id,
  slug: privilege.slug,
  projectMembershipId: privilege.project_membership_id,
  isTemporary: privilege.is_temporary,
  temporaryMode: privilege.temporary_mode,
  temporaryRange: privilege.temporary_range,
  temporaryAccessStartTime: privilege.temporary_access_start_time?.toISOString() ?? null,
  temporaryAccessEndTime: privilege.temporary_access_end_time?.toISOString() ?? null,
  permissions: presentRules(privilege.permissions),
  createdAt: privilege.created_at.toISOString(),
  updatedAt: privilege.updated_at.toISOString(),
})

export const presentPrivilegeOfUser = (privilege: Shown): z.input<typeof PrivilegeOfUser> => ({
  ...presentPrivilege(privilege),
  projectMembershipId: null,
  userId: privilege.holder_id,
  projectId: privilege.project_id,
})
