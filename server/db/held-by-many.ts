import { run, type Queries } from "./database.ts"
import { textOf, type HeldRow, type HolderKind } from "./held-at.ts"

/** A way by which somebody has something, and what is to be said of all ways by which they have it. */
export type WayRow = HeldRow & {
  membership_id: string
  /** How many ways there are. */ ways: number
  /** Whether one of them has no end. */ is_endless: boolean
  /** When the last of them ends, where none is without end. */ last_until: Date | null
}

/** So many ways to one thing are told apart: the shortest, and of equally short ones those that last longest. */
export const mostWays = 5

const until = "least(found.group_until, found.place_until, found.grant_until)"

const manySql = (kind: HolderKind, isInProject: boolean): string => `
  select * from (
    select given.membership_id, found.*, (count(*) over same)::integer as ways,
      bool_or(${until} is null) over same as is_endless, max(${until}) over same as last_until,
      row_number() over (
        partition by given.membership_id, found.key
        order by found.group_id is not null, ${until} desc nulls first, found.group_id, found.place_id
      ) as place
    from unnest($2::uuid[]) given(membership_id)
    cross join lateral (${textOf(kind, isInProject, true).replaceAll("$2", "given.membership_id")} offset 0) found
    where coalesce(found.grant_id::text, found.key) = any($${isInProject ? 4 : 3}::text[])
    window same as (partition by given.membership_id, found.key)
  ) ranked
  where place <= ${mostWays} /* planned anew */`
const texts = {
  user: { organization: manySql("user", false), project: manySql("user", true) },
  identity: { organization: manySql("identity", false), project: manySql("identity", true) },
}

/** How many people, or machine identities, come by certain things: built-in roles by slug, others by id. */
export const heldByMany = (
  db: Queries,
  { kind, orgId, projectId }: { kind: HolderKind; orgId: string; projectId?: string },
  membershipIds: readonly string[],
  things: readonly string[],
): Promise<WayRow[]> => {
  const isInProject = projectId !== undefined
  const values = [orgId, membershipIds, ...(isInProject ? [projectId] : []), things]
  return run(db, texts[kind][isInProject ? "project" : "organization"], values)
}
