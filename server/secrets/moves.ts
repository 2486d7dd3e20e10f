import { auditRow, record, sourceOf } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { newId, uuidOrNull } from "../crypto/ids.ts"
import { badRequest, notFound } from "../errors.ts"
import * as changes from "./changes.store.ts"
import { isThere, noSuchFolder } from "./creation.ts"
import type { MoveFacts } from "./moves.store.ts"
import {
  authorizeOn,
  callerOf,
  requireNoNewReading,
  requirePlace,
  type FoundPlace,
  type Place,
} from "./places.ts"
import type { SecretRow } from "./secrets.store.ts"
import { plainOfRow } from "./updates.ts"
import { openRows, sealAll, type Plain } from "./values.ts"

export { moveFacts } from "./moves.store.ts"

export type Move = { source: Place; destination: Place; secretIds: string[]; shouldOverwrite: boolean }

/**
 * Moves shared secrets of a folder into another of the project, all or none. What is there is a new secret, or a new
 * version of the one that it overwrites; what was here has ended, with its personal overrides.
 */
export async function moveSecrets(ctx: ProjectContext, move: Move, facts: MoveFacts): Promise<void> {
  const { from, to } = endsOf(ctx, move, facts)
  const { orgId } = ctx.actor
  const rows = await changes.lockSecretsById(
    ctx.db,
    { orgId, folderId: from.folderId },
    move.secretIds.flatMap((id) => idIn(id) ?? []),
  )
  for (const secret of rows) {
    authorizeOn(ctx, "delete", from, secret)
    requireNoNewReading(ctx, { place: from, secret }, { place: to, secret })
  }
  const missing = move.secretIds.find((id) => !rows.some((row) => row.id === idIn(id)))
  if (missing !== undefined) throw notFound(`There is no secret with the ID ${missing} in ${from.secretPath}`)
  const keys = rows.map(({ key }) => key)
  const there = await changes.lockSecrets(ctx.db, { orgId, folderId: to.folderId, keys }, null)
  const [taken] = there
  if (taken && !move.shouldOverwrite) throw isThere(taken.key)
  const plain = await plainThere(ctx, rows, there)
  for (const old of there) authorizeOn(ctx, "edit", to, old)
  for (const secret of plain) authorizeOn(ctx, secret.version === 1 ? "create" : "edit", to, secret)
  await write(ctx, move, to, plain)
  await changes.endSecrets(
    ctx.db,
    { orgId, folderId: from.folderId, keys, writer: callerOf(ctx) },
    rows.map(({ id }) => id),
  )
}

const idIn = (text: string): string | undefined => uuidOrNull(text)?.toLowerCase()

function endsOf(
  ctx: ProjectContext,
  { source, destination }: Move,
  facts: MoveFacts,
): { from: FoundPlace; to: FoundPlace } {
  const from = requirePlace(ctx, source, facts, "MoveSecrets")
  const there = {
    fact_environment_id: facts.fact_other_environment_id,
    fact_folder_id: facts.fact_other_folder_id,
  }
  const to = requirePlace(ctx, destination, there, "MoveSecrets")
  if (from.folderId === to.folderId) throw badRequest("The secrets are in this folder already")
  return { from, to }
}

/** What is to be written at the other end: new secrets, or the next version of those that are there. */
async function plainThere(
  ctx: ProjectContext,
  rows: readonly SecretRow[],
  there: readonly SecretRow[],
): Promise<Plain[]> {
  const opened = await openRows(
    ctx,
    rows.map((row) => ({ row, table: "secrets" as const, mayReadValue: true })),
  )
  return rows.map((row, index) => {
    const old = there.find(({ key }) => key === row.key)
    const place = old ? { id: old.id, version: old.version + 1 } : { id: newId(), version: 1 }
    return { ...plainOfRow(row, opened[index]), ...place }
  })
}

async function write(ctx: ProjectContext, move: Move, to: FoundPlace, plain: Plain[]): Promise<void> {
  const { orgId } = ctx.actor
  const writer = callerOf(ctx)
  const event = {
    projectId: ctx.project.id,
    sourceEnvironment: move.source.environment,
    sourceSecretPath: move.source.secretPath,
    destinationEnvironment: move.destination.environment,
    destinationSecretPath: move.destination.secretPath,
    secretIds: move.secretIds,
    secretKeys: plain.map(({ key }) => key),
  }
  const written = await sealAll(ctx, to.environmentId, plain)
  const over = written.filter(({ version }) => version > 1)
  if (over.length > 0) await changes.updateSecrets(ctx.db, { orgId, writer }, over)
  const news = written.filter(({ version }) => version === 1)
  if (news.length === 0) return record(ctx, "move-secrets", event)
  const at = { orgId, folderId: to.folderId, writer }
  const made = await changes.insertSecrets(ctx.db, at, news, auditRow(sourceOf(ctx), "move-secrets", event))
  if (made.length === 0) throw noSuchFolder(to)
}
