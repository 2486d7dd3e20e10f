import { record } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { Secret } from "../crypto/secret.ts"
import { badRequest } from "../errors.ts"
import type { Tag } from "../projects/tags.ts"
import * as store from "./changes.store.ts"
import { insertAll, newPlain, seenOf, tagsAmong, tagsOfAll, type NewSecret } from "./creation.ts"
import { lockAllowed } from "./locks.ts"
import {
  authorizeOn,
  callerOf,
  mayOn,
  noSuchSecret,
  ownerOf,
  requireNoNewReading,
  requirePlace,
  type Kind,
  type Place,
} from "./places.ts"
import { eventPlace, secretEvent, type Seen } from "./secrets.ts"
import type { PlaceFacts, SealedRow, SecretRow, TagOfSecret } from "./secrets.store.ts"
import { openRows, sealAll, type Opened, type Plain } from "./values.ts"

/** What of a secret is to change; what is absent stays. */
export type SecretChanges = Omit<NewSecret, "secretValue"> & {
  secretValue?: string | undefined
  newSecretName?: string | undefined
  /** The tags that it is to have, by those that it has; in place of `tagIds`. */
  tagsFrom?: ((tags: readonly TagOfSecret[]) => TagOfSecret[]) | undefined
}
/** What happens to names that are not there when several are changed. */
export type Mode = "failOnNotFound" | "ignore" | "upsert"

/** Changes a secret; its value is answered when it was sent, and is "" otherwise, as clients are used to. */
export async function updateSecret(
  ctx: ProjectContext,
  { kind, ...place }: Place & { kind: Kind },
  changes: SecretChanges,
  facts: PlaceFacts,
): Promise<Seen> {
  const [changed] = await change(ctx, { ...place, kind }, [changes], facts)
  if (!changed) throw noSuchSecret(changes.secretKey, place)
  const { seen, old } = changed
  const renamed = old.key === seen.row.key ? {} : { oldSecretKey: old.key }
  await record(ctx, "update-secret", { ...eventPlace(ctx, place), ...secretEvent(seen.row), ...renamed })
  return changes.secretValue === undefined
    ? { ...seen, opened: { ...seen.opened, value: new Secret("") } }
    : seen
}

/** Changes several shared secrets of a folder, all or none, and answers them with their values. */
export async function updateSecrets(
  ctx: ProjectContext,
  { mode, ...place }: Place & { mode: Mode },
  changes: (SecretChanges & { secretPath?: string | undefined })[],
  facts: PlaceFacts,
): Promise<Seen[]> {
  if (changes.some(({ secretPath = place.secretPath }) => secretPath !== place.secretPath)) {
    throw badRequest("The secrets of a batch lie in one folder")
  }
  if (new Set(changes.map(({ secretKey }) => secretKey)).size < changes.length) {
    throw badRequest("A secret may be changed once in a batch")
  }
  const changed = await change(ctx, { ...place, kind: "shared" }, changes, facts)
  const keys = new Set(changed.map(({ old }) => old.key))
  const unknown = changes.filter(({ secretKey }) => !keys.has(secretKey))
  const [first] = unknown
  if (first && mode === "failOnNotFound") throw noSuchSecret(first.secretKey, place)
  const secrets = changed.map(({ seen, old }) => ({
    ...secretEvent(seen.row),
    ...(old.key === seen.row.key ? {} : { oldSecretKey: old.key }),
  }))
  if (secrets.length > 0) await record(ctx, "update-secrets", { ...eventPlace(ctx, place), secrets })
  const updated = changed.map(({ seen }) => seen)
  if (mode !== "upsert" || unknown.length === 0) return updated
  const news = unknown.map((each) => ({ ...each, secretValue: each.secretValue ?? "" }))
  const plain = await newPlain(ctx, place, news)
  return [...updated, ...(await insertAll(ctx, requirePlace(ctx, place, facts, "UpdateSecret"), plain))]
}

type Changed = { old: SecretRow; seen: Seen }

