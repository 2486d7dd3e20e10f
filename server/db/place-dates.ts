/*
 * When a place in a group begins and ends, and who says so: values and pieces of SQL of the statements that begin and end
 * places. The clock is the database's.
 */

/** What says that somebody belongs to a group. */
export type MembershipSource = "manual" | "bulk" | "scim" | "oidc" | "ldap"

/** From when until when. Absent: from now on, and for as long as the group says; null is no end at all. */
export type Dates = { from?: Date | undefined; until?: Date | null | undefined }

export type NewPlace = { dates?: Dates; /** Absent: somebody by hand. */ source?: MembershipSource }

export const newPlaceTypes = ["timestamptz", "timestamptz", "text"] as const

/** The values of `newPlaceTypes` of a place. */
export const newPlaceValues = ({ dates = {}, source = "manual" }: NewPlace = {}): unknown[] => [
  dates.from?.toISOString() ?? null,
  // No end at all is not the one that the group says.
  dates.until === null ? "infinity" : (dates.until?.toISOString() ?? null),
  source,
]
/** The same of several, each a list. */
export function newPlaceLists(places: readonly (NewPlace | undefined)[]): unknown[][] {
  const each = places.map(newPlaceValues)
  return newPlaceTypes.map((_, index) => each.map((values) => values[index]))
}

export const placeColumns = "org_id, id, group_id, membership_id, valid_from, valid_until, sources"

/**
 * A piece of a `from`, by which `placeInterval` is known: nobody is in before now, and without an end of its own a place
 * lasts as long as the group says.
 */
export const withInterval = (asked: { from: string; until: string }, lifetime: string): string => `
    cross join lateral (select greatest(${asked.from}, statement_timestamp()) as begins) begun
    cross join lateral (
      select nullif(coalesce(${asked.until}, date_trunc('milliseconds', begins + ${lifetime} * interval '1 millisecond')), 'infinity') as ends
    ) lasting`
/** Beginning and end. What is over by now ends as it begins. */
export const placeInterval = "begins, case when ends is not null then greatest(ends, begins) end"

/** Neither ended nor over; it may be yet to come. */
export const isNotOver = "not is_closed and (valid_until is null or valid_until > statement_timestamp())"
export const untilNow =
  "is_closed = true, valid_until = greatest(valid_from, least(valid_until, statement_timestamp()))"

/** For the audit row of a place that begins: its end, which the group may have decided. */
export const tellingEnd = (until: string): string => `case when ${until} is not null then jsonb_build_object(
      'until', to_char(${until} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    ) end`
/** For the audit row of one that ends: whose say it was, where it was not only somebody's by hand. */
export const tellingSources = (sources: string): string =>
  `case when ${sources} <> '{manual}' then jsonb_build_object('sources', to_jsonb(${sources})) end`
