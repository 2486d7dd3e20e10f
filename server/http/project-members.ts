import { z } from "zod"
import { badRequest } from "../errors.ts"
import { idParam, timestamp, uuid } from "./fields.ts"

/*
 * What requests about who is in a project, and their answers, have in common: people, machine identities and groups, on
 * all generations of routes.
 */

export const projectIdParam = idParam("The ID of the project.")

/** The project of a route that has its id in the path. */
export const inProject = ({ params: { projectId } }: { params: { projectId: string } }) => ({ id: projectId })

export const roleSlug = z
  .string()
  .trim()
  .min(1, "Role must not be empty")
  .max(64, "Role must be at most 64 characters")

// What a role that is no temporary one brings of these is not looked at: clients send them empty.
const unread = z.string().max(64).nullish()
const sentRole = z.object({
  role: roleSlug.describe("The slug of the role."),
  isTemporary: z.boolean().default(false).describe("Whether the role is given for a time."),
  temporaryMode: unread.describe("How the time is told: relative."),
  temporaryRange: unread.describe("For how long, such as 1h or 30d."),
  temporaryAccessStartTime: unread.describe("From when."),
})
type SentRole = z.output<typeof sentRole>

/** A role that is asked for, as rules take it. */
export type AskedRole = { role: string; temporary: { range: string; startsAt: Date } | null }

type Fault = { path: (string | number)[]; message: string }
const startTime = z.iso.datetime({ offset: true })

const areAllTemporary = (roles: SentRole[]): Fault[] =>
  roles.some(({ isTemporary }) => !isTemporary)
    ? []
    : [{ path: [], message: "At least one role must be permanent" }]

const lackTime = (roles: SentRole[]): Fault[] =>
  roles.flatMap((sent, index) =>
    (["temporaryRange", "temporaryAccessStartTime"] as const)
      .filter((field) => sent.isTemporary && !sent[field])
      .map((field) => ({ path: [index, field], message: "A temporary role needs a range and a start" })),
  )

const haveBadTime = (roles: SentRole[], isRange: (text: string) => boolean): Fault[] =>
  roles.flatMap(({ isTemporary, temporaryMode, temporaryRange, temporaryAccessStartTime }, index) => {
    if (!isTemporary) return []
    const faults: Fault[] = []
    if (temporaryMode && temporaryMode !== "relative")
      faults.push({ path: [index, "temporaryMode"], message: "The mode must be relative" })
    if (temporaryRange && !isRange(temporaryRange))
      faults.push({ path: [index, "temporaryRange"], message: "Must be a length of time, such as 1h or 30d" })
    if (temporaryAccessStartTime && !startTime.safeParse(temporaryAccessStartTime).success)
      faults.push({ path: [index, "temporaryAccessStartTime"], message: "Must be a time in ISO 8601" })
    return faults
  })

type IsRange = (text: string) => boolean

const rolesList = (min: 0 | 1) => z.array(sentRole).min(min, "Give at least one role").max(50)

/** Roles that are asked for, one of them at least for good; what is wrong with them is an issue of the field. */
export const askedRoles = (isRange: IsRange) =>
  rolesList(1)
    .check(({ value, issues }) => {
      for (const fault of [...haveBadTime(value, isRange), ...areAllTemporary(value), ...lackTime(value)])
        issues.push({ code: "custom", input: value, ...fault })
    })
    .transform((roles) => roles.map(asRule))
    .describe("The roles to give.")

/** The same, but whether they are complete is left to `requireComplete`. */
const maybeIncomplete = (min: 0 | 1, isRange: IsRange) =>
  rolesList(min)
    .check(({ value, issues }) => {
      for (const fault of haveBadTime(value, isRange)) issues.push({ code: "custom", input: value, ...fault })
    })
    .describe("The roles to give.")

