import { auditColumns, auditLists, auditListsFrom, type AuditRow } from "../db/audit-row.ts"
import { run, type Queries } from "../db/database.ts"
import type { Writer } from "../db/folder-change.ts"
import {
  callerInProjectValueCount,
  callerListsInProjects,
  lockedFor,
  standingCallersInProjects,
  type JudgedInProject,
  type Waiting,
} from "../db/standing.ts"
import { givenSecrets, keepVersionsBy, secretInsert, type WrittenSecret } from "../db/written-secret.ts"
import { writtenTogether } from "../db/written-together.ts"

/*
 * New shared secrets, each with its audit row. Those of one organization that come together are written by one statement,
 * which looks again at what they hang on; see docs/decisions/0011.
 */

/** A new shared secret, and who makes it where. */
export type Creation = {
  orgId: string
  folderId: string
  writer: Writer
  judgedBy: JudgedInProject
  secret: WrittenSecret
  audit: AuditRow
}

export type CreationOutcome = {
  /** Whether what the caller was judged by is as it was then. */ is_standing: boolean
  folder_exists: boolean
  /** When it was made, in milliseconds; null: it was not, since something stood in the way. */
  created_at: number | null
}

const callersAt = 3
const auditAt = callersAt + callerInProjectValueCount

/*
 * Folders are locked against their end while the rows go in. All locks are taken and all rows written in one order. Of
 * several of one name the first that came is made. A folder notes one change for what one writer makes in one statement.
 */
const createSql = (caller: JudgedInProject["kind"], waiting: Waiting): string => `
  with given as (${givenSecrets("$2", "number int, caller int, folder_id uuid, writer_kind text, writer_id uuid,")}
  ), events as (
    select * from unnest(${auditListsFrom(auditAt)}) with ordinality as events(${auditColumns}, number)
  ), ${standingCallersInProjects(caller, callersAt, waiting)}, held_folders as (
    select org_id, project_id, environment_id, id from folders
    where org_id = $1 and id = any(array(select folder_id from given)) and ended_at is null
    order by id ${lockedFor("key share", waiting)}
  ), written as (
    ${secretInsert}
    from given n join held_folders f on f.id = n.folder_id
    where n.caller in (select number from standing)
    order by n.folder_id, n.key, n.number
    on conflict (org_id, folder_id, key, owner_id) where ended_at is null do nothing
    returning org_id, project_id, environment_id, folder_id, id, created_at
  ), kept as (${keepVersionsBy("n.writer_kind", "n.writer_id")}
  ), noted as (
    insert into folder_changes (org_id, project_id, environment_id, folder_id, actor_kind, actor_id)
    select distinct s.org_id, s.project_id, s.environment_id, s.folder_id, n.writer_kind, n.writer_id
    from written s join given n on n.id = s.id
    on conflict (org_id, folder_id, changed_at, actor_id) do nothing
    returning id
  ), made as (
    select n.number, s.created_at from written s join given n on n.id = s.id
  ), recorded as (
    insert into audit_logs (${auditColumns})
    select ${auditColumns} from events where number in (select number from made)
  )
  select number, folder_id in (select id from held_folders) as folder_exists,
    caller in (select number from standing) as is_standing,
    extract(epoch from made.created_at)::float8 * 1000 as created_at
  from given left join made using (number)`

const textsOf = (caller: JudgedInProject["kind"]) => ({
  waits: createSql(caller, "waits"),
  skips: createSql(caller, "skips"),
})
const texts = { user: textsOf("user"), machine: textsOf("machine") }

function valuesOf(creations: readonly Creation[]): unknown[] {
  const { lists, numbers } = callerListsInProjects(creations.map(({ judgedBy }) => judgedBy))
  const given = creations.map(({ folderId, writer, secret }, index) => ({
    ...secret,
    number: index + 1,
    caller: numbers[index],
    folder_id: folderId,
    writer_kind: writer.kind,
    writer_id: writer.id,
  }))
  const events = auditLists(creations.map(({ audit }) => audit))
  return [creations[0]?.orgId, JSON.stringify(given), ...lists, ...events]
}

async function send(
  db: Queries,
  creations: readonly Creation[],
  waiting: Waiting,
): Promise<CreationOutcome[]> {
  const [first] = creations
  if (!first) return []
  const text = texts[first.judgedBy.kind][waiting]
  const outcomes: CreationOutcome[] = []
  const rows = await run<CreationOutcome & { number: number }>(db, text, valuesOf(creations))
  for (const row of rows) outcomes[row.number - 1] = row
  return outcomes
}

/** Writes a secret; says what stood in the way if it could not. `db` is the pool, or a transaction. */
export const insertSecret = writtenTogether<Creation, CreationOutcome>({
  keyOf: ({ orgId, judgedBy }) => `${orgId} ${judgedBy.kind}`,
  send,
  isDecided: ({ created_at }) => created_at !== null,
})
