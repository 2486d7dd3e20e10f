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

const tags: [string] = ["Folders"]
const projectId = idInBody.describe("The ID of the project.")
const parent = folderPath.default("/").describe("The path of the folder that it lies in.")
const inProject = ({ body }: { body: { projectId: string } }) => ({ id: body.projectId })

export const folderEndpoints = [
  endpoint("createFolder", "POST /api/v2/folders", {
    summary: "Create a folder, and those on the way to it",
    tags,
    access: { project: ["create", "secret-folders"] },
    callers: anyCaller,
    body: z.object({
      projectId,
      environment: environmentSlug,
      name: folderName,
      path: parent,
      description: folderDescription,
    }),
    inProject,
    result: z.object({ folder: Folder }),
    handle: async (ctx, { body }) => ({ folder: presentFolder(await folders.createFolder(ctx, body)) }),
  }),

  endpoint("listFolders", "GET /api/v2/folders", {
    summary: "List the folders in a folder",
    tags,
    access: { project: ["read", "secret-folders"] },
    callers: anyCaller,
    query: z.object({
      projectId,
      environment: environmentSlug,
      path: pathToRead.default("/").describe("The path of the folder to look into."),
      recursive: flag(false).describe("Whether to answer what lies deeper, too."),
      lastSecretModified: changedSince,
    }),
    inProject: ({ query }) => ({ id: query.projectId }),
    result: z.object({ folders: z.array(FolderInList) }),
    handle: async (ctx, { query }) => ({
      folders: (await folders.listFolders(ctx, query)).map(presentFolderInList),
    }),
  }),

  endpoint("getFolder", "GET /api/v2/folders/{id}", {
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

  endpoint("updateFolders", "PATCH /api/v2/folders/batch", {
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

  endpoint("updateFolder", "PATCH /api/v2/folders/{folderId}", {
    summary: "Rename a folder",
    tags,
    access: { project: ["edit", "secret-folders"] },
    callers: anyCaller,
    params: z.object({ folderId: idParam("The ID of the folder.") }),
    body: z.object({
      projectId,
      environment: environmentSlug,
      name: folderName,
      path: parent,
      description: folderDescription,
    }),
    inProject,
    result: z.object({ folder: Folder }),
    handle: async (ctx, { params, body }) => ({
      folder: presentFolder(await folders.updateFolder(ctx, { ...body, id: params.folderId })),
    }),
  }),

  endpoint("deleteFolder", "DELETE /api/v2/folders/{folderIdOrName}", {
    summary: "Delete a folder",
    tags,
    access: { project: ["delete", "secret-folders"] },
    callers: anyCaller,
    params: z.object({ folderIdOrName: idParam("The ID or the name of the folder.") }),
    body: z.object({
      projectId,
      environment: environmentSlug,
      path: parent,
      forceDelete: z.boolean().default(false).describe("Whether to delete it with all that it holds."),
    }),
    inProject,
    result: z.object({ folder: Folder }),
    handle: async (ctx, { params, body: { forceDelete: force, ...body } }) => ({
      folder: presentFolder(
        await folders.deleteFolder(ctx, { ...body, force, idOrName: params.folderIdOrName }),
      ),
    }),
  }),
]
