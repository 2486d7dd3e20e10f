import { badRequest, DomainError, invalid, unavailable } from "../errors.ts"

/** What a broken constraint means to the caller, by the constraint's name. A race gets the answer of the check. */
const meanings: Record<string, () => DomainError> = {
  group_names_are_unique: () => badRequest("Another group of the organization already has this name"),
  group_slugs_are_unique: () => badRequest("Another group of the organization already has this slug"),
  project_slugs_are_unique: () => badRequest("Another project of the organization already has this slug"),
  project_template_names_are_unique: () =>
    badRequest("Another project template of the organization already has this name"),
  environment_slugs_are_unique: () =>
    badRequest("Another environment of the project already has this slug", { name: "CreateEnvironment" }),
  project_role_slugs_are_unique: () => badRequest("Another role of the project already has this slug"),
  user_privilege_slugs_are_unique: () => badRequest("The user already has a privilege with this slug"),
  identity_privilege_slugs_are_unique: () =>
    badRequest("The machine identity already has a privilege with this slug"),
  tag_slugs_are_unique: () => badRequest("Another tag of the project already has this slug"),
  secret_names_are_unique: () => badRequest("There is a secret of this name already"),
  folder_names_are_unique: () => badRequest("The folder already holds one of this name"),
  folder_path_is_of_bounded_length: () => badRequest("The path of the folder is too long"),
  role_slugs_are_unique: () =>
    badRequest("Another role of the organization already has this slug", { name: "Create Role" }),
  // In words that do not say that somebody has it.
  usernames_are_unique: () => badRequest("This address cannot be used"),
  one_open_membership_per_username_and_organization: () => badRequest("This address cannot be used"),
  organization_slugs_are_unique: () => badRequest("Another organization already has this slug"),
  instance_is_set_up_once: () => badRequest("The instance has already been set up"),
  one_auth_method_of_a_kind_per_identity: () =>
    badRequest("This auth method is already attached to the machine identity"),
}

/** SQLSTATEs, and codes of the network, that mean that the database is away or too busy. */
const away = new Set([
  "57P01",
  "57P02",
  "57P03",
  "57014",
  "55P03",
  "53100",
  "53200",
  "53300",
  "58030",
  // Of a statement whose preparation, sent just before it on the same connection, came to nothing.
  "26000",
  // Of a standby that is not promoted yet.
  "25006",
  "25P03",
  "08000",
  "08001",
  "08003",
  "08006",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "EAI_AGAIN",
])
const awayWords =
  /Connection terminated|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/

/** SQLSTATEs of text that PostgreSQL cannot hold. */
const unstorable = new Set(["22021", "22P05"])

/** True when the rows that are there do not allow the statement: it is refused, and all else is as before. */
export const isConflict = (error: unknown): boolean => /^(23|40)[0-9A-Z]{3}$/.test(String(codeOf(error)))

/** True when the same transaction may succeed if it is simply run again: a deadlock or a failed serialization. */
export const isTransient = (error: unknown): boolean => ["40P01", "40001"].includes(String(codeOf(error)))

/**
 * True when the database has said that the statement failed, so that nothing of it was done. A connection that broke,
 * or a server that went down, may have done it all the same.
 */
export const isUndone = (error: unknown): boolean =>
  // What begins with E is a code of the network, such as EPIPE.
  /^(?!08|57|58|XX|E)[0-9A-Z]{5}$/.test(String(codeOf(error)))

const isAway = (error: Error): boolean => away.has(String(codeOf(error))) || awayWords.test(error.message)

/** True when the database has not answered, or its answer was that it goes down or was too slow. */
export const isLost = (error: unknown): boolean => error instanceof Error && isAway(error) && !isUndone(error)

/** Turns what the driver throws into a refusal that a caller understands; anything else comes back unchanged. */
export function translate(error: unknown): unknown {
  if (error instanceof DomainError || !(error instanceof Error)) return error
  const code = String(codeOf(error))
  const meaning = "constraint" in error ? meanings[String(error.constraint)] : undefined
  if (meaning) return meaning()
  if (unstorable.has(code)) return invalid([], "The input has characters that cannot be stored")
  if (isAway(error) || isTransient(error)) {
    return unavailable("The database is not available at the moment; try again shortly", { cause: error })
  }
  return error
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined
