import { sql, type Expression, type ExpressionBuilder, type SqlBool } from "kysely"
import type { Queries } from "../db/database.ts"
import type { DB } from "../db/schema.ts"

export type IdentityMembershipRow = {
  id: string
  role: string
  custom_role_id: string | null
  custom_role_name: string | null
  custom_role_slug: string | null
  custom_role_description: string | null
  org_id: string
  created_at: Date
  updated_at: Date
  identity_id: string
  name: string
  has_delete_protection: boolean
  auth_methods: string[]
  locked_methods: string[]
  metadata: { id: string; key: string; value: string }[]
  last_login_method: string | null
  last_login_at: Date | null
}

const placesOf = (db: Queries, orgId: string) =>
  db
    .selectFrom("active_organization_identity_memberships as m")
    .innerJoin("identities as i", (join) =>
      join
        .onRef("i.org_id", "=", "m.org_id")
        .onRef("i.id", "=", "m.identity_id")
        .on("i.deleted_at", "is", null),
    )
    // Whose role has lapsed has none.
    .leftJoin("active_organization_identity_role_grants as r", (join) =>
      join.onRef("r.org_id", "=", "m.org_id").onRef("r.membership_id", "=", "m.id"),
    )
    .leftJoin("organization_roles as c", (join) =>
      join.onRef("c.org_id", "=", "r.org_id").onRef("c.id", "=", "r.custom_role_id"),
    )
    .where("m.org_id", "=", orgId)

const authMethods = sql<string[]>`array(
  select a.method from identity_auth_methods a
  where a.org_id = i.org_id and a.identity_id = i.id and a.removed_at is null order by a.created_at, a.id)`

const lockedMethods = sql<string[]>`array(
  select distinct l.method from identity_lockouts l
  where l.org_id = i.org_id and l.identity_id = i.id and l.locked_until > statement_timestamp())`

const metadata = sql<IdentityMembershipRow["metadata"]>`coalesce((
  select jsonb_agg(jsonb_build_object('id', d.id, 'key', d.key, 'value', d.value) order by d.position)
  from identity_metadata d
  where d.org_id = i.org_id and d.identity_id = i.id and d.removed_at is null), '[]')`

/** A token is made at each login, so that the newest tells of the last one. */
const lastLogin = sql<{ method: string; at: Date }>`lateral (
  select t.auth_method as method, t.created_at as at from identity_access_tokens t
  where t.org_id = i.org_id and t.identity_id = i.id order by t.created_at desc limit 1)`

const shown = (places: ReturnType<typeof placesOf>) =>
  places
    .leftJoin(lastLogin.as("t"), (join) => join.onTrue())
    .select([
      "m.id",
      "r.custom_role_id",
      "c.name as custom_role_name",
      "c.slug as custom_role_slug",
      "c.description as custom_role_description",
      "m.org_id",
      "m.valid_from as created_at",
      "m.updated_at",
      "i.id as identity_id",
      "i.name",
      "i.has_delete_protection",
      "t.method as last_login_method",
      "t.at as last_login_at",
    ])
    .select(sql<string>`coalesce(r.role, 'no-access')`.as("role"))
    .select([authMethods.as("auth_methods"), lockedMethods.as("locked_methods"), metadata.as("metadata")])
    .$castTo<IdentityMembershipRow>()

export const identityMembership = (
  db: Queries,
  orgId: string,
  identityId: string,
): Promise<IdentityMembershipRow | undefined> =>
  shown(placesOf(db, orgId).where("i.id", "=", identityId)).executeTakeFirst()

/** The same of several. */
export const identityMembershipsOf = (
  db: Queries,
  orgId: string,
  identityIds: string[],
): Promise<IdentityMembershipRow[]> =>
  shown(
    placesOf(db, orgId).where((eb) => eb("i.id", "=", eb.fn.any(sql<string[]>`${identityIds}::uuid[]`))),
  ).execute()

/** The ways in which a machine identity can sign in, in the order in which they were attached. */
export async function authMethodsOf(db: Queries, orgId: string, identityId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("identity_auth_methods")
    .select("method")
    .where("org_id", "=", orgId)
    .where("identity_id", "=", identityId)
    .where("removed_at", "is", null)
    .orderBy("created_at")
    .orderBy("id")
    .execute()
  return rows.map(({ method }) => method)
}

/** What a name or role must be; what is left out may be anything. `contains` is in the form of the sort key. */
export type Condition = {
  nameIn?: readonly string[]
  nameContains?: string
  roleIn?: readonly string[]
}

export type IdentityFilter = {
  orgId: string
  /** All of it. */ all: Condition
  /** At least one of these, if there are any. */ any: readonly Condition[]
  direction: "asc" | "desc"
  limit: number
  offset: number
}

type Tables = DB & { i: DB["identities"] }

const roleSlug = sql<string>`coalesce(c.slug, r.role, 'no-access')`

function meets(eb: ExpressionBuilder<Tables, "i">, condition: Condition): Expression<SqlBool> {
  const { nameIn, nameContains, roleIn } = condition
  const parts: Expression<SqlBool>[] = []
  // An empty list has nothing in it.
  if (nameIn) parts.push(nameIn.length > 0 ? eb("i.name", "in", nameIn) : sql<SqlBool>`false`)
  if (nameContains !== undefined)
    parts.push(sql<SqlBool>`strpos(${eb.ref("i.sort_key")}, ${nameContains}) > 0`)
  if (roleIn) parts.push(roleIn.length > 0 ? eb(roleSlug, "in", roleIn) : sql<SqlBool>`false`)
  return eb.and(parts)
}

/** The machine identities of an organization with their place in it, by name and id; and how many match. */
export async function identityMemberships(
  db: Queries,
  filter: IdentityFilter,
): Promise<{ identities: IdentityMembershipRow[]; totalCount: number }> {
  let places = placesOf(db, filter.orgId).where((eb) => meets(eb, filter.all))
  if (filter.any.length > 0) {
    places = places.where((eb) => eb.or(filter.any.map((condition) => meets(eb, condition))))
  }
  const [identities, count] = await Promise.all([
    shown(places)
      .orderBy("i.sort_key", filter.direction)
      .orderBy("i.id", filter.direction)
      .limit(filter.limit)
      .offset(filter.offset)
      .execute(),
    places.select(sql<string>`count(*)`.as("count")).executeTakeFirstOrThrow(),
  ])
  return { identities, totalCount: Number(count.count) }
}

/** The organization of a machine identity, as it shows itself. */
export const organizationOf = (db: Queries, orgId: string) =>
  db
    .selectFrom("organizations")
    .select(["id", "name", "slug"])
    .where("id", "=", orgId)
    .executeTakeFirstOrThrow()
