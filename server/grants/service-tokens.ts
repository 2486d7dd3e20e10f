import type { Granted } from "../access/boundary.ts"
import type { Queries } from "../db/database.ts"
import * as store from "./service-tokens.store.ts"

/*
 * The only way to a service token, which opens places of a project to whoever has it: shown that the guard was asked.
 */

/** Makes a service token of a project. */
export const giveToToken = (
  db: Queries,
  _granted: Granted,
  place: store.Place,
  token: store.NewServiceToken,
): Promise<void> => store.insertServiceToken(db, place, token)
