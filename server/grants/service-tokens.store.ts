import { run, type Queries } from "../db/database.ts"

/* Every insert of a service token, and of the places that it opens. */

/** Whose it is to be: a project, and the person who makes it. */
export type Place = { orgId: string; projectId: string; makerId: string }

export type NewServiceToken = {
  id: string
  name: string
  secretHash: string
  permissions: readonly string[]
  /** After how many seconds it ends; null: never. */ expiresIn: number | null
  scopes: readonly { environmentId: string; secretPath: string }[]
}

// It ends so long after the time that it is shown to be made at.
const insertSql = `
  with token as (
    insert into service_tokens (org_id, project_id, id, name, secret_hash, permissions, created_by, expires_at)
    values ($1, $2, $3, $4, $5, $6::text[], $7, now() + make_interval(secs => $8::float8))
    returning id
  )
  insert into service_token_scopes (org_id, project_id, token_id, position, environment_id, secret_path)
  select $1, $2, token.id, scope.position, scope.environment_id, scope.secret_path
  from token,
    unnest($9::uuid[], $10::text[]) with ordinality as scope(environment_id, secret_path, position)`

export async function insertServiceToken(
  db: Queries,
  { orgId, projectId, makerId }: Place,
  { id, name, secretHash, permissions, expiresIn, scopes }: NewServiceToken,
): Promise<void> {
  const environmentIds = scopes.map(({ environmentId }) => environmentId)
  const paths = scopes.map(({ secretPath }) => secretPath)
  const token = [id, name, secretHash, permissions, makerId, expiresIn]
  await run(db, insertSql, [orgId, projectId, ...token, environmentIds, paths])
}
