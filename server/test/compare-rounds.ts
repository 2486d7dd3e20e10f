import { compareRights, permissionTo, type Effect, type Folder } from "../access/effective.ts"
import { projectActions } from "../access/vocabulary.ts"
import type { Sight } from "../explain/chain.ts"
import { explained } from "../explain/explain.ts"
import type { Standing } from "../explain/standing.ts"

/*
 * A comparison of two against the explanations of both: for every action, in every folder.
 */

const everything: Sight = { groups: () => true, roles: true, privileges: true }

export type Outcome = { asked: number; onlyOne: number; differences: string[] }

export function compareRound(one: Standing, other: Standing, folders: readonly Folder[]): Outcome {
  const outcome: Outcome = { asked: 0, onlyOne: 0, differences: [] }
  const compared = compareRights(one.rights, other.rights, folders)
  for (const [subject, actions] of Object.entries(projectActions)) {
    for (const action of actions) {
      const isMeant = (each: Effect) => each.subject === subject && each.action === action
      const [onlyOne, onlyOther, both] = [compared.onlyOne, compared.onlyOther, compared.both].map(
        (effects) => effects.filter(isMeant),
      )
      const effects = [onlyOne, onlyOther, both].flatMap((each) => each ?? [])
      // What neither may is in none of the folders.
      const isInFolders = effects.every((each) => each.folders)
      for (const folder of isInFolders ? folders : [undefined]) {
        const object = folder && { environment: folder.environment, secretPath: folder.path }
        const may = [one, other].map(
          (each) =>
            explained(each, { permission: permissionTo(action, subject), object }, everything).allowed,
        )
        const says = (found: Effect[] = []) =>
          found.some((each) => !folder || each.folders?.some((there) => there === folder))
        const said = [says(onlyOne) || says(both), says(onlyOther) || says(both)]
        outcome.asked++
        if (said[0] && !said[1]) outcome.onlyOne++
        if (may.join() !== said.join())
          outcome.differences.push(JSON.stringify({ subject, action, folder, may, said }))
      }
    }
  }
  return outcome
}
