import { credentialOf, StandingChanged } from "../access/standing.ts"
import { auditRow, sourceOf } from "../audit/audit.ts"
import type { ProjectContext } from "../context.ts"
import { newId } from "../crypto/ids.ts"
import { Secret } from "../crypto/secret.ts"
import { badRequest, notFound } from "../errors.ts"
import { requireTags, type Tag } from "../projects/tags.ts"
import * as store from "./changes.store.ts"
import { insertSecret } from "./creation.store.ts"
import {
  authorizeOn,
  callerOf,
  ownerOf,
  requirePlace,
  type FoundPlace,
  type Kind,
  type Place,
} from "./places.ts"
import { eventPlace, secretEvent, type Seen } from "./secrets.ts"
import type { PlaceFacts, SecretRow } from "./secrets.store.ts"
import { sealAll, type Opened, type Pair, type Plain } from "./values.ts"

/** What a new secret is to be. */
export type NewSecret = {
  secretKey: string
  secretValue: string
  secretComment?: string | undefined
  secretMetadata?: Pair[] | undefined
  tagIds?: string[] | undefined
  skipMultilineEncoding?: boolean | null | undefined
  secretReminderNote?: string | null | undefined
  secretReminderRepeatDays?: number | null | undefined
}

const plainOf = (secret: NewSecret, ownerId: string | null, tags: readonly Tag[]): Plain => ({
  id: newId(),
  key: secret.secretKey,
  ownerId,
  version: 1,
  value: secret.secretValue,
  comment: secret.secretComment ?? "",
  metadata: secret.secretMetadata ?? [],
  skipsMultilineEncoding: secret.skipMultilineEncoding ?? false,
  reminderNote: secret.secretReminderNote || null,
  reminderRepeatDays: secret.secretReminderRepeatDays || null,
  tags: tagsAmong(tags, secret.tagIds),
})

/** Those of the tags that are named by their ids. */
export const tagsAmong = (tags: readonly Tag[], ids: readonly string[] = []): Tag[] => {
  const wanted = new Set(ids.map((id) => id.toLowerCase()))
  return tags.filter(({ id }) => wanted.has(id))
}

/** All tags that any of the secrets is to have; throws 404 when one is not there. */
export const tagsOfAll = (
  ctx: ProjectContext,
  secrets: readonly Pick<NewSecret, "tagIds">[],
): Promise<Tag[]> => requireTags(ctx, [...new Set(secrets.flatMap(({ tagIds }) => tagIds ?? []))])

/** Makes a secret in a folder, or a personal override of one that is there. */
export async function createSecret(
  ctx: ProjectContext,
  { kind, ...place }: Place & { kind: Kind },
  secret: NewSecret,
  facts: PlaceFacts,
): Promise<Seen> {
  const tags = await tagsOfAll(ctx, [secret])
  authorizeOn(ctx, "create", place, { key: secret.secretKey, tags })
  const ownerId = ownerOf(ctx, kind)
  const found = requirePlace(ctx, place, facts, "CreateSecret")
  const there = facts.fact_secrets ?? []
  if (there.some(({ owner_id }) => owner_id === ownerId)) throw isThere(secret.secretKey)
  if (ownerId !== null && !there.some(({ owner_id }) => owner_id === null)) throw nothingToOverride()
  const plain = plainOf(secret, ownerId, tags)
  const event = { ...eventPlace(ctx, place), ...secretEvent(rowOf(plain)) }
  const audit = auditRow(sourceOf(ctx), "create-secret", event)
  if (mayGoTogether(ctx, plain)) return insertTogether(ctx, found, plain, audit)
  const [seen] = await insert(ctx, found, [plain], audit)
  if (!seen) throw ownerId === null ? noSuchFolder(found) : nothingToOverride()
  return seen
}

/** Whoever sends so much is not to make others wait for it. */
const maxTogether = 16_384

const mayGoTogether = ({ actor }: ProjectContext, { ownerId, value, comment, metadata }: Plain): boolean =>
  ownerId === null &&
  actor.kind !== "service" &&
  metadata.reduce((sum, pair) => sum + pair.value.length, value.length + comment.length) <= maxTogether

