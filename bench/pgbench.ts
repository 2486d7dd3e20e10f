import { spawn } from "node:child_process"
import { once } from "node:events"
import { accessSync, constants } from "node:fs"
import { writeFile } from "node:fs/promises"
import { delimiter, join } from "node:path"
import type { Address } from "./database.ts"
import { median } from "./machine.ts"

/** Where pgbench is: what PGBENCH names, else the first in PATH; undefined when there is none. */
export function findPgbench(): string | undefined {
  const named = process.env["PGBENCH"]
  if (named) return named
  const candidates = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "pgbench"))
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export type PgbenchOrder = {
  /** One for each group; transactions draw one of them. */ scripts: readonly string[]
  clients: number
  /** The first is a warm-up and not counted. */ seconds: number
  firstPerson: number
}

// As long as what the server writes, and parsed by PostgreSQL each time as that is.
const metadata = {
  event: JSON.stringify({
    groupId: "019a0000-0000-7000-8000-000000000001",
    groupName: "Engineering 1",
    userId: "019a0000-0000-7000-8000-000000000002",
    username: "person-1000000@example.com",
  }),
  actor: JSON.stringify({
    identityId: "019a0000-0000-7000-8000-000000000003",
    name: "Instance Admin Identity",
    authMethod: "token-auth",
  }),
}

/** Transactions a second: the median of the seconds after the first, in which connections warm up. */
export async function runPgbench(pgbench: string, address: Address, order: PgbenchOrder): Promise<number> {
  const { host, port, user, password, database } = address
  const define = { first: order.firstPerson, clients: order.clients, done: 0, ...metadata }
  const child = spawn(
    pgbench,
    [
      "--no-vacuum",
      "--protocol=prepared",
      "--progress=1",
      "--jobs=2",
      `--client=${order.clients}`,
      `--time=${order.seconds}`,
      ...Object.entries(define).map(([name, value]) => `--define=${name}=${value}`),
      ...order.scripts.map((script) => `--file=${script}`),
      database,
    ],
    {
      env: { ...process.env, PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password },
      stdio: ["ignore", "ignore", "pipe"],
    },
  )
  let progress = ""
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (progress += chunk))
  const [code] = (await once(child, "close")) as [number | null]
  if (code !== 0) throw new Error(`pgbench ended with ${code}: ${progress.trim().split("\n").at(-1)}`)
  const rates = [...progress.matchAll(/^progress: [\d.]+ s, ([\d.]+) tps/gm)].map((match) => Number(match[1]))
  return median(rates.slice(1, order.seconds))
}

export type Work = { orgId: string; identityId: string; tokenId: string; groupIds: readonly string[] }

/** Writes the scripts of one way to do the work into the folder, one for each group. */
export async function writeScripts(folder: string, way: "four" | "one", work: Work): Promise<string[]> {
  const text = { four: fourStatements, one: oneStatement }[way]
  return Promise.all(
    work.groupIds.map(async (groupId, index) => {
      const file = join(folder, `${way}-${index}.sql`)
      await writeFile(file, text(idsOf(work, groupId)))
      return file
    }),
  )
}

type Ids = Record<"org" | "identity" | "token" | "group", string>

const idsOf = ({ orgId, identityId, tokenId }: Work, groupId: string): Ids => ({
  org: `'${orgId}'::uuid`,
  identity: `'${identityId}'::uuid`,
  token: `'${tokenId}'::uuid`,
  group: `'${groupId}'::uuid`,
})

/** Every client takes every so many-th person, so that none is added twice. */
const nextPerson = `\\set person :first + :done * :clients + :client_id
\\set done :done + 1
`

const callerSql = ({ org, identity, token }: Ids): string => `
  select t.revoked_at is not null as is_revoked,
    coalesce(t.expires_at <= statement_timestamp(), false) as is_expired,
    i.name, m.id as caller_membership_id,
    array(
      select role from active_organization_identity_role_grants where org_id = ${org} and membership_id = m.id
    ) as roles
  from identity_access_tokens t
  join identities i on i.org_id = t.org_id and i.id = t.identity_id and i.deleted_at is null
  left join active_organization_identity_memberships m on m.org_id = ${org} and m.identity_id = i.id
  where t.org_id = ${org} and t.id = ${token} and t.identity_id = ${identity}`

const factsSql = ({ org, group }: Ids): string => `
  select g.id as group_id, g.name as group_name, g.slug as group_slug,
    m.id as membership_id, m.user_id, m.username, coalesce(m.invite_email, u.email) as email,
    case when m.accepted_at is not null then u.first_name end as first_name,
    case when m.accepted_at is not null then u.last_name end as last_name,
    exists (
      select from active_group_user_memberships gm
      where gm.org_id = ${org} and gm.group_id = ${group} and gm.membership_id = m.id
    ) as is_in_group
  from groups g, active_organization_user_memberships m
  join users u on u.id = m.user_id
  where g.org_id = ${org} and g.id = ${group} and g.deleted_at is null
    and m.org_id = ${org} and m.username = 'person-' || :person || '@example.com'`

/** Group and member are held against their end, as the server holds them. */
const insertMemberSql = ({ org, group }: Ids, membershipId: string): string => `
  with held_group as (
    select id from groups where org_id = ${org} and id = ${group} and deleted_at is null for key share
  ), held_member as (
    select id from organization_user_memberships
    where org_id = ${org} and id = ${membershipId} and not is_closed and valid_from <= statement_timestamp()
      and (valid_until is null or valid_until > statement_timestamp())
    for key share
  ), added as (
    insert into group_user_memberships (org_id, id, group_id, membership_id)
    select ${org}, uuidv7(), held_group.id, held_member.id from held_group, held_member
    on conflict (org_id, group_id, membership_id) where not is_closed do nothing
    returning id
  )`

const auditSql = ({ org, identity }: Ids): string => `
  insert into audit_logs
    (org_id, id, event_type, event_metadata, actor_type, actor_id, actor_metadata, ip_address, user_agent,
    user_agent_type)
  select ${org}, uuidv7(), 'add-user-to-group', :event::jsonb, 'identity', ${identity},
    :actor::jsonb, '127.0.0.1', 'bench', 'other'`

const fourStatements = (ids: Ids): string => `${nextPerson}begin;
${callerSql(ids)} \\gset
${factsSql(ids)} \\gset
${insertMemberSql(ids, ":membership_id::uuid")}
  select id as added_id from added \\gset
${auditSql(ids)};
commit;
`

const oneStatement = (ids: Ids): string => `${nextPerson}
${insertMemberSql(ids, "(select membership_id from facts)")
  .trimStart()
  .replace("with held_group", `with caller as (${callerSql(ids)}), facts as (${factsSql(ids)}), held_group`)},
  recorded as (${auditSql(ids)} from added returning id)
  select caller.*, facts.*, exists (select from recorded) as is_added from caller, facts;
`
