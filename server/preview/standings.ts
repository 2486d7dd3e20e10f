import { rightsOf, type Rights } from "../access/can.ts"
import type { Named } from "../access/templates.ts"
import type { Queries } from "../db/database.ts"
import { projectRights, rulesOfKeys } from "../projects/held.ts"
import { rightsOfRoles, rulesOfRoles } from "../roles/held.ts"
import { keyOf, type Holder, type Kind, type Scope } from "./holders.ts"
import * as store from "./preview.store.ts"

/*
 * What people and machine identities may do at a moment of the transaction, decided as their requests are: from the same
 * keys, by the same rules.
 */

/** What keeps somebody's rights from counting. */
export type Hindrance = "none" | "invited" | "inactive" | "absent"
/** What somebody has at a place: how it is named, and what it comes to. */
export type Held = { isAdmin: boolean; rights: Rights }
export type Standing = {
  holder: Holder
  /** Of the account, or the machine identity. */ id: string
  name: string
  hindrance: Hindrance
  organization: Held | undefined
  projects: Map<string, Held>
}

/** By `keyOf` of the holder; who is not in the organization is in none. */
export type Standings = Map<string, Standing>

const hindranceOf = ({ is_accepted, is_inactive }: store.PlaceRow): Hindrance =>
  is_accepted ? (is_inactive ? "inactive" : "none") : "invited"

/** So many places in projects are compared at most: what is beyond is counted, and said to be left out. */
export type Budget = { rows: number }

const firstChunk = 10

/**
 * Where these stand. They are read in order and in growing parts, until the budget is used up: the answer has those who
 * were read by then.
 */
export async function standingsOf(
  db: Queries,
  { orgId, scope, budget }: { orgId: string; scope: Scope; budget: Budget },
  holders: readonly Holder[],
): Promise<{ standings: Standings; compared: readonly Holder[] }> {
  const standings: Standings = new Map()
  const compared: Holder[] = []
  let size = firstChunk
  while (compared.length < holders.length && budget.rows > 0) {
    const chunk = holders.slice(compared.length, compared.length + size)
    const used = await readChunk(db, { orgId, scope }, chunk, standings)
    compared.push(...chunk)
    budget.rows -= used
    const perHolder = Math.max(1, used / chunk.length)
    size = Math.max(1, Math.min(size * 4, Math.floor(budget.rows / perHolder)))
  }
  return { standings, compared }
}

/** Reads some of them; returns how many rows there were. */
async function readChunk(
  db: Queries,
  { orgId, scope }: { orgId: string; scope: Scope },
  holders: readonly Holder[],
  into: Standings,
): Promise<number> {
  let rows = 0
  for (const kind of ["user", "identity"] as const) {
    const membershipIds = holders.flatMap((one) => (one.kind === kind ? [one.membership_id] : []))
    if (membershipIds.length === 0) continue
    const asked = { orgId, membershipIds }
    const places = await store.placesOf(db, kind, asked, scope.organization)
    const isNowhere = scope.projectIds?.length === 0
    const projects = isNowhere ? [] : await store.projectsOf(db, kind, asked, scope.projectIds)
    rows += places.length + projects.length
    await addStandings(db, { orgId, kind, scope }, { places, projects }, into)
  }
  return rows
}

type Read = { places: store.PlaceRow[]; projects: store.ProjectRow[] }

async function addStandings(
  db: Queries,
  { orgId, kind, scope }: { orgId: string; kind: Kind; scope: Scope },
  { places, projects }: Read,
  into: Standings,
): Promise<void> {
  const isCustom = (key: string): boolean => key.includes(":")
  const customOf = (rows: readonly { keys: string[] }[]): string[] => [
    ...new Set(rows.flatMap(({ keys }) => keys.filter(isCustom))),
  ]
  // All that is not known yet in one question, in place of one for each who has it.
  const [ofOrganization, ofProjects] = [customOf(places), customOf(projects)]
  if (ofOrganization.length > 0) await rulesOfRoles(db, orgId, ofOrganization)
  if (ofProjects.length > 0) await rulesOfKeys(db, orgId, ofProjects)
  const decider = deciderOf(db, orgId)
  const byMembership = Map.groupBy(projects, ({ membership_id: id }) => id)
  for (const place of places) {
    const holder: Holder = { kind, membership_id: place.membership_id }
    const standing: Standing = {
      holder,
      id: place.id,
      name: place.name,
      hindrance: hindranceOf(place),
      organization: scope.organization ? await decider.organization(place.keys) : undefined,
      projects: new Map(),
    }
    for (const { project_id: projectId, keys } of byMembership.get(place.membership_id) ?? [])
      standing.projects.set(projectId, await decider.project(keys, namedOf(place)))
    into.set(keyOf(holder), standing)
  }
}

const namedOf = ({ id, username, metadata }: store.PlaceRow): Named => ({
  id,
  username,
  metadata: Object.fromEntries((metadata ?? []).map(({ key, value }) => [key, value])),
})

/** Decides each set of keys once; what names its holder, once for each of them. */
function deciderOf(db: Queries, orgId: string) {
  const known = new Map<string, Held>()
  const once = async (key: string, keys: string[], decide: () => Promise<Rights>): Promise<Held> => {
    const before = known.get(key)
    if (before) return before
    const held = { isAdmin: keys.includes("admin"), rights: await decide() }
    known.set(key, held)
    return held
  }
  return {
    organization: (keys: string[]) =>
      once(`organization ${keys.join(" ")}`, keys, () => rightsOfRoles(db, orgId, keys)),
    project: (keys: string[], named: Named) => {
      const isCustom = keys.some((key) => key.includes(":"))
      const key = isCustom ? JSON.stringify([keys, named]) : keys.join(" ")
      return once(key, keys, () => projectRights(db, { orgId, named }, keys))
    },
  }
}

/** What somebody has who has nothing. */
export const nothing: Held = { isAdmin: false, rights: rightsOf("nothing", () => []) }
