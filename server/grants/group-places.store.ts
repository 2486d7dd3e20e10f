import {
  auditColumnCount,
  auditColumns,
  auditColumnsTelling,
  auditInsertFrom,
  auditLists,
  auditListsFrom,
  auditValues,
} from "../db/audit-row.ts"
import {
  callerLists,
  callerValueCount,
  callerValues,
  lockedFor,
  standingCaller,
  standingCallers,
  type Waiting,
} from "../db/standing.ts"
import {
  inBatches,
  inOneTransaction,
  textsOf,
  type Deed,
  type Kinds,
  type Write,
} from "../db/group-writes.ts"
import {
  isNotOver,
  newPlaceLists,
  newPlaceTypes,
  newPlaceValues,
  placeColumns,
  placeInterval,
  tellingEnd,
  tellingSources,
  untilNow,
  withInterval,
} from "../db/place-dates.ts"

/*
 * Places in groups, begun and ended with their audit rows. Those of one organization that come together are written by
 * one statement, which looks again at all that they hang on and has an outcome for each; see docs/decisions/0010.
 */

export type { JudgedBy, Pair, Write } from "../db/group-writes.ts"
export type { Dates, NewPlace } from "../db/place-dates.ts"

export type AddOutcome = {
  group_exists: boolean
  member_exists: boolean
  /** Whether what the caller was judged by is as it was then. */ is_standing: boolean
  is_added: boolean
}
export type RemoveOutcome = { is_standing: boolean; is_removed: boolean }

const isOpen = `${isNotOver} and valid_from <= statement_timestamp()`

/*
 * Group and member are locked against their end while the row goes in (whoever ends one takes FOR UPDATE), and are
 * looked at again under the lock: what ended a moment ago gets no member.
 */
function addOneSql({ member, caller }: Kinds, waiting: Waiting): string {
  const [from = "", until = "", source = ""] = newPlaceTypes.map(
    (type, index) => `$${placeAt + index}::${type}`,
  )
  return `
  with ${standingCaller(caller, callerAt, waiting)}, held_group as (
    select id, membership_lifetime_ms from groups
    where org_id = $1 and id = $2 and deleted_at is null ${lockedFor("key share", waiting)}
  ), held_member as (
    select id from organization_${member}_memberships
    where org_id = $1 and id = $3 and ${isOpen} ${lockedFor("key share", waiting)}
  ), added as (
    insert into group_${member}_memberships (${placeColumns})
    select $1, $4, held_group.id, held_member.id, ${placeInterval}, array[${source}]
    from held_group cross join held_member ${withInterval({ from, until }, "membership_lifetime_ms")}
    where exists (select from standing)
    on conflict (org_id, group_id, membership_id) where not is_closed do nothing
    returning id, valid_until
  ), recorded as (${auditInsertFrom("added", auditAt, tellingEnd("valid_until"))})
  select 1 as number, exists (select from held_group) as group_exists, exists (select from held_member) as member_exists,
    exists (select from standing) as is_standing, exists (select from added) as is_added`
}

const removeOneSql = ({ member, caller }: Kinds, waiting: Waiting): string => `
  with ${standingCaller(caller, callerAt, waiting)}, held as (
    select id from group_${member}_memberships
    where org_id = $1 and group_id = $2 and membership_id = $3 and ${isNotOver} and $4::uuid is not null
      and exists (select from standing)
    ${lockedFor("update", waiting)}
  ), ended as (
    update group_${member}_memberships set ${untilNow}
    where org_id = $1 and id in (select id from held)
    returning id, sources
  ), recorded as (${auditInsertFrom("ended", auditAt, tellingSources("sources"))})
  select 1 as number, exists (select from standing) as is_standing, exists (select from ended) as is_removed`

const callerAt = 5
const auditAt = callerAt + callerValueCount
const placeAt = auditAt + auditColumnCount

const valuesOfOne = ({ pair, id, judgedBy, audit }: Write): unknown[] => [
  pair.orgId,
  pair.groupId,
  pair.membershipId,
  id,
  ...callerValues(judgedBy),
  ...auditValues(audit),
]

/* The same for several. All rows are locked and inserted in one order. */

const callersAt = 6
const auditListsAt = callersAt + callerValueCount
const placesAt = auditListsAt + auditColumnCount

const asked = (lists = "", columns = ""): string => `
  asked as (
    select * from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int[], ${auditListsFrom(auditListsAt)}${lists})
      with ordinality as asked(group_id, membership_id, place_id, caller, ${auditColumns}${columns}, number)
  )`
