import { z } from "zod"
import { anyCaller, endpoint } from "../http/endpoint.ts"
import { idParam, idInBody } from "../http/fields.ts"
import {
  changedSince,
  environmentSlug,
  flag,
  Folder,
  FolderDetail,
  folderChanges,
  folderDescription,
  FolderInList,
  folderName,
  folderPath,
  pathToRead,
  presentFolder,
  presentFolderDetail,
  presentFolderInList,
} from "../http/folder.ts"
import * as folders from "./folders.ts"

/*
 * The same as older clients ask for it: a project is a workspace, and a path may be called a directory.
 */

const tags: [string] = ["Folders"]
const workspaceId = idInBody.describe("The ID of the project.")
const parent = {
  path: folderPath.optional().describe("The path of the folder that it lies in; / when it is left out."),
  directory: folderPath.optional().describe("The same by another name."),
}
const inProject = ({ body }: { body: { workspaceId: string } }) => ({ id: body.workspaceId })

/** What was sent, with the one path that it names. */
const placed = <T extends { path?: string | undefined; directory?: string | undefined }>(sent: T) => ({
  ...sent,
  path: sent.path ?? sent.directory ?? "/",
})

export const legacyFolderEndpoints = [
  endpoint("createFolderInWorkspace", "POST /api/v1/folders", {
    summary: "Create a folder, and those on the way to it",
    tags,
    access: { project: ["create", "secret-folders"] },
    callers: anyCaller,
    body: z.object({
      workspaceId,
      environment: environmentSlug,
      name: folderName,
      ...parent,
      description: folderDescription,
    }),
    inProject,
    result: z.object({ folder: Folder }),
    handle: async (ctx, { body }) => ({
      folder: presentFolder(await folders.createFolder(ctx, placed(body))),
    }),
  }),

  endpoint("listFoldersOfWorkspace", "GET /api/v1/folders", {
    summary: "List the folders in a folder",
    tags,
    access: { project: ["read", "secret-folders"] },
    callers: anyCaller,
    query: z.object({
      workspaceId,
      environment: environmentSlug,
      path: pathToRead.optional().describe("The path of the folder to look into; / when it is left out."),
      directory: pathToRead.optional().describe("The same by another name."),
      recursive: flag(false).describe("Whether to answer what lies deeper, too."),
      lastSecretModified: changedSince,
    }),
    inProject: ({ query }) => ({ id: query.workspaceId }),
    result: z.object({ folders: z.array(FolderInList) }),
    handle: async (ctx, { query }) => ({
      folders: (await folders.listFolders(ctx, placed(query))).map(presentFolderInList),
    }),
  }),

  endpoint("getFolderOfWorkspace", "GET /api/v1/folders/{id}", {
    summary: "Get a folder with its path and environment",
    tags,
    access: { project: ["read", "secret-folders"] },
    callers: anyCaller,
    params: z.object({ id: idParam("The ID of the folder.") }),
    inProject: ({ params }) => ({ folderId: params.id }),
    result: z.object({ folder: FolderDetail }),
    handle: async (ctx, { params }) => ({
      folder: presentFolderDetail(await folders.getFolder(ctx, params.id)),
    }),
  }),

  endpoint("updateFoldersOfWorkspace", "PATCH /api/v1/folders/batch", {
    summary: "Rename several folders, all or none",
    tags,
    access: { project: ["edit", "secret-folders"] },
    callers: anyCaller,
    body: folderChanges,
    inProject: ({ body }) => ({ slug: body.projectSlug }),
    result: z.object({ folders: z.array(Folder) }),
    handle: async (ctx, { body }) => ({
      folders: (await folders.updateFolders(ctx, body.folders)).map(presentFolder),
    }),
  }),

  endpoint("updateFolderOfWorkspace", "PATCH /api/v1/folders/{folderId}", {
    summary: "Rename a folder",
    tags,
    access: { project: ["edit", "secret-folders"] },
    callers: anyCaller,
    params: z.object({ folderId: idParam("The ID of the folder.") }),
    body: z.object({
      workspaceId,
      environment: environmentSlug,
      name: folderName,
      ...parent,
      description: folderDescription,
    }),
    inProject,
    result: z.object({ folder: Folder }),
    handle: async (ctx, { params, body }) => ({
      folder: presentFolder(await folders.updateFolder(ctx, { ...placed(body), id: params.folderId })),
    }),
  }),

  endpoint("deleteFolderOfWorkspace", "DELETE /api/v1/folders/{folderIdOrName}", {
    summary: "Delete a folder with all that it holds",
    tags,
    access: { project: ["delete", "secret-folders"] },
    callers: anyCaller,
    params: z.object({ folderIdOrName: idParam("The ID or the name of the folder.") }),
    body: z.object({ workspaceId, environment: environmentSlug, ...parent }),
    inProject,
    result: z.object({ folder: Folder }),
    handle: async (ctx, { params, body }) => ({
      folder: presentFolder(
        await folders.deleteFolder(ctx, { ...placed(body), force: true, idOrName: params.folderIdOrName }),
      ),
    }),
  }),
]
