import { sql } from "kysely"
import type { Queries } from "../db/database.ts"

/** How many rows were written so far, by table; the audit log apart. */
export type Changes = { audit: number; rest: Record<string, number> }

/**
 * Has the database note every row that is written from now on and stays written, and answers a function that tells how
 * many. To ask it costs the same however much the tables hold, so that it can be asked after each refusal. When
 * something was last used is noted after whatever request, and says nothing about what a request did.
 */
export async function watchChanges(db: Queries): Promise<() => Promise<Changes>> {
  const tables = (await db.introspection.getTables()).filter(({ isView }) => !isView)
  await sql`create schema watched`.execute(db)
  await sql`create table watched.changes (place text not null)`.execute(db)
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
  return () => changesIn(db)
}

async function changesIn(db: Queries): Promise<Changes> {
  const { rows } = await sql<{ place: string; size: number }>`
    select place, count(*)::int as size from watched.changes group by place order by place`.execute(db)
  const { audit_logs: audit = 0, ...rest } = Object.fromEntries(rows.map(({ place, size }) => [place, size]))
  return { audit, rest }
}
