import assert from "node:assert/strict"
import { keyOf } from "../access/project.ts"
import type { Endpoint } from "../http/endpoint.ts"
import type { Request } from "./access-cases.ts"
import type { Harness } from "./harness.ts"

/** The project of a request of a case. */
export async function projectOf(
  { db }: Harness,
  endpoint: Endpoint,
  request: Request,
): Promise<{ id: string; orgId: string }> {
  const { path, query, body } = request
  const reference = endpoint.inProject?.({ params: path, query: query ?? {}, body })
  assert.ok(reference)
  const [key, value] = keyOf(reference)
  assert.ok(key !== "ofToken", "the case of an endpoint names its project")
  const found = {
    id: () => db.selectFrom("projects").select(["id", "org_id"]).where("id", "=", value),
    slug: () => db.selectFrom("projects").select(["id", "org_id"]).where("slug", "=", value),
    environmentId: () =>
      db.selectFrom("environments").select(["project_id as id", "org_id"]).where("id", "=", value),
    identityMembershipId: () =>
      db
        .selectFrom("active_project_identity_memberships")
        .select(["project_id as id", "org_id"])
        .where("id", "=", value),
    secretId: () => db.selectFrom("secrets").select(["project_id as id", "org_id"]).where("id", "=", value),
    importId: () =>
      db.selectFrom("secret_imports").select(["project_id as id", "org_id"]).where("id", "=", value),
    serviceTokenId: () =>
      db.selectFrom("service_tokens").select(["project_id as id", "org_id"]).where("id", "=", value),
    snapshotId: () =>
      db.selectFrom("folder_changes").select(["project_id as id", "org_id"]).where("id", "=", value),
    folderId: () => db.selectFrom("folders").select(["project_id as id", "org_id"]).where("id", "=", value),
    userMembershipId: () =>
      db
        .selectFrom("active_project_user_memberships")
        .select(["project_id as id", "org_id"])
        .where("id", "=", value),
    roleId: () =>
      db.selectFrom("project_roles").select(["project_id as id", "org_id"]).where("id", "=", value),
    identityPrivilegeId: () =>
      db
        .selectFrom("standing_project_identity_privileges")
        .select(["project_id as id", "org_id"])
        .where("id", "=", value),
    userPrivilegeId: () =>
      db
        .selectFrom("standing_project_user_privileges")
        .select(["project_id as id", "org_id"])
        .where("id", "=", value),
  }[key]()
  const { id, org_id } = await found.executeTakeFirstOrThrow()
  assert.ok(id && org_id)
  return { id, orgId: org_id }
}