/** Makes a shared secret, in one statement with others that come at the same time. */
async function insertTogether(
  ctx: ProjectContext,
  place: FoundPlace,
  plain: Plain,
  audit: ReturnType<typeof auditRow>,
): Promise<Seen> {
  const { actor, project } = ctx
  const [secret] = await sealAll(ctx, place.environmentId, [plain])
  if (!secret) throw new Error("A secret was not sealed.")
  const outcome = await insertSecret(ctx.db, {
    orgId: actor.orgId,
    folderId: place.folderId,
    writer: callerOf(ctx),
    judgedBy: { ...credentialOf(actor), projectId: project.id, ruleKeys: project.ruleKeys },
    secret,
    audit,
  })
  if (!outcome.is_standing) throw new StandingChanged()
  // Each of these was otherwise a moment ago, when the facts were read.
  if (!outcome.folder_exists) throw noSuchFolder(place)
  const { created_at } = outcome
  if (created_at === null) throw isThere(plain.key)
  const tags = plain.tags.toSorted((one, other) => (one.slug < other.slug ? -1 : 1))
  const row = { ...secret, environment_id: place.environmentId, tags, created_at, updated_at: created_at }
  return { row, opened: openedOf(plain), place }
}

/** Makes several shared secrets in a folder, all or none. */
export async function createSecrets(
  ctx: ProjectContext,
  place: Place,
  secrets: NewSecret[],
  facts: PlaceFacts,
): Promise<Seen[]> {
  const plain = await newPlain(ctx, place, secrets)
  return insertAll(ctx, requirePlace(ctx, place, facts, "CreateSecret"), plain)
}

/** New shared secrets, unless the caller may not make one of them there. */
export async function newPlain(ctx: ProjectContext, place: Place, secrets: NewSecret[]): Promise<Plain[]> {
  const tags = await tagsOfAll(ctx, secrets)
  const plain = secrets.map((secret) => plainOf(secret, null, tags))
  for (const each of plain) authorizeOn(ctx, "create", place, each)
  return plain
}

/** Makes shared secrets in a folder that the caller may make them in. */
export async function insertAll(ctx: ProjectContext, place: FoundPlace, plain: Plain[]): Promise<Seen[]> {
  const events = plain.map((each) => secretEvent(rowOf(each)))
  const audit = auditRow(sourceOf(ctx), "create-secrets", { ...eventPlace(ctx, place), secrets: events })
  const seen = await insert(ctx, place, plain, audit)
  if (seen.length === 0) throw noSuchFolder(place)
  return seen
}

const rowOf = ({ id, key, version, ownerId }: Plain) => ({ id, key, version, owner_id: ownerId })
export const isThere = (key: string) => badRequest(`There is a secret ${key} already`)
const nothingToOverride = () => badRequest("There is no shared secret of this name to override")
export const noSuchFolder = ({ secretPath, environment }: Place) =>
  notFound(`There is no folder ${secretPath} in the environment ${environment}`, { name: "CreateSecret" })

async function insert(
  ctx: ProjectContext,
  place: FoundPlace,
  plain: Plain[],
  audit: Parameters<typeof store.insertSecrets>[3],
): Promise<Seen[]> {
  const written = await sealAll(ctx, place.environmentId, plain)
  const at = { orgId: ctx.actor.orgId, folderId: place.folderId, writer: callerOf(ctx) }
  const rows = await store.insertSecrets(ctx.db, at, written, audit)
  return seenOf(rows, plain, place)
}

/** What was just written, as who wrote it knows it, in the order in which it was sent. */
export function seenOf(rows: SecretRow[], plain: Plain[], { environment, secretPath }: Place): Seen[] {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return plain.flatMap((each) => {
    const row = byId.get(each.id)
    return row ? [{ row, opened: openedOf(each), place: { environment, secretPath } }] : []
  })
}

const openedOf = ({ value, comment, metadata }: Plain): Opened => {
  const hidden = metadata.filter((pair) => pair.isEncrypted).map((pair) => pair.value)
  return {
    value: new Secret(value),
    comment: new Secret(comment),
    hiddenValues: new Secret(JSON.stringify(hidden)),
  }
}
