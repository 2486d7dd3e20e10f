/** Somebody's place in a group: lasting, yet to come, or over and not closed; null when there is none. */
export type PlaceState = "active" | "to come" | "over"

/** What adding to a group and taking out of it look at, whoever it is about. */
export type PlaceFacts = {
  fact_group_id: string | null
  fact_group_name: string
  fact_group_slug: string
  fact_membership_id: string | null
  fact_place: PlaceState | null
  /** The clock of the database. */ fact_now: Date
}

/** The columns of it in a statement that calls the group `g`, whose id is `$4`, and the member `m`. */
export const placeFactColumns = (kind: "user" | "identity"): string => `
    g.id as fact_group_id, g.name as fact_group_name, g.slug as fact_group_slug, m.id as fact_membership_id,
    (
      select case when gm.valid_until <= statement_timestamp() then 'over'
        when gm.valid_from > statement_timestamp() then 'to come' else 'active' end
      from group_${kind}_memberships gm
      where gm.org_id = $1 and gm.group_id = $4::uuid and gm.membership_id = m.id and not gm.is_closed
    ) as fact_place,
    statement_timestamp() as fact_now`
