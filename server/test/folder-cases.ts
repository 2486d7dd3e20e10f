import type { Make } from "./access-cases.ts"
import type { Harness } from "./harness.ts"
import * as people from "./people.ts"
import { addProject } from "./projects.ts"

let made = 0
const fresh = (what: string): string => `${what}-${++made}`

/** A project with a folder in its first environment. */
async function freshFolder(harness: Harness, organization: people.Organization) {
  const project = await addProject(harness, organization)
  const at = { projectId: project.id, environment: "dev", path: "/" }
  const body = { ...at, name: fresh("folder") }
  const answer = await harness.call("POST /api/v2/folders", { token: organization.token, body })
  return { project, at, id: people.ok(answer).folder.id as string }
}

const ofWorkspace = ({ projectId, ...at }: { projectId: string; environment: string; path: string }) => ({
  workspaceId: projectId,
  directory: at.path,
  ...at,
})

/** The case with the project named as it was of old. */
const legacy =
  (make: Make): Make =>
  async (harness, organization) => {
    const { query, body, ...request } = await make(harness, organization)
    const renamed = ({ projectId, path, ...sent }: Record<string, unknown>) => ({
      workspaceId: projectId,
      path,
      directory: path,
      ...sent,
    })
    return {
      ...request,
      ...(query ? { query: renamed(query) as Record<string, string> } : {}),
      ...(body ? { body: renamed(body) } : {}),
    }
  }

const createFolder: Make = async (harness, organization) => {
  const { id } = await addProject(harness, organization)
  const names = { name: fresh("folder"), path: "/", description: "made for a test" }
  return { body: { projectId: id, environment: "dev", ...names } }
}
const listFolders: Make = async (harness, organization) => {
  const { at } = await freshFolder(harness, organization)
  return { query: { ...at, recursive: "true" } }
}
const getFolder: Make = async (harness, organization) => ({
  path: { id: (await freshFolder(harness, organization)).id },
})
const updateFolder: Make = async (harness, organization) => {
  const { id, at } = await freshFolder(harness, organization)
  return { path: { folderId: id }, body: { ...at, name: fresh("renamed"), description: "changed" } }
}
const updateFolders: Make = async (harness, organization) => {
  const { id, project } = await freshFolder(harness, organization)
  const change = { id, environment: "dev", path: "/", name: fresh("renamed"), description: "changed" }
  return { body: { projectSlug: project.slug, folders: [change] } }
}
const deleteFolder: Make = async (harness, organization) => {
  const { id, at } = await freshFolder(harness, organization)
  return { path: { folderIdOrName: id }, body: { ...at, forceDelete: true } }
}

/** Requests about folders, see `cases` in access-cases.ts. */
export const folderCases: Record<string, Make> = {
  createFolder,
  listFolders,
  getFolder,
  updateFolder,
  updateFolders,
  deleteFolder,
  createFolderInWorkspace: legacy(createFolder),
  listFoldersOfWorkspace: legacy(listFolders),
  getFolderOfWorkspace: getFolder,
  updateFolderOfWorkspace: legacy(updateFolder),
  updateFoldersOfWorkspace: updateFolders,
  async deleteFolderOfWorkspace(harness, organization) {
    const { id, at } = await freshFolder(harness, organization)
    return { path: { folderIdOrName: id }, body: ofWorkspace(at) }
  },
}
