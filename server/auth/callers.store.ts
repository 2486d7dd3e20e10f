import { run, type Queries } from "../db/database.ts"
import type { Facts } from "../db/facts.ts"
import { parted } from "../db/gathered.ts"

/** The project that a request is about, and what the caller has in it; absent where it is about none. */
export type ProjectColumns = {
  /** Absent: there is no such project in the organization. */ project_id?: string | null
  project_name?: string
  project_slug?: string
  project_type?: string
  is_in_project?: boolean
  /** What the caller's roles and privileges in it mean, see the views `held_project_…_rules`. */
  project_rules?: string[]
}

export type UserRow = ProjectColumns & {
  /** What the organization notes about the person, for the templates of rules. */
  metadata?: { key: string; value: string }[] | null
  access_version: number
  is_ended: boolean
  /** Whether its last use was noted long enough ago to note this one. */ is_use_due: boolean
  username: string
  email: string | null
  is_accepted: boolean
  is_super_admin: boolean
  is_mfa_enabled: boolean
  is_mfa_verified: boolean
  /** Absent when the person is no member of the selected organization. */ membership_id: string | null
  is_inactive: boolean
  uses_new_privilege_system: boolean
  /** What the held roles mean, see the views `held_…_roles`. */ roles: string[]
}

export type MachineRow = ProjectColumns & {
  /** Pairs of key and value. */ metadata?: [key: string, value: string][]
  is_revoked: boolean
  is_expired: boolean
  /** Has a limit of uses, so that this one must be counted. */ is_limited: boolean
  /** From where the token may be used; absent where that is everywhere. */ trusted_ips: string[] | null
  is_instance_admin: boolean
  name: string
  membership_id: string | null
  uses_new_privilege_system: boolean
  roles: string[]
}

export type ServiceRow = ProjectColumns & {
  org_id: string
  id: string
  name: string
  secret_hash: string
  permissions: string[]
  /** Pairs of an environment's slug and a path. */ scopes: [environment: string, secretPath: string][]
  is_expired: boolean
  is_use_due: boolean
}

type AnyFacts = Facts<unknown, unknown[]>

/** What else the statement reads, and from where. */
const factsOf = (facts: AnyFacts | undefined): { columns: string; join: string } =>
  facts ? { columns: ", f.*", join: `left join lateral (${facts.sql}) f on true` } : { columns: "", join: "" }

/** The project that something in it belongs to; `from` finds one row or none by `$4`. */
const projectOfOne = (from: string): string =>
  `projects p where p.org_id = $1 and p.id = (select one.project_id from ${from})`

/** What has not ended, in an environment that is there. */
const inEnvironment = (table: "folders" | "secrets" | "secret_imports"): string => `
  ${table} one where one.org_id = $1 and one.id = $4::uuid and one.ended_at is null
    and exists (
      select from environments e where e.org_id = $1 and e.id = one.environment_id and e.deleted_at is null
    )`

/**
 * How a request may name a project; `$4` is the value. What is found first is found alone, not by a join: whatever the
 * statistics say of tables that are growing, it costs a look-up and no more.
 */
const projectBy = {
  id: "projects p where p.org_id = $1 and p.id = $4::uuid",
  slug: "projects p where p.org_id = $1 and p.slug = $4::text",
  environmentId: projectOfOne(
    "environments one where one.org_id = $1 and one.id = $4::uuid and one.deleted_at is null",
  ),
  identityMembershipId: projectOfOne(
    "active_project_identity_memberships one where one.org_id = $1 and one.id = $4::uuid",
  ),
  folderId: projectOfOne(inEnvironment("folders")),
  userMembershipId: projectOfOne(
    "active_project_user_memberships one where one.org_id = $1 and one.id = $4::uuid",
  ),
  roleId: projectOfOne(
    "project_roles one where one.org_id = $1 and one.id = $4::uuid and one.deleted_at is null",
  ),
  identityPrivilegeId: projectOfOne(
    "standing_project_identity_privileges one where one.org_id = $1 and one.id = $4::uuid",
  ),
  userPrivilegeId: projectOfOne(
    "standing_project_user_privileges one where one.org_id = $1 and one.id = $4::uuid",
  ),
  secretId: projectOfOne(inEnvironment("secrets")),
  importId: projectOfOne(inEnvironment("secret_imports")),
  serviceTokenId: projectOfOne(
    "open_service_tokens one where one.org_id = $1 and one.id = $4::uuid and not one.is_expired",
  ),
  /** Its value is null: who is no service token has no project of their own. */
  ofToken: "projects p where p.org_id = $1 and p.id = $4::uuid",
  snapshotId: projectOfOne(`
    (select folder_id from folder_changes where org_id = $1 and id = $4::uuid) change
    join folders one on one.org_id = $1 and one.id = change.folder_id and one.ended_at is null
    join environments e on e.org_id = $1 and e.id = one.environment_id and e.deleted_at is null`),
} as const
type ProjectKey = keyof typeof projectBy

