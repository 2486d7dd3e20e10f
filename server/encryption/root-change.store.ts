import { run, type Queries } from "../db/database.ts"

/** Locks the root key: no key is made and no other root key put in place until the transaction ends. */
export const lockRootKey = (db: Queries): Promise<{ instance_id: string; root_key_id: string | null }> =>
  db
    .selectFrom("instance_encryption")
    .select(["instance_id", "root_key_id"])
    .forUpdate()
    .executeTakeFirstOrThrow()

/** Puts another root key in place, by its id and by its check value. */
export async function replaceRootKey(
  db: Queries,
  { rootKeyId, checkValue }: { rootKeyId: string; checkValue: string },
): Promise<void> {
  await db.updateTable("instance_encryption").set({ root_key_id: rootKeyId }).execute()
  await db
    .updateTable("instance_keys")
    .set({ check_value: checkValue })
    .where("name", "=", "ENCRYPTION_KEY")
    .execute()
}

export type KeyOfRoot = { id: string; version: number; root_key_id: string; wrapped_key: Buffer }

export const instanceDataKeys = (db: Queries): Promise<KeyOfRoot[]> =>
  db.selectFrom("instance_data_keys").select(["id", "version", "root_key_id", "wrapped_key"]).execute()

export async function rewrapInstanceDataKey(
  db: Queries,
  id: string,
  by: { rootKeyId: string; wrapped: Buffer },
): Promise<void> {
  await db
    .updateTable("instance_data_keys")
    .set({ root_key_id: by.rootKeyId, wrapped_key: by.wrapped })
    .where("id", "=", id)
    .execute()
}

export type OrganizationKeyOfRoot = KeyOfRoot & { org_id: string }

const organizationKeysSql = `
  select org_id, id, version, root_key_id, wrapped_key from organization_keys
  where (org_id, id) > ($1, $2) and wrapped_key is not null
  order by org_id, id limit $3`

/** The keys of all organizations, after one of them, in the order of their ids. */
export const organizationKeysAfter = (
  db: Queries,
  after: { org_id: string; id: string },
  limit: number,
): Promise<OrganizationKeyOfRoot[]> =>
  run<OrganizationKeyOfRoot>(db, organizationKeysSql, [after.org_id, after.id, limit])

const rewrapOrganizationKeysSql = `
  update organization_keys k set root_key_id = $1, wrapped_key = w.wrapped_key
  from unnest($2::uuid[], $3::uuid[], $4::bytea[]) as w (org_id, id, wrapped_key)
  where k.org_id = w.org_id and k.id = w.id and k.wrapped_key is not null`

/** Puts the same keys in place, wrapped by another root key; those destroyed meanwhile stay destroyed. */
export async function rewrapOrganizationKeys(
  db: Queries,
  rootKeyId: string,
  keys: { org_id: string; id: string; wrapped: Buffer }[],
): Promise<void> {
  const columns = [
    keys.map((key) => key.org_id),
    keys.map(({ id }) => id),
    keys.map(({ wrapped }) => wrapped),
  ]
  await run(db, rewrapOrganizationKeysSql, [rootKeyId, ...columns])
}
