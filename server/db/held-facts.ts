import { heldWithin } from "./intervals.ts"

/*
 * What is held, as rows of one form: who has a place, a role or a privilege, where, by which group, and in which interval
 * all of that was so. `$1` is the organization, `$2` the id that is asked about, `$3` and `$4` the times between which
 * something must have been held, for what was held at one time the same.
 */

export type SubjectKind = "user" | "identity" | "group" | "project"
export type HolderKind = "user" | "identity" | "group"
export type PlaceKind = "organization" | "project" | "group"

/** A value that is left out is the time of the statement. */
export const from = "coalesce($3::timestamptz, statement_timestamp())"
export const to = "coalesce($4::timestamptz, statement_timestamp())"

const held = (table: string): string => heldWithin(table, from, to)

/** The interval in which all of these held. */
const joint = (...aliases: string[]): string => `
    greatest(${aliases.map((alias) => `${alias}.valid_from`).join(", ")}) as valid_from,
    least(${aliases.map((alias) => `${alias}.valid_until`).join(", ")}) as valid_until`

/** A named part of the statement, and rows made of it. */
export type Facts = { parts: string[]; facts: Fact[] }
export type Fact = { placeKind: PlaceKind; holderKind: HolderKind; text: string }

type Shape = {
  what: "membership" | "role" | "privilege"
  place: readonly [PlaceKind, id: string]
  holder: readonly [HolderKind, id: string]
  /** The holder's place in the organization, by which it knows them. */ membership?: string
  group?: string
  /** Aliases of the tables that have them. */ role?: string
  privilege?: string
  /** What must have held all at once. */ while: readonly string[]
  from: string
}

const noId = "null::uuid"

const fact = ({ what, place, holder, membership, group, role, privilege, ...shape }: Shape): Fact => ({
  placeKind: place[0],
  holderKind: holder[0],
  text: `
  select '${what}'::text as what, '${place[0]}'::text as place_kind, ${place[1]} as place_id,
    '${holder[0]}'::text as holder_kind, ${holder[1]} as holder_id, ${membership ?? noId} as membership_id,
    ${group ?? noId} as group_id, ${role ? `${role}.role` : "null::text"} as role,
    ${role ? `${role}.custom_role_id` : noId} as custom_role_id,
    ${privilege ? `${privilege}.id` : noId} as privilege_id, ${joint(...shape.while)}
  from ${shape.from}`,
})

/*
 * A privilege that was changed since has the interval that it was given last. Where that leaves out the time that is asked
 * about, the privilege is taken to have held for as long as it has been there: it is shown as changed since.
 */
const wasChanged = `(created_at <= ${from} and updated_at > ${from}
      and not (valid_from <= ${from} and (valid_until is null or valid_until > ${from})))`
const privileges = (kind: "user" | "identity"): string => `(
    select org_id, project_id, membership_id, id, given_at,
      case when ${wasChanged} then created_at else valid_from end as valid_from,
      case when ${wasChanged} and updated_at > ${to} and not is_closed then null else valid_until end as valid_until
    from (
      select * from project_${kind}_privileges
      where not is_closed and created_at <= ${to} and (valid_until is null or valid_until > ${from} or updated_at > ${from})
      union all
      select * from project_${kind}_privileges where is_closed and created_at <= ${to} and valid_until > ${from}
    ) ever
  )`

/** Where a person or a machine identity is: in the organization, by that in groups, and by either in projects. */
const partsOfHolder = (kind: "user" | "identity"): string[] => [
  `places as (
    select m.id, m.valid_from, m.valid_until from ${held(`organization_${kind}_memberships`)} m
    where m.org_id = $1 and m.${kind}_id = $2
  )`,
  `in_groups as (
    select p.id as membership_id, gm.group_id, ${joint("p", "gm")}
    from places p join ${held(`group_${kind}_memberships`)} gm on gm.org_id = $1 and gm.membership_id = p.id
  )`,
  `in_projects as (
    select p.id as membership_id, ${noId} as group_id, m.id, m.project_id, ${joint("p", "m")}
    from places p join ${held(`project_${kind}_memberships`)} m on m.org_id = $1 and m.membership_id = p.id
    union all
    select g.membership_id, g.group_id, m.id, m.project_id, ${joint("g", "m")}
    from in_groups g join ${held("project_group_memberships")} m on m.org_id = $1 and m.group_id = g.group_id
  )`,
]

/** All that a person or a machine identity has, by itself and by groups. */
function factsOfHolder(kind: "user" | "identity"): Facts {
  const holder = [kind, "$2::uuid"] as const
  const organization = ["organization", "$1::uuid"] as const
  const inProject = { place: ["project", "w.project_id"], holder, group: "w.group_id" } as const
  const roleInProject = (table: string, isBy: string) =>
    fact({
      ...inProject,
      what: "role",
      role: "r",
      while: ["w", "r"],
      from: `in_projects w join ${held(table)} r on r.org_id = $1 and r.project_membership_id = w.id where ${isBy}`,
    })
  const facts = [
    fact({ what: "membership", place: organization, holder, while: ["p"], from: "places p" }),
    fact({
      what: "role",
      place: organization,
      holder,
      role: "r",
      while: ["p", "r"],
      from: `places p join ${held(`organization_${kind}_role_grants`)} r on r.org_id = $1 and r.membership_id = p.id`,
    }),
    fact({
      what: "role",
      place: organization,
      holder,
      group: "g.group_id",
      role: "r",
      while: ["g", "r"],
      from: `in_groups g join ${held("group_role_grants")} r on r.org_id = $1 and r.group_id = g.group_id`,
    }),
    fact({ what: "membership", place: ["group", "g.group_id"], holder, while: ["g"], from: "in_groups g" }),
    fact({ ...inProject, what: "membership", while: ["w"], from: "in_projects w" }),
    roleInProject(`project_${kind}_role_grants`, "w.group_id is null"),
    roleInProject("project_group_role_grants", "w.group_id is not null"),
    fact({
      what: "privilege",
      place: inProject.place,
      holder,
      privilege: "v",
      while: ["w", "v"],
      from: `in_projects w join ${privileges(kind)} v
        on v.org_id = $1 and v.membership_id = w.membership_id and v.project_id = w.project_id
          and w.valid_from <= v.given_at`,
    }),
  ]
  return { parts: partsOfHolder(kind), facts }
}

