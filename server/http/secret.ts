import { z } from "zod"
import { timestamp, uuid } from "./fields.ts"

const Tag = z.object({ id: uuid, slug: z.string(), color: z.string().nullable(), name: z.string() })
const Metadata = z.object({ key: z.string(), value: z.string(), isEncrypted: z.boolean().optional() })

/** A secret in its public form: whole on every route, since some clients stumble over what is missing. */
export const SecretObject = z.object({
  id: uuid,
  _id: uuid,
  workspace: z.string(),
  environment: z.string(),
  version: z.number(),
  type: z.string(),
  secretKey: z.string(),
  secretValue: z.string(),
  secretComment: z.string(),
  secretReminderNote: z.string().nullable(),
  secretReminderRepeatDays: z.number().nullable(),
  skipMultilineEncoding: z.boolean(),
  createdAt: timestamp,
  updatedAt: timestamp,
  isRotatedSecret: z.boolean(),
  rotationId: z.string().nullable(),
  secretPath: z.string(),
  secretValueHidden: z.boolean(),
  secretMetadata: z.array(Metadata),
  tags: z.array(Tag),
})

export const SecretList = z.object({
  secrets: z.array(SecretObject),
  imports: z.array(
    z.object({
      secretPath: z.string(),
      environment: z.string(),
      folderId: z.string().optional(),
      secrets: z.array(SecretObject),
    }),
  ),
})

export const SecretVersion = SecretObject.extend({
  actor: z.object({
    actorId: z.string().nullable(),
    actorType: z.string().nullable(),
    name: z.string().nullable(),
    membershipId: z.string().nullable(),
  }),
})

/** A secret whose tags were changed, in the form of clients that decrypted values themselves: what they did is empty. */
export const TaggedSecret = z.object({
  id: uuid,
  version: z.number(),
  type: z.string(),
  secretKeyCiphertext: z.string(),
  secretKeyIV: z.string(),
  secretKeyTag: z.string(),
  secretValueCiphertext: z.string(),
  secretValueIV: z.string(),
  secretValueTag: z.string(),
  secretReminderNote: z.string().nullable(),
  secretReminderRepeatDays: z.number().nullable(),
  skipMultilineEncoding: z.boolean(),
  userId: uuid.nullable(),
  folderId: uuid,
  createdAt: timestamp,
  updatedAt: timestamp,
  tags: z.array(Tag),
})

type Sealed = { reveal(): string }
export type ShownSecret = {
  row: {
    id: string
    key: string
    owner_id: string | null
    version: number
    metadata: { key: string; value?: string; isEncrypted?: true }[]
    skips_multiline_encoding: boolean
    reminder_note: string | null
    reminder_repeat_days: number | null
    tags: { id: string; slug: string; color: string | null }[]
    created_at: number
    updated_at: number
  }
  opened: { value: Sealed | undefined; comment: Sealed | undefined; hiddenValues: Sealed | undefined }
  place: { environment: string; secretPath: string }
}

/** What stands in place of a value that the caller may not read; clients know it. */
const hidden = "<hidden-by-infisical>"

/** A secret in its public form: this is where values leave. */
export function presentSecret(
  { row, opened, place }: ShownSecret,
  workspace: string,
): z.input<typeof SecretObject> {
  return {
    id: row.id,
    _id: row.id,
    workspace,
    environment: place.environment,
    version: row.version,
    type: row.owner_id === null ? "shared" : "personal",
    secretKey: row.key,
    secretValue: opened.value?.reveal() ?? hidden,
    secretComment: opened.comment?.reveal() ?? "",
    secretReminderNote: row.reminder_note,
    secretReminderRepeatDays: row.reminder_repeat_days,
    skipMultilineEncoding: row.skips_multiline_encoding,
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
    isRotatedSecret: false,
    rotationId: null,
    secretPath: place.secretPath,
    secretValueHidden: opened.value === undefined,
    secretMetadata: metadataOf(row.metadata, opened.hiddenValues),
    tags: row.tags.map(({ id, slug, color }) => ({ id, slug, color, name: slug })),
  }
}

export function presentTaggedSecret(shown: ShownSecret & { folderId: string }): z.input<typeof TaggedSecret> {
  const { id, version, type, tags, createdAt, updatedAt, ...secret } = presentSecret(shown, "")
  return {
    id,
    version,
    type,
    secretKeyCiphertext: "",
    secretKeyIV: "",
    secretKeyTag: "",
    secretValueCiphertext: "",
    secretValueIV: "",
    secretValueTag: "",
    secretReminderNote: secret.secretReminderNote,
    secretReminderRepeatDays: secret.secretReminderRepeatDays,
    skipMultilineEncoding: secret.skipMultilineEncoding,
    userId: shown.row.owner_id,
    folderId: shown.folderId,
    createdAt,
    updatedAt,
    tags,
  }
}

function metadataOf(pairs: ShownSecret["row"]["metadata"], hiddenValues: Sealed | undefined) {
  const values = hiddenValues ? (JSON.parse(hiddenValues.reveal()) as string[]) : []
  return pairs.map(({ key, value, isEncrypted }) =>
    isEncrypted ? { key, value: values.shift() ?? hidden, isEncrypted } : { key, value: value ?? "" },
  )
}

export const presentVersion = (
  version: ShownSecret & { writer: { kind: string; id: string; name: string | null } },
  workspace: string,
): z.input<typeof SecretVersion> => ({
  ...presentSecret(version, workspace),
  actor: {
    actorId: version.writer.id,
    actorType: version.writer.kind,
    name: version.writer.name,
    membershipId: null,
  },
})