async function change(
  ctx: ProjectContext,
  { kind, ...place }: Place & { kind: Kind },
  changes: SecretChanges[],
  facts: PlaceFacts,
): Promise<Changed[]> {
  const ownerId = ownerOf(ctx, kind)
  if (ownerId !== null && changes.some(({ newSecretName }) => newSecretName !== undefined)) {
    throw badRequest("A personal secret goes by the name of the shared one")
  }
  const keys = changes.map(({ secretKey }) => secretKey)
  const rows = await lockAllowed(ctx, "edit", place, { folderId: facts.fact_folder_id, keys, ownerId })
  const found = requirePlace(ctx, place, facts, "UpdateSecret")
  const tags = await tagsOfAll(ctx, changes)
  const byKey = new Map(changes.map((each) => [each.secretKey, each]))
  const before = await openRows(
    ctx,
    rows.map((row) => ({ row, table: "secrets" as const, mayReadValue: true })),
  )
  const plain = rows.map((row, index) => {
    const changed = changedPlain(plainOfRow(row, before[index]), byKey.get(row.key), tags)
    authorizeOn(ctx, "edit", place, changed)
    requireNoNewReading(ctx, { place, secret: row }, { place, secret: changed })
    return changed
  })
  if (plain.length === 0) return []
  const { orgId } = ctx.actor
  const at = { orgId, folderId: found.folderId }
  const written = await sealAll(ctx, found.environmentId, plain)
  const after = await store.updateSecrets(ctx.db, { orgId, writer: callerOf(ctx) }, written)
  for (const [index, { key, ownerId: owner }] of plain.entries()) {
    const old = rows[index]
    if (old && owner === null && old.key !== key) await store.renameOverrides(ctx.db, at, old.key, key)
  }
  return seenOf(after, plain, place).flatMap((seen, index) => {
    const old = rows[index]
    return old ? [{ old, seen: withheld(ctx, seen, { old, changes: byKey.get(old.key) }) }] : []
  })
}

/** What a row says in plain, whose sealed columns are all open. */
export function plainOfRow(row: SealedRow & { owner_id?: string | null }, opened: Opened | undefined): Plain {
  const hidden = JSON.parse(opened?.hiddenValues?.reveal() ?? "[]") as string[]
  const metadata = row.metadata.map(({ key, value, isEncrypted }) =>
    isEncrypted ? { key, value: hidden.shift() ?? "", isEncrypted } : { key, value: value ?? "" },
  )
  return {
    id: row.id,
    key: row.key,
    ownerId: row.owner_id ?? null,
    version: row.version,
    value: opened?.value?.reveal() ?? "",
    comment: opened?.comment?.reveal() ?? "",
    metadata,
    skipsMultilineEncoding: row.skips_multiline_encoding,
    reminderNote: row.reminder_note,
    reminderRepeatDays: row.reminder_repeat_days,
    tags: row.tags,
  }
}

/** The secret as it is to be: what it was, but for what is sent. */
function changedPlain(old: Plain, changes: SecretChanges | undefined, tags: readonly Tag[]): Plain {
  const { secretReminderNote: note, secretReminderRepeatDays: days } = changes ?? {}
  return {
    ...old,
    key: changes?.newSecretName ?? old.key,
    version: old.version + 1,
    value: changes?.secretValue ?? old.value,
    comment: changes?.secretComment ?? old.comment,
    metadata: changes?.secretMetadata ?? old.metadata,
    skipsMultilineEncoding: changes?.skipMultilineEncoding ?? old.skipsMultilineEncoding,
    reminderNote: note === undefined ? old.reminderNote : note || null,
    reminderRepeatDays: days === undefined ? old.reminderRepeatDays : days || null,
    tags:
      changes?.tagsFrom?.(old.tags) ??
      (changes?.tagIds === undefined ? old.tags : tagsAmong(tags, changes.tagIds)),
  }
}

/** Keeps from the caller what it neither sent nor may read: now, nor before when `old` is what it was. */
export function withheld(
  ctx: ProjectContext,
  seen: Seen,
  { old, changes }: { old: SealedRow; changes?: SecretChanges | undefined },
): Seen {
  const { opened, place, row } = seen
  const mayRead = mayOn(ctx, "readValue", place, old) && mayOn(ctx, "readValue", place, row)
  return {
    ...seen,
    opened: {
      ...opened,
      value: changes?.secretValue !== undefined || mayRead ? opened.value : undefined,
      hiddenValues: changes?.secretMetadata !== undefined || mayRead ? opened.hiddenValues : undefined,
    },
  }
}
