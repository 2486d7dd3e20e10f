import type { Granted } from "../access/boundary.ts"
import type { Queries } from "../db/database.ts"
import * as store from "./privileges.store.ts"

/*
 * The only way to an additional privilege in a project, shown that the privilege guard was asked.
 */

/** Gives somebody who is in a project a privilege there. */
export const giveInProject = (
  db: Queries,
  _granted: Granted,
  place: store.Place,
  privilege: store.NewPrivilege,
): Promise<void> => store.insertPrivilege(db, place, privilege)

/** Makes a locked privilege another one: its slug, what it allows, or for how long. */
export const changeInProject = (
  db: Queries,
  _granted: Granted,
  privilege: { kind: store.Kind; orgId: string; id: string },
  changes: store.PrivilegeChanges,
): Promise<void> => store.updatePrivilege(db, privilege, changes)
