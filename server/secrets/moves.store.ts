import { facts } from "../db/facts.ts"

export type MoveFacts = {
  /** Absent: the project has no such environment, or it no such folder. */
  fact_environment_id: string | null
  fact_folder_id: string | null
  fact_other_environment_id: string | null
  fact_other_folder_id: string | null
}

const place = (name: string, first: number): string => `
  left join environments ${name}_environment on ${name}_environment.org_id = $1
    and ${name}_environment.project_id = p.id and ${name}_environment.slug = $${first}::text
    and ${name}_environment.deleted_at is null
  left join folders ${name}_folder on ${name}_folder.org_id = $1
    and ${name}_folder.environment_id = ${name}_environment.id and ${name}_folder.path = $${first + 1}::text
    and ${name}_folder.ended_at is null`

type Values = [environment: string, path: string, otherEnvironment: string, otherPath: string]

/** Two folders of a project, by environment and path. */
export const moveFacts = facts<MoveFacts, Values>(`
  select own_environment.id as fact_environment_id, own_folder.id as fact_folder_id,
    other_environment.id as fact_other_environment_id, other_folder.id as fact_other_folder_id
  from (values (true)) once ${place("own", 5)} ${place("other", 7)}`)
