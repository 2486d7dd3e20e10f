import { z } from "zod"
import { timestamp, uuid } from "./fields.ts"

/** An environment of a project in its public form. */
export const Environment = z.object({
  id: uuid,
  name: z.string(),
  slug: z.string(),
  position: z.number(),
  projectId: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
})

type Shown = {
  id: string
  project_id: string
  name: string
  slug: string
  position: number
  created_at: Date
  updated_at: Date
}

export const presentEnvironment = (environment: Shown): z.input<typeof Environment> => ({
  id: environment.id,
  name: environment.name,
  slug: environment.slug,
  position: environment.position,
  projectId: environment.project_id,
  createdAt: environment.created_at.toISOString(),
  updatedAt: environment.updated_at.toISOString(),
})
