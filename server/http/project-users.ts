import { z } from "zod"
import { emailAddress, storableText, timestamp, uuid } from "./fields.ts"
import { askedRoles, GivenRole, presentGivenRole, roleSlug, type ShownRole } from "./project-members.ts"

/** A person in a project. */
export const ProjectUser = z.object({
  id: uuid,
  createdAt: timestamp,
  updatedAt: timestamp,
  userId: uuid,
  projectId: uuid,
  isGroupMember: z.boolean(),
  user: z.object({
    email: z.string().nullable(),
    firstName: z.string().nullable(),
    lastName: z.string().nullable(),
    id: uuid,
    username: z.string(),
    publicKey: z.string(),
    isOrgMembershipActive: z.boolean(),
  }),
  project: z.object({ id: uuid, name: z.string() }),
  roles: z.array(GivenRole),
})

/** A membership as adding and removing answer it. */
export const ProjectUserRow = ProjectUser.pick({
  id: true,
  createdAt: true,
  updatedAt: true,
  userId: true,
  projectId: true,
})

type Shown = {
  id: string
  project_id: string
  project_name: string
  user_id: string
  username: string
  email: string | null
  first_name: string | null
  last_name: string | null
  is_active: boolean
  is_group_member: boolean
  created_at: Date
  updated_at: Date
  roles: ShownRole[]
}

export const presentProjectUser = (member: Shown): z.input<typeof ProjectUser> => ({
  id: member.id,
  createdAt: member.created_at.toISOString(),
  updatedAt: member.updated_at.toISOString(),
  userId: member.user_id,
  projectId: member.project_id,
  isGroupMember: member.is_group_member,
  user: {
    email: member.email,
    firstName: member.first_name,
    lastName: member.last_name,
    id: member.user_id,
    username: member.username,
    // Wanted by older clients; nothing is encrypted for it here.
    publicKey: "",
    isOrgMembershipActive: member.is_active,
  },
  project: { id: member.project_id, name: member.project_name },
  roles: member.roles.map(presentGivenRole),
})

const names = {
  emails: z.array(emailAddress).max(200).optional().describe("The addresses of the people."),
  usernames: z
    .array(storableText.max(512))
    .max(200)
    .optional()
    .describe("Their usernames; one that is an address counts as that."),
}

/** The body that adds people. */
export const addUsersBody = z
  .object({
    ...names,
    roleSlugs: z
      .array(roleSlug)
      .min(1, "Give at least one role")
      .max(50)
      .default(["member"])
      .describe("The slugs of the roles to give."),
  })
  .prefault({})

/** The body that removes people. */
export const removeUsersBody = z.object(names).prefault({})

type Names = { emails: string[]; usernames: string[] }

/** Whom such a body is about: what can be an address is one. */
export function namedIn(body: { emails?: string[] | undefined; usernames?: string[] | undefined }): Names {
  const found: Names = { emails: [...(body.emails ?? [])], usernames: [] }
  for (const username of body.usernames ?? []) {
    const address = emailAddress.safeParse(username)
    if (address.success) found.emails.push(address.data)
    else found.usernames.push(username.trim().toLowerCase())
  }
  return found
}

/** The same in one list: an address is the username of whom is invited by it. */
export function allNamedIn(body: Parameters<typeof namedIn>[0]): string[] {
  const { emails, usernames } = namedIn(body)
  return [...emails, ...usernames]
}

/** The body that changes the roles of a person. */
export const changeUserBody = (isRange: (text: string) => boolean) => z.object({ roles: askedRoles(isRange) })

export const userListQuery = z.object({
  includeGroupMembers: z
    .enum(["true", "false"])
    .default("false")
    .describe("Whether to list who is in by a group, too."),
  roles: z
    .string()
    .max(1_024)
    .optional()
    .describe("Only who has one of these roles: slugs, joined by commas."),
})

/** What such a query asks for. */
export const listed = ({ includeGroupMembers, roles = "" }: z.output<typeof userListQuery>) => ({
  includeGroupMembers: includeGroupMembers === "true",
  roles: roles
    .split(",")
    .map((slug) => slug.trim())
    .filter((slug) => slug !== ""),
})
