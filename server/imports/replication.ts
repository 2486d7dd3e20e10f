import { newId } from "../crypto/ids.ts"
import type { Queries } from "../db/database.ts"
import type { Keyring } from "../encryption/keyring.ts"
import { keepDoing, type Pace, type Repeating } from "../repeating.ts"
import { plainOfRow } from "../secrets/updates.ts"
import { openRows, sealAll, type Sealing } from "../secrets/values.ts"
import * as store from "./replicas.store.ts"

/*
 * What a replicated import imports is copied, soon after each change at the source, by whichever server is there: see
 * docs/decisions/0008-replicated-imports.md. Jobs are rows that the database writes beside the changes.
 */

/** So many secrets are copied in one transaction. */
const maxAtOnce = 500
/** So long nothing is tried while the database is away. */
const pauseMs = 5_000

const failedStatus = "The secrets could not be copied; this is tried again"

export type Replicating = { db: Queries; keyring: Keyring }

/** The import ended, or imports something else, while it was copied. */
class Superseded extends Error {}

/**
 * Copies what is to be copied of one import, if there is one. Returns whether there was; `failed` hears why it could not be
 * done, which is noted and tried again.
 */
export async function replicateNext(
  { db, keyring }: Replicating,
  failed: (error: unknown) => void,
): Promise<boolean> {
  if (!(await store.isAnyDue(db))) return false
  const claimed: { replica?: store.Replica | undefined } = {}
  try {
    await store.inTransaction(db, async (transaction) => {
      claimed.replica = await store.claimReplica(transaction)
      if (claimed.replica) await copy({ db: transaction, keyring }, claimed.replica)
    })
  } catch (error) {
    if (!claimed.replica) throw error
    if (error instanceof Superseded) return true
    await store.noteFailure(db, claimed.replica, failedStatus)
    failed(error)
  }
  return claimed.replica !== undefined
}

async function copy({ db, keyring }: Replicating, replica: store.Replica): Promise<void> {
  await store.takeJobs(db, replica)
  if (replica.is_gone) return
  const found = await store.changedSecrets(db, replica, maxAtOnce + 1)
  const gone = await store.copiesOfNothing(db, replica)
  const rows = found.slice(0, maxAtOnce)
  const project = { id: replica.project_id }
  const copies = await copiesOf(
    { services: { keyring }, actor: { orgId: replica.org_id }, project },
    replica,
    rows,
  )
  // From here on nothing is sealed: who changes the import holds the project, which sealing may wait for.
  if (!(await store.holdImport(db, replica))) throw new Superseded()
  await store.endCopies(db, replica, gone)
  await store.writeCopies(db, replica, copies)
  if (found.length > rows.length) await store.addJob(db, replica)
  else await store.noteSuccess(db, replica)
}

/** Copies of secrets, each sealed for its own row. */
async function copiesOf(
  sealing: Sealing,
  { environment_id }: store.Replica,
  rows: store.Changed[],
): Promise<store.WrittenCopy[]> {
  const opened = await openRows(
    sealing,
    rows.map((row) => ({ row, table: "secrets" as const, mayReadValue: true })),
  )
  const plain = rows.map((row, index) => ({
    ...plainOfRow(row, opened[index]),
    id: row.replica_id ?? newId(),
    version: (row.replica_version ?? 0) + 1,
  }))
  const written = await sealAll(sealing, environment_id, plain)
  return written.flatMap((each, index) => {
    const row = rows[index]
    if (!row) return []
    const { id: replicated_from, version: replicated_version, actor_kind, actor_id } = row
    return [{ ...each, replicated_from, replicated_version, actor_kind, actor_id }]
  })
}

/** Copies by itself what there is to copy, until it is stopped. What fails is noted and tried again, by this server or another. */
export const keepReplicating = (services: Replicating, pace: Omit<Pace, "pauseMs">): Repeating =>
  keepDoing(
    async (signal) => {
      while (!signal.aborted && (await replicateNext(services, pace.failed)));
    },
    { ...pace, pauseMs },
  )