const projectColumns =
  "p.id as project_id, p.name as project_name, p.slug as project_slug, p.type as project_type"
const projectFrom = (by: string): string =>
  `select p.id, p.name, p.slug, p.type from ${by} and p.deleted_at is null`

/** The project, and what the caller has in it: `metadata` is where what is noted about the caller is read from. */
const projectOf = (
  key: ProjectKey | undefined,
  kind: "user" | "identity",
  metadata: string,
): { columns: string; join: string } =>
  key === undefined
    ? { columns: "", join: "" }
    : {
        columns: `, ${projectColumns},
    ${metadata} as metadata,
    exists (
      select from project_${kind}_places where org_id = $1 and project_id = p.id and membership_id = m.id
    ) as is_in_project,
    array(
      select rules_key from held_project_${kind}_rules
      where org_id = $1 and project_id = p.id and membership_id = m.id
    ) as project_rules`,
        join: `left join lateral (${projectFrom(projectBy[key])}) p on true`,
      }

type Read = { facts: AnyFacts | undefined; project: ProjectKey | undefined }

function userSql({ facts, project }: Read): string {
  const read = [projectOf(project, "user", "m.metadata"), factsOf(facts)]
  return `
  select s.access_version, s.ended_at is not null as is_ended,
    s.last_used_at < statement_timestamp() - interval '1 minute' as is_use_due,
    u.username, u.email, u.is_accepted, u.is_super_admin,
    u.is_mfa_enabled, s.mfa_verified_at is not null as is_mfa_verified,
    m.id as membership_id, m.deactivated_at is not null as is_inactive,
    coalesce(o.uses_new_privilege_system, true) as uses_new_privilege_system,
    array(
      select role_key from held_user_roles where org_id = $1 and membership_id = m.id
    ) as roles
    ${read.map(({ columns }) => columns).join("")}
  from sessions s
  join users u on u.id = s.user_id
  left join active_organization_user_memberships m
    on m.org_id = $1::uuid and m.user_id = u.id and m.accepted_at is not null
  left join organizations o on o.id = $1
  ${read.map(({ join }) => join).join("\n  ")}
  where s.id = $2 and s.user_id = $3 and not s.is_removed`
}

const notedAboutIdentity = `array(
      select array[d.key, d.value] from identity_metadata d
      where d.org_id = $1 and d.identity_id = i.id and d.removed_at is null
    )`

function machineSql({ facts, project }: Read): string {
  const read = [projectOf(project, "identity", notedAboutIdentity), factsOf(facts)]
  return `
  select t.revoked_at is not null or a.removed_at is not null as is_revoked,
    coalesce(t.expires_at <= statement_timestamp(), false) as is_expired, t.num_uses_limit > 0 as is_limited,
    nullif(a.access_token_trusted_ips, '{0.0.0.0/0,::/0}') as trusted_ips,
    i.name, i.is_instance_admin, m.id as membership_id,
    o.uses_new_privilege_system,
    array(
      select role_key from held_identity_roles where org_id = $1 and membership_id = m.id
    ) as roles
    ${read.map(({ columns }) => columns).join("")}
  from identity_access_tokens t
  join identity_auth_methods a on a.org_id = t.org_id and a.id = t.auth_method_id
  join organizations o on o.id = t.org_id
  join identities i on i.org_id = t.org_id and i.id = t.identity_id and i.deleted_at is null
  left join active_organization_identity_memberships m on m.org_id = $1 and m.identity_id = i.id
  ${read.map(({ join }) => join).join("\n  ")}
  where t.org_id = $1::uuid and t.id = $2 and t.identity_id = $3`
}

const isUseDue = "coalesce(last_used_at < statement_timestamp() - interval '1 minute', true)"

