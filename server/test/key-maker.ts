import { localRootKey } from "../crypto/root-key.ts"
import { organizationKeyContext } from "../crypto/wrapping.ts"
import { openDatabase } from "../db/database.ts"
import { loadInstanceKeys } from "../encryption/instance-key.ts"
import { createOrganizationKeys } from "../encryption/organization-keys.ts"

/*
 * A process that needs the key of an organization: wraps and unwraps a key by it, and prints by which. Arguments are
 * the URL of a database, a root key, and the organization's id.
 */
const [url = "", rootKey = "", orgId = ""] = process.argv.slice(2)
const database = openDatabase({ url }, 1)
const root = localRootKey(rootKey)
const { instanceId } = await loadInstanceKeys(database.queries, root)
const keys = createOrganizationKeys({ db: database.queries, root, instanceId })
// Any words do, as long as they are the same both times.
const context = organizationKeyContext({ instance: instanceId, orgId }, instanceId, 0)
const { byKeyId, wrapped } = await keys.wrap(orgId, Buffer.alloc(32, 7), context)
const opened = await keys.unwrap({ orgId, keyId: byKeyId }, wrapped, context)
console.log(byKeyId, opened.equals(Buffer.alloc(32, 7)))
keys.clear()
await database.close()
