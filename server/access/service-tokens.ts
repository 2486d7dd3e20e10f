import { rightsOf, type Rights } from "./can.ts"
import { globFault } from "./globs.ts"
import { spelledOut } from "./project-rules.ts"
import type { Rule } from "./roles.ts"

/*
 * What a service token may do. It says so in words of its own, which are turned into rules of its project, so that it is
 * judged as everybody is.
 */

/** A place that a token opens: an environment by its slug, and a path of folders in it or a pattern of paths. */
export type Scope = { environment: string; secretPath: string }

export const serviceTokenPermissions = ["read", "write"] as const
export type ServiceTokenPermission = (typeof serviceTokenPermissions)[number]

const subjects = ["secrets", "secret-folders", "secret-imports"]
const actions: Record<ServiceTokenPermission, string[]> = {
  read: ["read"],
  write: ["create", "edit", "delete"],
}

/** The rules of a project that say the same. */
export function rulesOfServiceToken(
  scopes: readonly Scope[],
  permissions: readonly ServiceTokenPermission[],
): readonly Rule[] {
  const action = serviceTokenPermissions
    .filter((permission) => permissions.includes(permission))
    .flatMap((permission) => actions[permission])
  const rules = scopes.flatMap(({ environment, secretPath }) => {
    // What can be said of a path as it stands is said so: of two patterns less can be proved.
    const isPattern = /[^\w/-]/.test(secretPath)
    const conditions = { environment, secretPath: isPattern ? { $glob: secretPath } : secretPath }
    return subjects.map((subject) => ({ subject, action, conditions }))
  })
  return spelledOut(rules)
}

/** What the token may do in its project. */
export const rightsOfServiceToken = (
  scopes: readonly Scope[],
  permissions: readonly ServiceTokenPermission[],
): Rights =>
  rightsOf(`service-token|${JSON.stringify([scopes, permissions])}`, () =>
    rulesOfServiceToken(scopes, permissions),
  )

/** What is wrong with the path of a scope that somebody sends, or undefined. */
export const scopePathFault = (path: string): string | undefined =>
  path.startsWith("/") ? globFault(path) : "A path begins with /"
