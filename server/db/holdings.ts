import { run, type Queries } from "./database.ts"
import { factsOf, from, to, type HolderKind, type PlaceKind, type SubjectKind } from "./held-facts.ts"

export type { HolderKind, PlaceKind, SubjectKind } from "./held-facts.ts"

/*
 * What is held at a time or was gained and lost between two, in pages; from the intervals of the rows themselves, which is
 * why it is read here.
 */

/** Something that somebody has or had: a place, a role in it, or a privilege; from when, and until when. */
export type HoldingRow = {
  what: "membership" | "role" | "privilege"
  place_kind: PlaceKind
  place_id: string
  place_name: string
  holder_kind: HolderKind
  holder_id: string
  holder_name: string
  /** By which group they have it. */ group_id: string | null
  group_name: string | null
  /** A built-in one, or `custom`. */ role: string | null
  custom_role_id: string | null
  privilege_id: string | null
  /** Of the custom role or the privilege. */ slug: string | null
  role_name: string | null
  /** Its content was changed after the last of the times that are asked about. */ is_changed: boolean
  valid_from: Date
  valid_until: Date | null
  change: Change | null
}

/** Whether something had begun or ended between two times and holds at the second or first, or did so in between alone. */
export type Change = "gained" | "lost" | "passed"

export type Asked = {
  orgId: string
  kind: SubjectKind
  id: string
  /** Now where it is absent. */ from: Date | undefined
  to: Date | undefined
  /** What was held at a time, or what changed from one to the other. */ isDifference: boolean
  /** Only what is held in places of this kind. */ placeKind: PlaceKind | undefined
  /** Only of holders of these kinds. */ holderKinds: readonly HolderKind[]
  limit: number | undefined
  offset: number
}

const key = `what, place_kind, place_id, holder_kind, holder_id, group_id, role, custom_role_id, privilege_id`
const rank = `case place_kind when 'organization' then 1 when 'project' then 2 else 3 end, place_id, holder_kind,
  holder_id, group_id nulls first, case what when 'membership' then 1 when 'role' then 2 else 3 end, role, custom_role_id,
  privilege_id, valid_from`
const heldFrom = `valid_from <= ${from}`
const heldTo = `(valid_until is null or valid_until > ${to})`

/** What begins when the same has just ended is one interval: a role that is given again with others was never lost. */
const merged = `
  marked as (
    select *, max(coalesce(valid_until, 'infinity')) over (
      partition by ${key} order by valid_from, valid_until rows between unbounded preceding and 1 preceding
    ) as reached
    from held where valid_until is null or valid_until > valid_from
  ), numbered as (
    select *, count(*) filter (where reached is null or valid_from > reached) over (
      partition by ${key} order by valid_from, valid_until rows unbounded preceding
    ) as run
    from marked
  ), merged as (
    select ${key}, (array_agg(membership_id))[1] as membership_id, min(valid_from) as valid_from,
      nullif(max(coalesce(valid_until, 'infinity')), 'infinity') as valid_until
    from numbered group by ${key}, run
  )`

const changed = `
  select *, case when ${heldFrom} then 'lost' when ${heldTo} then 'gained' else 'passed' end as change
  from merged
  where valid_from <= ${to} and (valid_until is null or valid_until > ${from}) and not (${heldFrom} and ${heldTo})`
const then = `select *, null::text as change from merged where ${heldFrom} and ${heldTo}`
// In the order in which it happened; of what happened at once, first what ended.
const changeOrder = `case change when 'gained' then valid_from else valid_until end, change = 'gained', ${rank}`

/** Absent where nothing could be found. */
function listSql({ kind, isDifference, placeKind, holderKinds }: Asked): string | undefined {
  const { parts, facts } = factsOf(kind)
  const wanted = facts.filter(
    (fact) =>
      (placeKind === undefined || fact.placeKind === placeKind) && holderKinds.includes(fact.holderKind),
  )
  if (wanted.length === 0) return undefined
  const order = isDifference ? changeOrder : rank
  return `
  with ${parts.join(", ")}, held as (${wanted.map(({ text }) => text).join("\n  union all")}
  ), ${merged}, chosen as (${isDifference ? changed : then}), page as (
    select *, row_number() over (order by ${order}) as position from chosen order by position limit $5 offset $6
  )
  select (select count(*)::integer from chosen) as total, page.*,
    coalesce(o.name, in_group.name, in_project.name) as place_name,
    coalesce(person.username, machine.name, has.name) as holder_name, by_group.name as group_name,
    coalesce(r.slug, pr.slug, up.slug, ip.slug) as slug, coalesce(r.name, pr.name) as role_name,
    coalesce(greatest(r.updated_at, pr.updated_at, up.updated_at, ip.updated_at) > ${to}, false) as is_changed
  from (values (1)) always
  left join page on true
  left join organizations o on place_kind = 'organization' and o.id = place_id
  left join groups in_group on place_kind = 'group' and in_group.org_id = $1 and in_group.id = place_id
  left join projects in_project on place_kind = 'project' and in_project.org_id = $1 and in_project.id = place_id
  left join organization_user_memberships person
    on holder_kind = 'user' and person.org_id = $1 and person.id = page.membership_id
  left join identities machine on holder_kind = 'identity' and machine.org_id = $1 and machine.id = holder_id
  left join groups has on holder_kind = 'group' and has.org_id = $1 and has.id = holder_id
  left join groups by_group on by_group.org_id = $1 and by_group.id = page.group_id
  left join organization_roles r on place_kind = 'organization' and r.org_id = $1 and r.id = page.custom_role_id
  left join project_roles pr on place_kind = 'project' and pr.org_id = $1 and pr.id = page.custom_role_id
  left join project_user_privileges up on holder_kind = 'user' and up.org_id = $1 and up.id = page.privilege_id
  left join project_identity_privileges ip
    on holder_kind = 'identity' and ip.org_id = $1 and ip.id = page.privilege_id
  order by position`
}

const texts = new Map<string, string | undefined>()

/** A page of all that a person or a machine identity has, or that a group or a project has and who is in it. */
export async function holdings(
  db: Queries,
  asked: Asked,
): Promise<{ rows: HoldingRow[]; totalCount: number }> {
  const { orgId, kind, id, isDifference, placeKind, holderKinds, limit, offset } = asked
  const name = [kind, isDifference, placeKind, ...holderKinds].join(" ")
  if (!texts.has(name)) texts.set(name, listSql(asked))
  const text = texts.get(name)
  if (text === undefined) return { rows: [], totalCount: 0 }
  const values = [orgId, id, asked.from ?? null, asked.to ?? null, limit ?? null, offset]
  const found = await run<HoldingRow & { total: number }>(db, text, values)
  return { rows: found.filter(({ what }) => what !== null), totalCount: found[0]?.total ?? 0 }
}
