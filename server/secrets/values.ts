import type { ProjectContext } from "../context.ts"
import { newId } from "../crypto/ids.ts"
import type { Secret } from "../crypto/secret.ts"
import type { WrittenSecret } from "./changes.store.ts"
import type { SealedRow, StoredPair, TagOfSecret } from "./secrets.store.ts"

/*
 * Between what a secret says and what is stored of it. A value is opened only for who may read it.
 */

/** A pair of metadata as clients send it. */
export type Pair = { key: string; value: string; isEncrypted?: boolean | undefined }

/** What was sealed in a row; what the caller may not read is absent. */
export type Opened = {
  value: Secret | undefined
  comment: Secret | undefined
  /** The values of hidden metadata, as a list in JSON. */ hiddenValues: Secret | undefined
}

export const nothingOpened: Opened = { value: undefined, comment: undefined, hiddenValues: undefined }

/** Whose values are sealed and opened, and by what: every context of a project, and what works for none. */
export type Sealing = {
  services: Pick<ProjectContext["services"], "keyring">
  actor: { orgId: string }
  project: { id: string }
}

type Table = "secrets" | "secret_versions"
type Readable = { row: SealedRow; table: Table; mayReadValue: boolean }

const columns = ["sealed_value", "sealed_comment", "sealed_metadata"] as const

/** Opens any number of rows at once, of each what its reader may read. */
export async function openRows(ctx: Sealing, rows: readonly Readable[]): Promise<Opened[]> {
  const wanted = rows.flatMap(({ row, table, mayReadValue }, index) =>
    columns.flatMap((column) => {
      const sealed = row[column]
      if (sealed === null || (column !== "sealed_comment" && !mayReadValue)) return []
      const place = { table, column, environment: row.environment_id, rowId: row.id, version: row.version }
      return [{ index, column, sealed: Buffer.from(sealed, "hex"), place }]
    }),
  )
  const texts = await ctx.services.keyring.open(projectOf(ctx), wanted)
  const opened = rows.map((): Opened => ({ value: undefined, comment: undefined, hiddenValues: undefined }))
  for (const [at, { index, column }] of wanted.entries()) {
    const one = opened[index]
    if (!one) continue
    if (column === "sealed_value") one.value = texts[at]
    else if (column === "sealed_comment") one.comment = texts[at]
    else one.hiddenValues = texts[at]
  }
  return opened
}

const projectOf = (ctx: Sealing) => ({ orgId: ctx.actor.orgId, projectId: ctx.project.id })

/** A secret as it is to be written: plain, and bound to the row and version that it gets. */
export type Plain = {
  id: string
  key: string
  ownerId: string | null
  version: number
  value: string
  comment: string
  metadata: readonly Pair[]
  skipsMultilineEncoding: boolean
  reminderNote: string | null
  reminderRepeatDays: number | null
  tags: readonly TagOfSecret[]
}

/** Seals secrets of one environment, each for its row and for the version that is kept of it. */
export async function sealAll(
  ctx: Sealing,
  environment: string,
  secrets: readonly Plain[],
): Promise<WrittenSecret[]> {
  const written = secrets.map(unsealed)
  const wanted = secrets.flatMap((secret, index) => {
    const { version } = secret
    const ids = { secrets: secret.id, secret_versions: written[index]?.version_id ?? "" }
    return textsOf(secret).flatMap(({ text, column, kept }) => [
      {
        index,
        into: column,
        text,
        place: { table: "secrets", column, environment, rowId: ids.secrets, version },
      },
      {
        index,
        into: kept,
        text,
        place: { table: "secret_versions", column, environment, rowId: ids.secret_versions, version },
      },
    ])
  })
  const blobs = await ctx.services.keyring.seal(projectOf(ctx), wanted)
  for (const [at, { index, into }] of wanted.entries()) {
    const [one, blob] = [written[index], blobs[at]]
    if (one && blob) one[into] = blob.toString("hex")
  }
  return written
}

type Text = {
  text: string
  column: (typeof columns)[number]
  kept: "kept_value" | "kept_comment" | "kept_metadata"
}

/** The texts of a secret that are sealed, and the columns that they go into; what is not there has none. */
function textsOf({ value, comment, metadata }: Plain): Text[] {
  const hidden = metadata.filter((pair) => pair.isEncrypted).map((pair) => pair.value)
  const texts: Text[] = [{ text: value, column: "sealed_value", kept: "kept_value" }]
  if (comment !== "") texts.push({ text: comment, column: "sealed_comment", kept: "kept_comment" })
  if (hidden.length > 0) {
    texts.push({ text: JSON.stringify(hidden), column: "sealed_metadata", kept: "kept_metadata" })
  }
  return texts
}

const unsealed = (secret: Plain): WrittenSecret => ({
  id: secret.id,
  version_id: newId(),
  key: secret.key,
  owner_id: secret.ownerId,
  version: secret.version,
  metadata: secret.metadata.map(storedPair),
  skips_multiline_encoding: secret.skipsMultilineEncoding,
  reminder_note: secret.reminderNote,
  reminder_repeat_days: secret.reminderRepeatDays,
  tag_ids: secret.tags.map(({ id }) => id),
  sealed_value: "",
  sealed_comment: null,
  sealed_metadata: null,
  kept_value: "",
  kept_comment: null,
  kept_metadata: null,
})

const storedPair = ({ key, value, isEncrypted }: Pair): StoredPair =>
  isEncrypted ? { key, isEncrypted } : { key, value }