const askedWithPlaces = asked(
  newPlaceTypes.map((type, index) => `, $${placesAt + index}::${type}[]`).join(""),
  ", asked_from, asked_until, source",
)

const addSql = ({ member, caller }: Kinds, waiting: Waiting): string => `
  with ${askedWithPlaces}, ${standingCallers(caller, callersAt, waiting)}, held_groups as (
    select id, membership_lifetime_ms from groups where org_id = $1 and id = any($2::uuid[]) and deleted_at is null
    order by id ${lockedFor("key share", waiting)}
  ), held_members as (
    select id from organization_${member}_memberships
    where org_id = $1 and id = any($3::uuid[]) and ${isOpen}
    order by id ${lockedFor("key share", waiting)}
  ), judged as (
    select asked.*, group_id in (select id from held_groups) as group_exists,
      membership_id in (select id from held_members) as member_exists,
      caller in (select number from standing) as is_standing
    from asked
  ), added as (
    insert into group_${member}_memberships (${placeColumns})
    select distinct on (group_id, membership_id) $1, place_id, group_id, membership_id, ${placeInterval}, array[source]
    from judged join held_groups g on g.id = group_id
    ${withInterval({ from: "asked_from", until: "asked_until" }, "membership_lifetime_ms")}
    where member_exists and is_standing
    order by group_id, membership_id, number
    on conflict (org_id, group_id, membership_id) where not is_closed do nothing
    returning id, valid_until
  ), recorded as (
    insert into audit_logs (${auditColumns})
    select ${auditColumnsTelling("asked", tellingEnd("added.valid_until"))}
    from asked join added on added.id = place_id
  )
  select number, group_exists, member_exists, is_standing, place_id in (select id from added) as is_added
  from judged`

const removeSql = ({ member, caller }: Kinds, waiting: Waiting): string => `
  with ${asked()}, ${standingCallers(caller, callersAt, waiting)}, held as (
    select place.id, place.group_id, place.membership_id
    from (select distinct group_id, membership_id from asked) pair
    join group_${member}_memberships place
      on place.org_id = $1 and place.group_id = pair.group_id and place.membership_id = pair.membership_id
        and ${isNotOver}
    order by place.group_id, place.membership_id ${lockedFor("update", waiting)} of place
  ), chosen as (
    select distinct on (held.id) held.id, asked.number
    from asked join held using (group_id, membership_id)
    where asked.caller in (select number from standing)
    order by held.id, asked.number
  ), ended as (
    update group_${member}_memberships set ${untilNow}
    where org_id = $1 and id in (select id from chosen)
    returning id, sources
  ), done as (
    select chosen.number, ended.sources from chosen join ended using (id)
  ), recorded as (
    insert into audit_logs (${auditColumns})
    select ${auditColumnsTelling("asked", tellingSources("done.sources"))} from asked join done using (number)
  )
  select number, caller in (select number from standing) as is_standing,
    number in (select number from done) as is_removed
  from asked`

function valuesOf(writes: readonly Write[]): unknown[] {
  const { lists, numbers } = callerLists(writes.map(({ judgedBy }) => judgedBy))
  return [
    writes[0]?.pair.orgId,
    writes.map(({ pair }) => pair.groupId),
    writes.map(({ pair }) => pair.membershipId),
    writes.map(({ id }) => id),
    numbers,
    ...lists,
    ...auditLists(writes.map(({ audit }) => audit)),
  ]
}

const adding: Deed = {
  texts: textsOf(addSql, addOneSql),
  valuesOfOne: (write) => [...valuesOfOne(write), ...newPlaceValues(write.place)],
  valuesOf: (writes) => [...valuesOf(writes), ...newPlaceLists(writes.map(({ place }) => place))],
}
const removing: Deed = { texts: textsOf(removeSql, removeOneSql), valuesOfOne, valuesOf }

/** Puts the member into the group; says what stood in the way if anything. `db` is the pool, or a transaction. */
export const addToGroup = inBatches<AddOutcome>(
  adding,
  ({ group_exists, member_exists, is_standing }) => group_exists && member_exists && is_standing,
)

/** Ends the member's place in the group; says so when there was none. `db` is the pool, or a transaction. */
export const removeFromGroup = inBatches<RemoveOutcome>(removing, ({ is_removed }) => is_removed)

export const addAllToGroup = inOneTransaction<AddOutcome>(adding)
export const removeAllFromGroup = inOneTransaction<RemoveOutcome>(removing)