/** A group or a project, in the part `places`, for as long as it has been there. */
const there = (table: "groups" | "projects"): string => `places as (
    select id, created_at as valid_from, deleted_at as valid_until from ${table}
    where org_id = $1 and id = $2
  )`

/** Who is in a group, and what the group has. */
function factsOfGroup(): Facts {
  const holder = ["group", "p.id"] as const
  const membersOf = (kind: "user" | "identity") =>
    fact({
      what: "membership",
      place: ["group", "p.id"],
      holder: [kind, `m.${kind}_id`],
      membership: "m.id",
      while: ["p", "gm", "m"],
      from: `places p join ${held(`group_${kind}_memberships`)} gm on gm.org_id = $1 and gm.group_id = p.id
        join organization_${kind}_memberships m on m.org_id = $1 and m.id = gm.membership_id`,
    })
  const inProjects = `places p
    join ${held("project_group_memberships")} w on w.org_id = $1 and w.group_id = p.id`
  const facts = [
    fact({
      what: "role",
      place: ["organization", "$1::uuid"],
      holder,
      role: "r",
      while: ["p", "r"],
      from: `places p join ${held("group_role_grants")} r on r.org_id = $1 and r.group_id = p.id`,
    }),
    fact({
      what: "membership",
      place: ["project", "w.project_id"],
      holder,
      while: ["p", "w"],
      from: inProjects,
    }),
    fact({
      what: "role",
      place: ["project", "w.project_id"],
      holder,
      role: "r",
      while: ["p", "w", "r"],
      from: `${inProjects}
        join ${held("project_group_role_grants")} r on r.org_id = $1 and r.project_membership_id = w.id`,
    }),
    membersOf("user"),
    membersOf("identity"),
  ]
  return { parts: [there("groups")], facts }
}

/** Who is in a project by themselves and which groups are, with what they have there. */
function factsOfProject(): Facts {
  const kinds = ["user", "identity", "group"] as const
  const parts = kinds.map((kind) =>
    kind === "group"
      ? `in_it_group as (
    select w.id, w.group_id as holder_id, ${noId} as membership_id, ${joint("p", "w")}
    from places p join ${held("project_group_memberships")} w on w.org_id = $1 and w.project_id = p.id
  )`
      : `in_it_${kind} as (
    select w.id, m.${kind}_id as holder_id, m.id as membership_id, ${joint("p", "w", "m")}
    from places p join ${held(`project_${kind}_memberships`)} w on w.org_id = $1 and w.project_id = p.id
    join organization_${kind}_memberships m on m.org_id = $1 and m.id = w.membership_id
  )`,
  )
  const facts = kinds.flatMap((kind) => {
    const place = ["project", "$2::uuid"] as const
    const shared = { place, holder: [kind, "w.holder_id"], membership: "w.membership_id" } as const
    return [
      fact({ ...shared, what: "membership", while: ["w"], from: `in_it_${kind} w` }),
      fact({
        ...shared,
        what: "role",
        role: "r",
        while: ["w", "r"],
        from: `in_it_${kind} w
          join ${held(`project_${kind}_role_grants`)} r on r.org_id = $1 and r.project_membership_id = w.id`,
      }),
      ...(kind === "group" ? [] : [privilegesInProject(kind)]),
    ]
  })
  return { parts: [there("projects"), ...parts], facts }
}

/** Privileges of whoever was in the project by any way. */
const privilegesInProject = (kind: "user" | "identity"): Fact =>
  fact({
    what: "privilege",
    place: ["project", "$2::uuid"],
    holder: [kind, `m.${kind}_id`],
    membership: "m.id",
    privilege: "v",
    while: ["p", "v", "m", "w"],
    from: `places p join ${privileges(kind)} v on v.org_id = $1 and v.project_id = p.id
      join organization_${kind}_memberships m on m.org_id = $1 and m.id = v.membership_id
      join lateral (
        select valid_from, valid_until from ${held(`project_${kind}_memberships`)} own
        where own.org_id = $1 and own.project_id = p.id and own.membership_id = v.membership_id
        union all
        select ${joint("gm", "pg")}
        from ${held(`group_${kind}_memberships`)} gm
        join ${held("project_group_memberships")} pg on pg.org_id = $1 and pg.group_id = gm.group_id
        where gm.org_id = $1 and gm.membership_id = v.membership_id and pg.project_id = p.id
      ) w on w.valid_from <= v.given_at`,
  })

/** What may be asked about each kind of subject. */
export const factsOf = (kind: SubjectKind): Facts => {
  if (kind === "group") return factsOfGroup()
  return kind === "project" ? factsOfProject() : factsOfHolder(kind)
}
