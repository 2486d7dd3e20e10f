import { z } from "zod"
import { search, storableText, timestamp, uuid } from "./fields.ts"
import { page } from "./page.ts"

/** A person as adding to a group and removing answer them; key order and optional keys are the contract's. */
export const GroupUser = z.object({
  email: z.string().nullish(),
  username: z.string(),
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
  id: uuid,
})

export const ListedGroupUser = GroupUser.extend({
  isPartOfGroup: z.boolean(),
  joinedGroupAt: timestamp.nullable(),
})

type Listed = {
  id: string
  username: string
  email: string | null
  first_name: string | null
  last_name: string | null
  joined_at: Date | null
}

export const presentListedGroupUser = (user: Listed): z.input<typeof ListedGroupUser> => ({
  email: user.email,
  username: user.username,
  firstName: user.first_name,
  lastName: user.last_name,
  id: user.id,
  isPartOfGroup: user.joined_at !== null,
  joinedGroupAt: user.joined_at?.toISOString() ?? null,
})

export const groupUserQuery = z.object({
  ...page(10, 100),
  username: storableText
    .trim()
    .optional()
    .describe("Only users whose username contains this. Deprecated: use search."),
  search: search(/^[A-Za-z0-9.@-]+$/, "letters, digits, dashes, dots and @")
    .optional()
    .describe("Only users whose name or username contains this."),
  filter: z
    .enum(["existingMembers", "nonMembers"])
    .optional()
    .describe("Only those who are in the group, or only those who are not."),
})

export const GroupUsers = z.object({ users: z.array(ListedGroupUser), totalCount: z.number() })
