import { run, type Queries } from "../db/database.ts"

export type WrappedKey = { id: string; version: number; root_key_id: string; wrapped_key: Buffer }

/** Names the root key of a new instance; that of one which has a root key stays. */
export async function adoptRootKey(db: Queries, rootKeyId: string): Promise<void> {
  await db
    .updateTable("instance_encryption")
    .set({ root_key_id: rootKeyId })
    .where("root_key_id", "is", null)
    .execute()
}

export const instanceEncryption = (
  db: Queries,
): Promise<{ instance_id: string; root_key_id: string | null }> =>
  db.selectFrom("instance_encryption").select(["instance_id", "root_key_id"]).executeTakeFirstOrThrow()

/** The data key of the instance; undefined when there is none yet. */
export const instanceDataKey = (db: Queries): Promise<WrappedKey | undefined> =>
  db
    .selectFrom("instance_data_keys")
    .select(["id", "version", "root_key_id", "wrapped_key"])
    .orderBy("version", "desc")
    .executeTakeFirst()

/** Empty when the root key was replaced meanwhile; it cannot be replaced until the statement is done. */
const whileRootKeyIs = (parameter: string): string =>
  `with root as (select from instance_encryption where root_key_id = ${parameter} for share)`

const insertInstanceDataKeySql = `
  ${whileRootKeyIs("$3")}
  insert into instance_data_keys (id, version, root_key_id, wrapped_key)
  select $1, $2, $3, $4 from root
  on conflict (version) do nothing`

/** Keeps a key unless there is one of its version, or another root key. */
export async function insertInstanceDataKey(db: Queries, key: WrappedKey): Promise<void> {
  await run(db, insertInstanceDataKeySql, [key.id, key.version, key.root_key_id, key.wrapped_key])
}

const newestOrganizationKeySql = `
  select id, version, root_key_id, wrapped_key from organization_keys
  where org_id = $1 and wrapped_key is not null
  order by version desc limit 1`

/** The key of an organization that wraps new keys; undefined when there is none yet, or it was destroyed. */
export async function newestOrganizationKey(db: Queries, orgId: string): Promise<WrappedKey | undefined> {
  return (await run<WrappedKey>(db, newestOrganizationKeySql, [orgId]))[0]
}

/** A key of an organization; undefined when it does not exist, or was destroyed. */
export async function organizationKey(
  db: Queries,
  orgId: string,
  keyId: string,
): Promise<WrappedKey | undefined> {
  const text = `
    select id, version, root_key_id, wrapped_key from organization_keys
    where org_id = $1 and id = $2 and wrapped_key is not null`
  return (await run<WrappedKey>(db, text, [orgId, keyId]))[0]
}

const insertOrganizationKeySql = `
  ${whileRootKeyIs("$4")}
  insert into organization_keys (org_id, id, version, root_key_id, wrapped_key)
  select o.id, $2, $3, $4, $5 from organizations o, root where o.id = $1 and o.deleted_at is null
  on conflict (org_id, version) do nothing`

/** Keeps a key unless there is one of its version, another root key, or no such organization any more. */
export async function insertOrganizationKey(db: Queries, orgId: string, key: WrappedKey): Promise<void> {
  await run(db, insertOrganizationKeySql, [orgId, key.id, key.version, key.root_key_id, key.wrapped_key])
}

/** Overwrites all keys of an organization, and with them whatever they wrapped. */
export async function destroyOrganizationKeys(db: Queries, orgId: string): Promise<void> {
  await run(
    db,
    `update organization_keys set wrapped_key = null, destroyed_at = statement_timestamp()
     where org_id = $1 and wrapped_key is not null`,
    [orgId],
  )
}
