import { auditInsertOfLists, auditLists, type AuditRow } from "../db/audit-row.ts"
import { run, type Queries } from "../db/database.ts"
import {
  isNotOver,
  placeColumns,
  placeInterval,
  untilNow,
  withInterval,
  type MembershipSource,
} from "../db/place-dates.ts"

export type { MembershipSource } from "../db/place-dates.ts"

/** Who is in a group by what some source says, of one kind, by their places in the organization. */
export type Said = {
  kind: "user" | "identity"
  orgId: string
  groupId: string
  source: MembershipSource
  membershipIds: readonly string[]
}

/** What became of somebody: they are in the group now, or not any more; or another source still says that they are. */
export type Synced = {
  change: "begun" | "joined" | "left" | "ended"
  /** Of the account or the machine identity. */ id: string
  username: string | null
  valid_until: Date | null
  sources: MembershipSource[]
}

/** The name of a group, which no other sync changes until the transaction ends. */
export async function lockGroupForSync(
  db: Queries,
  orgId: string,
  groupId: string,
): Promise<string | undefined> {
  const text =
    "select name from groups where org_id = $1 and id = $2 and deleted_at is null for no key update"
  const [row] = await run<{ name: string }>(db, text, [orgId, groupId])
  return row?.name
}

const idOf = { user: "m.user_id as id, m.username", identity: "m.identity_id as id, null as username" }

const syncSql = (kind: Said["kind"]): string => `
  with wanted as (
    select id from organization_${kind}_memberships
    where org_id = $1 and id = any($3::uuid[]) and ${isNotOver} and valid_from <= statement_timestamp()
    order by id for key share
  ), present as (
    select id, membership_id, sources, membership_id in (select id from wanted) as is_wanted
    from group_${kind}_memberships
    where org_id = $1 and group_id = $2 and ${isNotOver} and ($4 = any(sources) or membership_id in (select id from wanted))
    order by membership_id for update
  ), begun as (
    insert into group_${kind}_memberships (${placeColumns})
    select $1, gen_random_uuid(), g.id, wanted.id, ${placeInterval}, array[$4::text]
    from groups g cross join wanted
    ${withInterval({ from: "null::timestamptz", until: "null::timestamptz" }, "g.membership_lifetime_ms")}
    where g.org_id = $1 and g.id = $2 and wanted.id not in (select membership_id from present)
    on conflict (org_id, group_id, membership_id) where not is_closed do nothing
    returning membership_id, valid_until, sources
  ), joined as (
    update group_${kind}_memberships set sources = array_append(sources, $4)
    where org_id = $1 and id in (select id from present where is_wanted and $4 <> all(sources))
    returning membership_id, valid_until, sources
  ), parted as (
    update group_${kind}_memberships set sources = array_remove(sources, $4)
    where org_id = $1 and id in (select id from present where not is_wanted and cardinality(sources) > 1)
    returning membership_id, valid_until, sources
  ), ended as (
    update group_${kind}_memberships set ${untilNow}
    where org_id = $1 and id in (select id from present where not is_wanted and cardinality(sources) = 1)
    returning membership_id, valid_until, sources
  )
  select change, ${idOf[kind]}, synced.valid_until, synced.sources
  from (
    select 'begun' as change, * from begun union all select 'joined', * from joined
    union all select 'left', * from parted union all select 'ended', * from ended
  ) synced
  join organization_${kind}_memberships m on m.org_id = $1 and m.id = synced.membership_id`

const texts = { user: syncSql("user"), identity: syncSql("identity") }

/** Has those in the group of whom the source says so, and none by its say whom it does not name. */
export const sync = (db: Queries, { kind, orgId, groupId, source, membershipIds }: Said): Promise<Synced[]> =>
  run<Synced>(db, texts[kind], [orgId, groupId, membershipIds, source])

export async function insertAuditRows(db: Queries, rows: readonly AuditRow[]): Promise<void> {
  if (rows.length > 0) await run(db, auditInsertOfLists, auditLists(rows))
}
