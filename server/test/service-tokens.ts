import { newId, randomHex } from "../crypto/ids.ts"
import { hashOfCode } from "../crypto/keys.ts"
import { insertServiceToken } from "../grants/service-tokens.store.ts"
import type { Harness } from "./harness.ts"

/*
 * Service tokens for tests, written by the store, so that a test of an endpoint needs no other endpoint.
 */

type Wanted = {
  /** All environments, and all paths in them, where it is left out. */
  scopes?: { environment: string; secretPath: string }[]
  permissions?: ("read" | "write")[]
  expiresIn?: number
}

/** A service token of a project, made by somebody of the organization. */
export async function addServiceToken(
  { db }: Harness,
  { id: projectId, orgId }: { id: string; orgId: string },
  { scopes, permissions = ["read", "write"], expiresIn }: Wanted = {},
): Promise<{ id: string; token: string }> {
  const environments = await db
    .selectFrom("environments")
    .select(["id", "slug"])
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .execute()
  const wanted = scopes ?? environments.map(({ slug }) => ({ environment: slug, secretPath: "/**" }))
  const maker = await db
    .selectFrom("active_organization_user_memberships")
    .select("user_id")
    .where("org_id", "=", orgId)
    .limit(1)
    .executeTakeFirstOrThrow()
  const [id, secret] = [newId(), randomHex(16)]
  const place = { orgId, projectId, makerId: maker.user_id ?? "" }
  await insertServiceToken(db, place, {
    id,
    name: "Made for a test",
    secretHash: hashOfCode(secret),
    permissions,
    expiresIn: expiresIn ?? null,
    scopes: wanted.map(({ environment, secretPath }) => ({
      environmentId: environments.find(({ slug }) => slug === environment)?.id ?? "",
      secretPath,
    })),
  })
  return { id, token: `st.${id}.${secret}` }
}
