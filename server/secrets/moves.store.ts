import { facts } from "../db/facts.ts"
import { folderAt } from "../db/paths.ts"

export type MoveFacts = {
  /** Absent: the project has no such environment, or it no such folder. */
  fact_environment_id: string | null
  fact_folder_id: string | null
  fact_other_environment_id: string | null
  fact_other_folder_id: string | null
}

type Values = [environment: string, path: string, otherEnvironment: string, otherPath: string]

/** Two folders of a project, by environment and path. */
export const moveFacts = facts<MoveFacts, Values>(`
  select own_environment.id as fact_environment_id, own_folder.id as fact_folder_id,
    other_environment.id as fact_other_environment_id, other_folder.id as fact_other_folder_id
  from (values (true)) once
  ${folderAt("own_environment", "own_folder", 5)} ${folderAt("other_environment", "other_folder", 7)}`)
