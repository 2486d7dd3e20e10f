import { sql } from "kysely"
import type { Queries } from "../db/database.ts"
import { allReplicated } from "./replicas.ts"

/** How many rows were written so far, by table; the audit log apart. */
export type Changes = { audit: number; rest: Record<string, number> }

/**
 * Has the database note every row that is written from now on and stays written, and answers a function that tells how
 * many. To ask it costs what was written since it was last asked, so that it can be asked after each refusal. When
 * something was last used is noted after whatever request, and says nothing about what a request did.
 */
export async function watchChanges(db: Queries): Promise<() => Promise<Changes>> {
  const tables = (await db.introspection.getTables()).filter(({ isView }) => !isView)
  await sql`create schema watched`.execute(db)
  await sql`
    create table watched.changes (place text not null, written_by xid8 not null default pg_current_xact_id())`.execute(
    db,
  )
  await sql`create index on watched.changes (written_by)`.execute(db)
  await sql`
    create function watched.note() returns trigger language plpgsql as $$
    begin
      if tg_op <> 'UPDATE' or to_jsonb(old) - 'last_used_at' <> to_jsonb(new) - 'last_used_at' then
        insert into watched.changes values (tg_table_name);
      end if;
      return null;
    end $$`.execute(db)
  for (const { name } of tables) {
    await sql`
      create trigger watched after insert or update or delete on ${sql.table(name)}
      for each row execute function watched.note()`.execute(db)
  }
  return countChanges(db)
}

/**
 * What `watchChanges` answers, in a copy of a database that is watched. It counts on from where it was, by the snapshot
 * of when it last looked: what was not to be seen in that is new. Waits for what goes on by itself.
 */
export function countChanges(db: Queries): () => Promise<Changes> {
  const counts: Record<string, number> = {}
  let seen = "1:1:"
  async function count(): Promise<Changes> {
    await allReplicated(db)
    const { rows } = await sql<{ place: string | null; size: number; snapshot: string }>`
      select place, count(place)::int as size, snapshot
      from (select pg_current_snapshot()::text as snapshot) now
      left join watched.changes
        on written_by >= pg_snapshot_xmin(${seen}::pg_snapshot)
        and not pg_visible_in_snapshot(written_by, ${seen}::pg_snapshot)
      group by place, snapshot`.execute(db)
    for (const { place, size, snapshot } of rows) {
      if (place !== null) counts[place] = (counts[place] ?? 0) + size
      seen = snapshot
    }
    const { audit_logs: audit = 0, ...rest } = counts
    return { audit, rest }
  }
  // One after the other, since each begins where the one before it has ended.
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    const next = last.then(count)
    last = next.catch(() => {})
    return next
  }
}
