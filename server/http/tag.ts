import { z } from "zod"
import { slug, storableText, timestamp, uuid } from "./fields.ts"

/** A tag of a project in its public form. */
export const Tag = z.object({
  id: uuid,
  slug: z.string(),
  color: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  createdBy: uuid,
  projectId: z.string(),
  createdByActorType: z.string(),
})

/** The same with its name, which is its slug. */
export const NamedTag = Tag.extend({ name: z.string() })

type Row = {
  id: string
  project_id: string
  slug: string
  color: string | null
  created_by: string
  created_by_kind: string
  created_at: Date
  updated_at: Date
}

export const presentTag = (row: Row): z.input<typeof Tag> => ({
  id: row.id,
  slug: row.slug,
  color: row.color,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  createdBy: row.created_by,
  projectId: row.project_id,
  createdByActorType: row.created_by_kind,
})

export const presentNamedTag = (row: Row): z.input<typeof NamedTag> => ({
  ...presentTag(row),
  name: row.slug,
})

const color = storableText.max(64).describe("The color that clients show it in.")
const tagSlug = slug(1, 64).describe("What it is called in rules and filters.")

export const newTag = z.object({ slug: tagSlug, color })
/** What of a tag may be changed; what is not sent stays. */
export const tagChanges = z.object({ slug: tagSlug.optional(), color: color.optional() })