/**
 * A service token does not say of which organization it is: wherever other callers name theirs, it is that of the row.
 * Its id, which is the caller's own, too, comes first, and the values of the request follow it.
 */
function serviceSql({ facts, project }: Read): string {
  const own = "projects p where p.org_id = $1 and p.id = (select project_id from token) and $4::uuid is null"
  const by = project === "ofToken" ? own : project && projectBy[project]
  const { columns, join } = factsOf(facts)
  const text = `
  with token as (
    select t.* from open_service_tokens t
    join projects own on own.org_id = t.org_id and own.id = t.project_id and own.deleted_at is null
    where t.id = $3::uuid
  )
  select t.org_id, t.id, t.name, t.secret_hash, t.permissions, t.scopes, t.is_expired,
    ${isUseDue} as is_use_due
    ${by ? `, ${projectColumns}, p.id = t.project_id as is_in_project` : ""}${columns}
  from token t
  ${by ? `left join lateral (${projectFrom(by)}) p on true` : ""}
  ${join}`
  return text.replaceAll(/\$(\d+)/g, (_whole, number: string) =>
    number === "1" ? "(select org_id from token)" : `$${Number(number) - 2}`,
  )
}

/**
 * Who asks for several things at once is read once: only the facts are each request's own. A service token is not, for
 * whom no organization is known before it was read.
 */
function inParts(sqlOf: (read: Read) => string, read: Read): string {
  const { facts, project } = read
  if (!facts) return sqlOf(read)
  const { columns, join } = factsOf(facts)
  const place = project ? "cross join lateral (select shared_part.project_id as id) p" : ""
  return parted(sqlOf(read), {
    first: sqlOf({ facts: undefined, project }),
    shared: project ? 4 : 3,
    own: { columns, join: `${place} ${join}` },
  })
}

type Texts = { user: string; machine: string; service: string }
const texts = new Map<AnyFacts | undefined, Map<ProjectKey | undefined, Texts>>()

function textsOf(read: Read): Texts {
  const ofFacts = texts.get(read.facts) ?? new Map<ProjectKey | undefined, Texts>()
  texts.set(read.facts, ofFacts)
  const made = ofFacts.get(read.project) ?? {
    user: inParts(userSql, read),
    machine: inParts(machineSql, read),
    service: serviceSql(read),
  }
  ofFacts.set(read.project, made)
  return made
}

/** What to read beside the caller, with the values of this request. */
export type Beside = {
  facts: AnyFacts | undefined
  values: unknown[]
  /** An id that is no UUID is null, and names nothing. */
  project: { key: ProjectKey; value: string | null } | undefined
}

const readOf = ({ facts, project }: Beside): Read => ({ facts, project: project?.key })
const valuesOf = ({ project, values }: Beside): unknown[] => [...(project ? [project.value] : []), ...values]

/** The person of a session, with membership and roles in the selected organization (null: none selected). */
export async function userCaller(
  db: Queries,
  ids: { orgId: string | null; sessionId: string; userId: string },
  beside: Beside,
): Promise<UserRow | undefined> {
  const values = [ids.orgId, ids.sessionId, ids.userId, ...valuesOf(beside)]
  const [row] = await run<UserRow>(db, textsOf(readOf(beside)).user, values)
  return row
}

/** The machine identity of an access token, with its membership and roles in its organization. */
export async function machineCaller(
  db: Queries,
  ids: { orgId: string; tokenId: string; identityId: string },
  beside: Beside,
): Promise<MachineRow | undefined> {
  const values = [ids.orgId, ids.tokenId, ids.identityId, ...valuesOf(beside)]
  const [row] = await run<MachineRow>(db, textsOf(readOf(beside)).machine, values)
  return row
}

/** A service token of a project that is there, unless it was deleted. */
export async function serviceCaller(
  db: Queries,
  tokenId: string,
  beside: Beside,
): Promise<ServiceRow | undefined> {
  const [row] = await run<ServiceRow>(db, textsOf(readOf(beside)).service, [tokenId, ...valuesOf(beside)])
  return row
}

/** Notes that a service token was used, of any number at once the first. */
export async function noteServiceUse(db: Queries, orgId: string, tokenId: string): Promise<void> {
  const text = `
  update service_tokens set last_used_at = statement_timestamp() where org_id = $1 and id = $2 and ${isUseDue}`
  await run(db, text, [orgId, tokenId])
}
