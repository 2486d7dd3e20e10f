import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam } from "../http/fields.ts"
import { environmentSlug, pathToRead } from "../http/folder.ts"
import { page } from "../http/page.ts"
import {
  presentSnapshot,
  presentSnapshotDetail,
  SecretSnapshot,
  SecretSnapshotDetail,
} from "../http/snapshot.ts"
import * as history from "./history.ts"
import { restoreFolder } from "./restoration.ts"

const tags: [string] = ["Secret Snapshots"]
const ofWorkspace = z.object({ workspaceId: idParam("The ID of the project.") })
const ofSnapshot = z.object({ secretSnapshotId: idParam("The ID of the snapshot.") })
const place = {
  environment: environmentSlug,
  path: pathToRead.default("/").describe("The path of the folder."),
}
const placeOf = ({ environment, path }: { environment: string; path: string }) => ({
  environment,
  secretPath: path,
})
const read = { project: ["read", "secret-rollback"] } as const

/** The history of a folder: each change of it, as a snapshot of what it was from then on. */
export const historyEndpoints = [
  endpoint("listSecretSnapshots", "GET /api/v1/workspace/{workspaceId}/secret-snapshots", {
    summary: "List the snapshots of a folder, one for each change, the newest first",
    tags,
    access: read,
    params: ofWorkspace,
    query: z.object({ ...place, ...page(20, 100) }),
    inProject: ({ params }) => ({ id: params.workspaceId }),
    facts: history.folderFacts,
    factValues: ({ query }) => [query.environment, query.path],
    result: z.object({ secretSnapshots: z.array(SecretSnapshot) }),
    handle: async (ctx, { query, facts }) => ({
      secretSnapshots: (await history.listChanges(ctx, { ...query, ...placeOf(query) }, facts)).map(
        presentSnapshot,
      ),
    }),
  }),

  endpoint("countSecretSnapshots", "GET /api/v1/workspace/{workspaceId}/secret-snapshots/count", {
    summary: "Count the snapshots of a folder",
    tags,
    access: read,
    params: ofWorkspace,
    query: z.object(place),
    inProject: ({ params }) => ({ id: params.workspaceId }),
    facts: history.folderFacts,
    factValues: ({ query }) => [query.environment, query.path],
    result: z.object({ count: z.number() }),
    handle: async (ctx, { query, facts }) => ({
      count: await history.countChanges(ctx, placeOf(query), facts),
    }),
  }),

  endpoint("getSecretSnapshot", "GET /api/v1/secret-snapshot/{secretSnapshotId}", {
    summary: "Get a folder as it was after a change",
    tags,
    access: read,
    recordsRead: true,
    params: ofSnapshot,
    inProject: ({ params }) => ({ snapshotId: params.secretSnapshotId }),
    facts: history.changeFacts,
    factValues: ({ params }) => history.changeFactValues(params.secretSnapshotId),
    result: z.object({ secretSnapshot: SecretSnapshotDetail }),
    handle: async (ctx, { params, facts }) => ({
      secretSnapshot: presentSnapshotDetail(
        await history.getSnapshot(ctx, params.secretSnapshotId, facts),
        ctx.project.id,
      ),
    }),
  }),

  endpoint("rollBackToSecretSnapshot", "POST /api/v1/secret-snapshot/{secretSnapshotId}/rollback", {
    summary: "Put a folder back to what it was after a change",
    tags,
    access: { project: ["create", "secret-rollback"] },
    params: ofSnapshot,
    inProject: ({ params }) => ({ snapshotId: params.secretSnapshotId }),
    facts: history.changeFacts,
    factValues: ({ params }) => history.changeFactValues(params.secretSnapshotId),
    isBulk: true,
    result: z.object({ secretSnapshot: SecretSnapshot }),
    handle: async (ctx, { params, facts }) => ({
      secretSnapshot: presentSnapshot(await restoreFolder(ctx, params.secretSnapshotId, facts)),
    }),
  }),
]