/** Throws 400 for roles of which none is for good, or one lacks its time: an input that is otherwise a good one. */
function requireComplete(roles: SentRole[]): void {
  const [fault] = [...areAllTemporary(roles), ...lackTime(roles)]
  if (fault) throw badRequest(fault.message)
}

const asRule = ({ role, isTemporary, temporaryRange, temporaryAccessStartTime }: SentRole): AskedRole => ({
  role,
  temporary: isTemporary
    ? { range: temporaryRange ?? "", startsAt: new Date(temporaryAccessStartTime ?? "") }
    : null,
})

/** A role that somebody has been given in a project; also one whose time is over, or yet to come. */
export const GivenRole = z.object({
  id: uuid,
  role: z.string(),
  projectMembershipId: uuid,
  customRoleId: uuid.nullable(),
  customRoleName: z.string().nullable(),
  customRoleSlug: z.string().nullable(),
  isTemporary: z.boolean(),
  temporaryMode: z.string().nullable(),
  temporaryRange: z.string().nullable(),
  temporaryAccessStartTime: timestamp.nullable(),
  temporaryAccessEndTime: timestamp.nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
})

export type ShownRole = {
  id: string
  role: string
  project_membership_id: string
  custom_role_id: string | null
  custom_role_name: string | null
  custom_role_slug: string | null
  is_temporary: boolean
  temporary_mode: string | null
  temporary_range: string | null
  temporary_access_start_time: Date | null
  temporary_access_end_time: Date | null
  created_at: Date
  updated_at: Date
}

export const presentGivenRole = (role: ShownRole): z.input<typeof GivenRole> => ({
  id: role.id,
  role: role.role,
  projectMembershipId: role.project_membership_id,
  customRoleId: role.custom_role_id,
  customRoleName: role.custom_role_name,
  customRoleSlug: role.custom_role_slug,
  isTemporary: role.is_temporary,
  temporaryMode: role.temporary_mode,
  temporaryRange: role.temporary_range,
  temporaryAccessStartTime: role.temporary_access_start_time?.toISOString() ?? null,
  temporaryAccessEndTime: role.temporary_access_end_time?.toISOString() ?? null,
  createdAt: role.created_at.toISOString(),
  updatedAt: role.updated_at.toISOString(),
})

/** The body that adds a group or a machine identity; `roles` wins over `role`. */
export const addBody = (isRange: IsRange) =>
  z
    .object({
      role: roleSlug
        .default("no-access")
        .describe("The slug of the role to give, where `roles` are not said."),
      roles: maybeIncomplete(0, isRange).optional(),
    })
    .prefault({})
    .transform(({ role, roles }): { roles: AskedRole[] } => {
      if (!roles) return { roles: [{ role, temporary: null }] }
      requireComplete(roles)
      return { roles: roles.map(asRule) }
    })

/** The body that changes the roles of a group or a machine identity. */
export const changeBody = (isRange: IsRange) =>
  z.object({ roles: maybeIncomplete(1, isRange) }).transform(({ roles }): { roles: AskedRole[] } => {
    requireComplete(roles)
    return { roles: roles.map(asRule) }
  })

/** A group in a project. */
export const ProjectGroup = z.object({
  id: uuid,
  groupId: uuid,
  projectId: uuid,
  createdAt: timestamp,
  updatedAt: timestamp,
  group: z.object({ id: uuid, name: z.string(), slug: z.string(), orgId: uuid }),
  roles: z.array(GivenRole),
})

type ShownGroup = {
  id: string
  org_id: string
  project_id: string
  group_id: string
  group_name: string
  group_slug: string
  created_at: Date
  updated_at: Date
  roles: ShownRole[]
}

export const presentProjectGroup = (row: ShownGroup): z.input<typeof ProjectGroup> => ({
  id: row.id,
  groupId: row.group_id,
  projectId: row.project_id,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  group: { id: row.group_id, name: row.group_name, slug: row.group_slug, orgId: row.org_id },
  roles: row.roles.map(presentGivenRole),
})
