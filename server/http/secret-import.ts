import { z } from "zod"
import { timestamp, uuid } from "./fields.ts"
import { presentSecret, SecretObject, type ShownSecret } from "./secret.ts"

const EnvironmentOfImport = z.object({ name: z.string(), slug: z.string(), id: uuid })

/** An import of secrets in its public form. Of one that is not replicated what tells of that is empty. */
export const SecretImport = z.object({
  id: uuid,
  version: z.number(),
  importPath: z.string(),
  position: z.number(),
  createdAt: timestamp,
  updatedAt: timestamp,
  folderId: uuid,
  isReplication: z.boolean(),
  isReplicationSuccess: z.boolean().nullable(),
  replicationStatus: z.string().nullable(),
  lastReplicated: timestamp.nullable(),
  isReserved: z.boolean(),
  importEnv: EnvironmentOfImport,
})

/** The same with the folder that imports. */
export const SecretImportDetail = SecretImport.extend({
  environment: EnvironmentOfImport,
  projectId: uuid,
  secretPath: z.string(),
})

/** What a folder imports, with the secrets. */
export const ImportedSecrets = z.array(
  z.object({
    secretPath: z.string(),
    environment: z.string(),
    environmentInfo: EnvironmentOfImport,
    folderId: z.string().optional(),
    secrets: z.array(SecretObject),
  }),
)

type Environment = { id: string; name: string; slug: string }
type Shown = {
  id: string
  version: number
  source_path: string
  position: number
  created_at: Date
  updated_at: Date
  folder_id: string
  source_environment: Environment
  is_replication: boolean
  is_success: boolean | null
  status: string | null
  last_replicated: Date | null
}

export const presentImport = (row: Shown): z.input<typeof SecretImport> => ({
  id: row.id,
  version: row.version,
  importPath: row.source_path,
  position: row.position,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  folderId: row.folder_id,
  isReplication: row.is_replication,
  isReplicationSuccess: row.is_success,
  replicationStatus: row.status,
  lastReplicated: row.last_replicated?.toISOString() ?? null,
  isReserved: false,
  importEnv: row.source_environment,
})

export const presentImportDetail = (
  row: Shown & { environment: Environment; project_id: string; folder_path: string },
): z.input<typeof SecretImportDetail> => ({
  ...presentImport(row),
  environment: row.environment,
  projectId: row.project_id,
  secretPath: row.folder_path,
})

type ShownImported = {
  secretPath: string
  environment: Environment
  folderId: string | null
  secrets: ShownSecret[]
}

/** What was read of an import, as lists of secrets answer it. */
export const presentImported = (
  { secretPath, environment, folderId, secrets }: ShownImported,
  workspace: string,
) => ({
  secretPath,
  environment: environment.slug,
  ...(folderId === null ? {} : { folderId }),
  secrets: secrets.map((each) => presentSecret(each, workspace)),
})

export const presentImportedSecrets = (
  imported: ShownImported[],
  workspace: string,
): z.input<typeof ImportedSecrets> =>
  imported.map((each) => ({ ...presentImported(each, workspace), environmentInfo: each.environment }))
