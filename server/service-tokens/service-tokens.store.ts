import { run, type Queries } from "../db/database.ts"

export type ServiceTokenRow = {
  id: string
  project_id: string
  name: string
  permissions: string[]
  /** Pairs of an environment's slug and a path. */ scopes: [environment: string, secretPath: string][]
  created_by: string
  expires_at: Date | null
  last_used_at: Date | null
  created_at: Date
  updated_at: Date
}

const columns = [
  "id",
  "project_id",
  "name",
  "permissions",
  "scopes",
  "created_by",
  "expires_at",
  "last_used_at",
  "created_at",
  "updated_at",
]
  .map((name) => `t.${name}`)
  .join(", ")

export type At = { orgId: string; projectId: string }

const tokenSql = (which: string): string => `
  select ${columns} from open_service_tokens t
  where t.org_id = $1 and t.project_id = $2 and not t.is_expired and ${which}`

/** The tokens of a project that are good, the newest first. */
export const tokensOf = (db: Queries, { orgId, projectId }: At): Promise<ServiceTokenRow[]> =>
  run(db, tokenSql("true order by t.created_at desc, t.id desc"), [orgId, projectId])

/** One of them. */
export async function tokenById(
  db: Queries,
  { orgId, projectId }: At,
  id: string,
): Promise<ServiceTokenRow | undefined> {
  const [row] = await run<ServiceTokenRow>(db, tokenSql("t.id = $3"), [orgId, projectId, id])
  return row
}

/** Who made a token: the name and address while they are in the organization. */
export type Maker = {
  id: string
  created_at: Date
  updated_at: Date
  email: string | null
  first_name: string | null
  last_name: string | null
}

const ownSql = `
  select ${columns}, u.created_at as maker_created_at, u.updated_at as maker_updated_at,
    case when m.id is not null then u.email end as maker_email,
    case when m.id is not null then u.first_name end as maker_first_name,
    case when m.id is not null then u.last_name end as maker_last_name
  from open_service_tokens t
  join users u on u.id = t.created_by
  left join active_organization_user_memberships m
    on m.org_id = t.org_id and m.user_id = u.id and m.accepted_at is not null
  where t.org_id = $1 and t.id = $2`

type OwnRow = ServiceTokenRow & {
  maker_created_at: Date
  maker_updated_at: Date
  maker_email: string | null
  maker_first_name: string | null
  maker_last_name: string | null
}

/** A token with who made it, for who has it. */
export async function ownToken(
  db: Queries,
  { orgId, id }: { orgId: string; id: string },
): Promise<(ServiceTokenRow & { maker: Maker }) | undefined> {
  const [row] = await run<OwnRow>(db, ownSql, [orgId, id])
  if (!row) return undefined
  const maker = {
    id: row.created_by,
    created_at: row.maker_created_at,
    updated_at: row.maker_updated_at,
    email: row.maker_email,
    first_name: row.maker_first_name,
    last_name: row.maker_last_name,
  }
  return { ...row, maker }
}

const deleteSql = `
  update service_tokens set deleted_at = statement_timestamp(), updated_at = statement_timestamp()
  where org_id = $1 and project_id = $2 and id = $3 and deleted_at is null
  returning id`

/** Ends a token; false when there is none that was not deleted. */
export async function deleteToken(db: Queries, { orgId, projectId }: At, id: string): Promise<boolean> {
  return (await run(db, deleteSql, [orgId, projectId, id])).length > 0
}
