import type { SubjectFields } from "../access/conditions.ts"
import { organizationActions, projectActions, type Permission } from "../access/vocabulary.ts"
import { badRequest } from "../errors.ts"

/** Something that somebody may be allowed to do; without a project in the organization. */
export type Question = { permission: Permission; object: SubjectFields | undefined }

/** How it is asked. */
export type Asked = {
  subject: string
  action: string
  projectId?: string | undefined
  environment?: string | undefined
  secretPath?: string | undefined
}

/** Throws 400 for a right that there is not, and for a place where there are none. */
export function questionOf({ subject, action, projectId, environment, secretPath }: Asked): Question {
  if (environment === undefined && secretPath !== undefined) {
    throw badRequest("Name the environment that the path is in")
  }
  if (environment !== undefined && projectId === undefined) {
    throw badRequest("Name the project that the environment is in")
  }
  const permission = permissionOf(
    projectId === undefined ? organizationActions : projectActions,
    subject,
    action,
  )
  if (!permission) {
    const where = projectId === undefined ? "an organization" : "a project"
    throw badRequest(`There is no right to ${action} on ${subject} in ${where}`)
  }
  if (environment === undefined) return { permission, object: undefined }
  return { permission, object: { environment, secretPath: secretPath ?? "/" } }
}

function permissionOf(
  actions: Readonly<Record<string, readonly string[]>>,
  subject: string,
  action: string,
): Permission | undefined {
  if (!Object.hasOwn(actions, subject) || !actions[subject]?.includes(action)) return undefined
  // It is one of the pairs that the type lists, which is what was just looked up.
  return [action, subject] as unknown as Permission
}
