import assert from "node:assert/strict"
import { newId } from "../crypto/ids.ts"
import type { StoredRule } from "../db/rules.ts"
import { addToProject, type NewGrant } from "../grants/project-grants.store.ts"
import { writtenDown } from "../projects/temporary.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"

/*
 * Projects for tests. Who is in them and what they may do is written by the stores, so that a test of an endpoint needs
 * no other endpoint.
 */

export type Project = {
  id: string
  orgId: string
  name: string
  slug: string
  environments: { id: string; slug: string }[]
}

let made = 0

/** A project of the organization; its admins are the machine identity and the person who administer the organization. */
export async function addProject(
  harness: Harness,
  organization: Pick<people.Organization, "id" | "token">,
  body: Record<string, unknown> = {},
): Promise<Project> {
  const sent = { projectName: `Project ${++made}`, ...body }
  const answer = await harness.call("POST /api/v1/projects", { token: organization.token, body: sent })
  const { project } = people.ok(answer)
  for (const membershipId of await adminsOf(harness, project.orgId)) {
    await join(harness, project, { kind: "user", holderId: membershipId }, ["admin"])
  }
  return project
}

async function adminsOf({ db }: Harness, orgId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("active_organization_user_role_grants as r")
    .innerJoin("active_organization_user_memberships as m", (join) =>
      join.onRef("m.org_id", "=", "r.org_id").onRef("m.id", "=", "r.membership_id"),
    )
    .select("m.id")
    .where("r.org_id", "=", orgId)
    .where("r.role", "=", "admin")
    .execute()
  return rows.flatMap(({ id }) => id ?? [])
}

/** A role by its slug, for good, or for a time from now (or from another time). */
export type Role = string | { role: string; range: string; startsAt?: Date }
export type Member = { username: string } | { identityId: string } | { groupId: string }
type At = Pick<Project, "id" | "orgId">

/** Puts somebody or a group into a project, with roles of it by their slugs. */
export async function putInProject(
  harness: Harness,
  project: At,
  member: Member,
  ...roles: Role[]
): Promise<void> {
  await join(harness, project, await holderOf(harness, project.orgId, member), roles)
}

type Holder = { kind: "user" | "identity" | "group"; holderId: string }

async function join(harness: Harness, project: At, { kind, holderId }: Holder, roles: Role[]): Promise<void> {
  const grants: NewGrant[] = []
  for (const each of roles) {
    const asked = typeof each === "string" ? { role: each } : each
    const stored = await storedRole(harness, project, asked.role)
    const temporary =
      "range" in asked ? writtenDown({ range: asked.range, startsAt: asked.startsAt ?? new Date() }) : null
    grants.push({ id: newId(), ...stored, temporary })
  }
  const place = { kind, orgId: project.orgId, projectId: project.id, holderId }
  const outcome = await addToProject(harness.db, place, newId(), grants)
  assert.deepEqual(outcome, { project_exists: true, holder_exists: true, is_added: true })
}

async function storedRole({ db }: Harness, { id, orgId }: At, slug: string) {
  const role = await db
    .selectFrom("project_roles")
    .select("id")
    .where("org_id", "=", orgId)
    .where("project_id", "=", id)
    .where("slug", "=", slug)
    .where("deleted_at", "is", null)
    .executeTakeFirst()
  return role ? { role: "custom", custom_role_id: role.id } : { role: slug, custom_role_id: null }
}

async function holderOf({ db }: Harness, orgId: string, member: Member): Promise<Holder> {
  if ("groupId" in member) return { kind: "group", holderId: member.groupId }
  const isPerson = "username" in member
  const place = isPerson
    ? await db
        .selectFrom("active_organization_user_memberships")
        .select("id")
        .where("org_id", "=", orgId)
        .where("username", "=", member.username)
        .executeTakeFirstOrThrow()
    : await db
        .selectFrom("active_organization_identity_memberships")
        .select("id")
        .where("org_id", "=", orgId)
        .where("identity_id", "=", member.identityId)
        .executeTakeFirstOrThrow()
  return { kind: isPerson ? "user" : "identity", holderId: place.id ?? "" }
}

/** A custom role of a project. */
export async function addProjectRole(
  { db }: Harness,
  { id, orgId }: At,
  slug: string,
  permissions: StoredRule[],
): Promise<void> {
  const role = { org_id: orgId, project_id: id, id: newId(), slug, name: slug }
  await db
    .insertInto("project_roles")
    .values({ ...role, permissions: JSON.stringify(permissions) })
    .execute()
}

/** An additional privilege of somebody who is in a project. */
export async function addPrivilege(
  harness: Harness,
  { id, orgId }: At,
  member: Exclude<Member, { groupId: string }>,
  permissions: StoredRule[],
): Promise<void> {
  const { kind, holderId } = await holderOf(harness, orgId, member)
  const table = kind === "user" ? "project_user_privileges" : "project_identity_privileges"
  const privilege = { org_id: orgId, project_id: id, id: newId(), membership_id: holderId, slug: newId() }
  await harness.db
    .insertInto(table)
    .values({ ...privilege, permissions: JSON.stringify(permissions) })
    .execute()
}
