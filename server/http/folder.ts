import { z } from "zod"
import { canonicalPath, isFolderName } from "../names.ts"
import { idInBody, storableText, timestamp, uuid } from "./fields.ts"

/** A folder in its public form. */
export const Folder = z.object({
  id: uuid,
  name: z.string(),
  version: z.number(),
  createdAt: timestamp,
  updatedAt: timestamp,
  envId: uuid,
  parentId: uuid.nullable(),
  isReserved: z.boolean(),
  description: z.string().nullable(),
  lastSecretModified: timestamp.nullable(),
  path: z.string(),
})

export const FolderInList = Folder.extend({ relativePath: z.string().optional() })

export const FolderDetail = Folder.extend({
  projectId: uuid,
  environment: z.object({ envId: uuid, envName: z.string(), envSlug: z.string() }),
})

type Shown = {
  id: string
  name: string
  version: number
  created_at: Date
  updated_at: Date
  environment_id: string
  parent_id: string | null
  description: string | null
  path: string
  last_secret_modified: Date | null
}

export const presentFolder = (folder: Shown): z.input<typeof Folder> => ({
  id: folder.id,
  name: folder.name,
  version: folder.version,
  createdAt: folder.created_at.toISOString(),
  updatedAt: folder.updated_at.toISOString(),
  envId: folder.environment_id,
  parentId: folder.parent_id,
  isReserved: false,
  description: folder.description,
  lastSecretModified: folder.last_secret_modified?.toISOString() ?? null,
  path: folder.path,
})

export const presentFolderInList = ({
  relativePath,
  ...folder
}: Shown & { relativePath?: string }): z.input<typeof FolderInList> => ({
  ...presentFolder(folder),
  ...(relativePath === undefined ? {} : { relativePath }),
})

export const presentFolderDetail = ({
  folder,
  environment: { id, name, slug },
}: {
  folder: Shown & { project_id: string }
  environment: { id: string; name: string; slug: string }
}): z.input<typeof FolderDetail> => ({
  ...presentFolder(folder),
  projectId: folder.project_id,
  environment: { envId: id, envName: name, envSlug: slug },
})

/** The name of a folder in a request. */
export const folderName = z
  .string()
  .trim()
  .refine(isFolderName, { error: "Folder name may have letters, digits, dashes and underscores" })
  .describe("The name of the folder.")

/** What a folder is for. */
export const folderDescription = storableText.max(1_024).nullish().describe("What the folder is for.")

/** A path of folders that what is sent is to be put into. */
export const folderPath = z.string().transform((text, issues) => {
  const path = canonicalPath(text)
  if (path !== undefined) return path
  issues.addIssue({ code: "custom", message: "A path is / or like /a/b, with names of folders" })
  return z.NEVER
})

/** A path of folders to look into: one that no folder can have names nothing. */
export const pathToRead = storableText.max(1_024).transform((text) => canonicalPath(text) ?? text)

/** The slug of an environment, as it is looked up. */
export const environmentSlug = storableText.max(255).describe("The slug of the environment.")

const spelling = z
  .string()
  .toLowerCase()
  .pipe(z.enum(["true", "false"]))

/** `true` or `false` in a query, in the case of whichever language the client is written in. */
export const flag = (fallback: boolean) =>
  spelling.default(fallback ? "true" : "false").transform((text) => text === "true")

/** A point in time: only what was changed since then. */
export const changedSince = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .optional()
  .describe("Only those with a secret that was changed since then.")

/** What several folders of a project are to be. */
export const folderChanges = z.object({
  projectSlug: idInBody.describe("The slug of the project."),
  folders: z
    .array(
      z.object({
        id: idInBody.describe("The ID of the folder."),
        environment: environmentSlug,
        name: folderName,
        path: folderPath.default("/").describe("The path of the folder that it lies in."),
        description: folderDescription,
      }),
    )
    .min(1)
    .max(100)
    .describe("The folders, and what each is to be."),
})
