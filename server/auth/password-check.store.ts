import { run, type Queries } from "../db/database.ts"

/** Who tries: a number of limited size, and the whole hash to tell apart those with the same number. */
export type Attempter = { bucket: number; owner: string }

export type Attempts = { attempts: number; seconds_left: number }

const countSql = `
  insert into password_attempts as p (bucket, owner, attempts, began_at)
  values ($1, $2, 1, statement_timestamp())
  on conflict (bucket) do update set
    owner = excluded.owner,
    attempts = case
      when p.owner = excluded.owner and p.began_at > excluded.began_at - make_interval(secs => $3)
      then least(p.attempts, 1000000) + 1 else 1 end,
    began_at = case
      when p.owner = excluded.owner and p.began_at > excluded.began_at - make_interval(secs => $3)
      then p.began_at else excluded.began_at end
  returning attempts,
    ceil(extract(epoch from began_at + make_interval(secs => $3) - statement_timestamp()))::int as seconds_left`

/** Counts an attempt and returns how many there were since the first, which counts for `windowSeconds`. */
export async function countAttempt(
  db: Queries,
  { bucket, owner }: Attempter,
  windowSeconds: number,
): Promise<Attempts> {
  const [row] = await run<Attempts>(db, countSql, [bucket, owner, windowSeconds])
  return row ?? { attempts: 1, seconds_left: windowSeconds }
}

/** Counts one attempt less. */
export async function takeBackAttempt(db: Queries, { bucket, owner }: Attempter): Promise<void> {
  await db
    .updateTable("password_attempts")
    .set((row) => ({ attempts: row("attempts", "-", 1) }))
    .where("bucket", "=", bucket)
    .where("owner", "=", owner)
    .where("attempts", ">", 0)
    .execute()
}

/** Begins the count anew, after the right password. */
export async function forgetAttempts(db: Queries, { bucket, owner }: Attempter): Promise<void> {
  await db
    .updateTable("password_attempts")
    .set({ attempts: 0 })
    .where("bucket", "=", bucket)
    .where("owner", "=", owner)
    .execute()
}
