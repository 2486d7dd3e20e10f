import type { Granted } from "../access/boundary.ts"
import type { auditRow } from "../audit/audit.ts"
import { newId } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import * as founding from "./project-founding.store.ts"
import * as store from "./project-grants.store.ts"

/*
 * The only way to a place or a role in a project, in the manner of `grants.ts`.
 */

export type { AddOutcome } from "./project-grants.store.ts"

/** A role that is to be given: for good, or from one time to another. */
export type NewProjectRole = Omit<store.NewGrant, "id">

/** Lists answer what was given at once by id, that is, in this order. */
function written(roles: readonly NewProjectRole[]): store.NewGrant[] {
  const ids = roles.map(() => newId()).toSorted()
  return roles.map((role, index) => ({ ...role, id: ids[index] ?? newId() }))
}

/** What is there from the beginning, and of whom; its admin is who makes it. */
export type NewProject = founding.NewProject
type Founder = { kind: "user" | "identity"; membershipId: string }

/**
 * Makes a project, with its environments, its roles and the audit row: one statement. Undefined when the slug is taken,
 * or the founder has left the organization.
 */
export const foundProject = (
  db: Queries,
  _granted: Granted,
  { founder, ...project }: NewProject & { founder: Founder },
  audit: ReturnType<typeof auditRow>,
): ReturnType<typeof founding.insertProject> =>
  founding.insertProject(db, project, { ...founder, projectMembershipId: newId(), grantId: newId() }, audit)

/**
 * Puts somebody, or a group, into a project with roles: one statement, which looks again whether both are there. Says
 * what stood in the way if anything.
 */
export const joinProject = (
  db: Queries,
  _granted: Granted,
  place: store.Place,
  { id, roles }: { id: string; roles: readonly NewProjectRole[] },
): Promise<store.AddOutcome> => store.addToProject(db, place, id, written(roles))

/** Ends all roles of a membership in a project, which is to be locked, and gives these in their place. */
export const replaceProjectRoles = (
  db: Queries,
  _granted: Granted,
  membership: store.Membership,
  roles: readonly NewProjectRole[],
): Promise<void> => store.replaceGrants(db, membership, written(roles))
