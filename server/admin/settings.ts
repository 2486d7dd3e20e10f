import type { Queries } from "../db/database.ts"
import { forbidden } from "../errors.ts"
import { isSetUp } from "./instance.store.ts"
import * as store from "./settings.store.ts"

/** Throws 403 unless people may make accounts by themselves here, with an address of this domain. */
export async function requireSignUpAllowed(db: Queries, address: string): Promise<void> {
  if (!(await isSetUp(db))) throw forbidden("This server has not been set up yet")
  const settings = await store.instanceSettings(db)
  if (!settings.allow_sign_up) throw forbidden("This server takes no sign-ups: ask for an invitation")
  const domains = listed(settings.allowed_sign_up_domain)
  if (domains.length > 0 && !domains.includes(domainOf(address))) {
    throw forbidden("This server takes no sign-ups of this domain: ask for an invitation")
  }
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf("@") + 1)

const listed = (domains: string | null): string[] =>
  (domains ?? "")
    .split(",")
    .map((domain) => domain.trim().toLowerCase())
    .filter((domain) => domain !== "")

export type InstanceConfig = store.SettingsRow & { isInitialized: boolean }

/** What anybody may know of the instance before they sign in. */
export async function instanceConfig(db: Queries): Promise<InstanceConfig> {
  return { ...(await store.instanceSettings(db)), isInitialized: await isSetUp(db) }
}

/** Changes who may sign up; "" lets addresses of every domain. What is not sent stays as it is. */
export async function updateConfig(
  db: Queries,
  changes: { allowSignUp?: boolean | undefined; allowedSignUpDomain?: string | undefined },
): Promise<InstanceConfig> {
  const { allowSignUp, allowedSignUpDomain } = changes
  if (allowSignUp === undefined && allowedSignUpDomain === undefined) return instanceConfig(db)
  const domains = allowedSignUpDomain === undefined ? undefined : listed(allowedSignUpDomain).join(",")
  const settings = await store.updateSettings(db, {
    ...(allowSignUp === undefined ? {} : { allow_sign_up: allowSignUp }),
    ...(domains === undefined ? {} : { allowed_sign_up_domain: domains === "" ? null : domains }),
  })
  return { ...settings, isInitialized: await isSetUp(db) }
}
