import { z } from "zod"
import { timestamp, uuid } from "./fields.ts"
import { presentVersion, SecretVersion, type ShownSecret } from "./secret.ts"

const Actor = SecretVersion.shape.actor

/** A snapshot of a folder in a list. */
export const SecretSnapshot = z.object({
  id: uuid,
  envId: uuid,
  folderId: uuid,
  parentFolderId: uuid.nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  actor: Actor,
})

export const SecretSnapshotDetail = z.object({
  id: uuid,
  projectId: z.string(),
  environment: z.object({ id: uuid, slug: z.string(), name: z.string() }),
  secretPath: z.string(),
  secretVersions: z.array(SecretVersion.extend({ secretId: uuid })),
  folderVersion: z.array(z.object({ id: uuid, name: z.string() })),
  secretImports: z.array(z.object({ environment: z.string(), secretPath: z.string() })),
  createdAt: timestamp,
  updatedAt: timestamp,
  actor: Actor,
})

type ShownChange = {
  id: string
  environment_id: string
  folder_id: string
  parent_id: string | null
  changed_at: Date
  actor_kind: string | null
  actor_id: string | null
  actor_name: string | null
}

const actorOf = ({ actor_kind: actorType, actor_id: actorId, actor_name: name }: ShownChange) => ({
  actorId,
  actorType,
  name,
  membershipId: null,
})

export const presentSnapshot = (change: ShownChange): z.input<typeof SecretSnapshot> => ({
  id: change.id,
  envId: change.environment_id,
  folderId: change.folder_id,
  parentFolderId: change.parent_id,
  createdAt: change.changed_at.toISOString(),
  updatedAt: change.changed_at.toISOString(),
  actor: actorOf(change),
})

type ShownPast = Omit<ShownSecret, "row"> & {
  row: Omit<ShownSecret["row"], "owner_id" | "updated_at"> & {
    secret_id: string
    actor_kind: string
    actor_id: string
    actor_name: string | null
  }
}

type ShownSnapshot = {
  change: ShownChange
  environment: { id: string; slug: string; name: string }
  place: { secretPath: string }
  secrets: ShownPast[]
  folders: { id: string; name: string }[]
  imports: { source_environment: string; source_path: string }[]
}

const presentPast = ({ row, ...shown }: ShownPast, projectId: string) => ({
  ...presentVersion(
    {
      ...shown,
      row: { ...row, owner_id: null, updated_at: row.created_at },
      writer: { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
    },
    projectId,
  ),
  secretId: row.secret_id,
})

export const presentSnapshotDetail = (
  { change, environment, place, secrets, folders, imports }: ShownSnapshot,
  projectId: string,
): z.input<typeof SecretSnapshotDetail> => ({
  id: change.id,
  projectId,
  environment,
  secretPath: place.secretPath,
  secretVersions: secrets.map((each) => presentPast(each, projectId)),
  folderVersion: folders.map(({ id, name }) => ({ id, name })),
  secretImports: imports.map((each) => ({
    environment: each.source_environment,
    secretPath: each.source_path,
  })),
  createdAt: change.changed_at.toISOString(),
  updatedAt: change.changed_at.toISOString(),
  actor: actorOf(change),
})
