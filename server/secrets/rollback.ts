import { isDeepStrictEqual } from "node:util"
import { StandingChanged } from "../access/standing.ts"
import { record } from "../audit/audit.ts"
import { badRequest } from "../errors.ts"
import type { ProjectContext } from "../context.ts"
import * as changes from "./changes.store.ts"
import { seenOf } from "./creation.ts"
import { authorizeOn, callerOf, requireNoNewReading } from "./places.ts"
import { eventPlace, foundById, pastOf, secretEvent, type Seen } from "./secrets.ts"
import type { IdFacts } from "./secrets.store.ts"
import { plainOfRow, withheld } from "./updates.ts"
import { openRows, sealAll } from "./values.ts"

/** Puts a secret back to what it was in a version, which is a new version of it; its name and tags stay. */
export async function rollBackSecret(
  ctx: ProjectContext,
  { secretId, version }: { secretId: string; version: number },
  facts: IdFacts,
): Promise<Seen> {
  const { row: judged, place } = foundById(ctx, secretId, facts)
  authorizeOn(ctx, "edit", place, judged)
  if (facts.fact_is_copy) throw badRequest("This is a copy: change the secret that is imported")
  const { orgId } = ctx.actor
  const row = await changes.lockSecret(ctx.db, orgId, judged.id)
  if (row?.key !== judged.key || !isDeepStrictEqual(row.tags, judged.tags)) throw new StandingChanged()
  const past = await pastOf(ctx, row, version)
  requireNoNewReading(ctx, { place, secret: past }, { place, secret: row })
  const [opened] = await openRows(ctx, [{ row: past, table: "secret_versions", mayReadValue: true }])
  const { id, key, owner_id: ownerId, tags } = row
  const plain = { ...plainOfRow(past, opened), id, key, ownerId, tags, version: row.version + 1 }
  const written = await sealAll(ctx, row.environment_id, [plain])
  const rows = await changes.updateSecrets(ctx.db, { orgId, writer: callerOf(ctx) }, written)
  const [seen] = seenOf(rows, [plain], place)
  if (!seen) throw new StandingChanged()
  await record(ctx, "update-secret", {
    ...eventPlace(ctx, place),
    ...secretEvent(seen.row),
    restoredVersion: version,
  })
  return withheld(ctx, seen, { old: past })
}
