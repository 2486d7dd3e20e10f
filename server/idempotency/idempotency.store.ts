import { run, type Queries } from "../db/database.ts"

/** Whose key it is, and for what. */
export type KeyOf = { orgId: string; actorId: string; operation: string; key: string }

export type KeptAnswer = {
  request_hash: string
  rights_hash: string
  project_id: string | null
  sealed_answer: Buffer
}

const valuesOf = ({ orgId, actorId, operation, key }: KeyOf): unknown[] => [orgId, actorId, operation, key]

/** Takes the key until the transaction ends; false when another one has it at this moment. */
export async function takeKey(db: Queries, keyOf: KeyOf): Promise<boolean> {
  const text = "select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as is_taken"
  const [row] = await run<{ is_taken: boolean }>(db, text, [valuesOf(keyOf).join(" ")])
  return row?.is_taken ?? false
}

/** What was answered under a key that was taken before, for a day. */
export async function keptAnswer(db: Queries, keyOf: KeyOf): Promise<KeptAnswer | undefined> {
  const text = `
    select request_hash, rights_hash, project_id, sealed_answer from idempotency_keys
    where org_id = $1 and actor_id = $2 and operation = $3 and key = $4
      and made_at > statement_timestamp() - interval '24 hours'`
  const [row] = await run<KeptAnswer>(db, text, valuesOf(keyOf))
  return row
}

/** Keeps an answer with what it stands for; one of an earlier day gives way. */
export async function keepAnswer(db: Queries, keyOf: KeyOf, answer: KeptAnswer): Promise<void> {
  const text = `
    insert into idempotency_keys
      (org_id, actor_id, operation, key, request_hash, rights_hash, project_id, sealed_answer)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (org_id, actor_id, operation, key) do update
    set request_hash = excluded.request_hash, rights_hash = excluded.rights_hash, project_id = excluded.project_id,
      sealed_answer = excluded.sealed_answer, made_at = excluded.made_at`
  const { request_hash, rights_hash, project_id, sealed_answer } = answer
  await run(db, text, [...valuesOf(keyOf), request_hash, rights_hash, project_id, sealed_answer])
}

/** Takes up to a thousand rows away that count for nothing any more; any server may, at any time. */
export async function removeOldKeys(db: Queries): Promise<void> {
  const text = `
    delete from idempotency_keys where ctid = any(array(
      select ctid from idempotency_keys where made_at < statement_timestamp() - interval '24 hours'
      limit 1000 for update skip locked
    ))`
  await run(db, text, [])
}
