import type { Rights } from "../access/can.ts"
import type { Context } from "../context.ts"
import type { Access } from "./difference.ts"
import { keyOf, type Kind } from "./holders.ts"
import * as store from "./preview.store.ts"
import type { Standing, Standings } from "./standings.ts"

/*
 * What of a preview its caller may read: people and machine identities whom they may read, in the organization or in the
 * project; projects that they are in, and what lies in these as far as they may see it. The rest is counted.
 */

/** Whoever asks, with what they may do in the organization, and in the projects that they are in. */
export type Viewer = { organization: Rights; projects: ReadonlyMap<string, Rights> }

/** `standings` are of before the act, and have the caller's. */
export function viewerOf({ actor, project }: Context, standings: Standings): Viewer {
  const kind: Kind = actor.kind === "user" ? "user" : "identity"
  const own = standings.get(keyOf({ kind, membership_id: actor.membershipId }))
  const projects = new Map([...(own?.projects ?? [])].map(([id, { rights }]) => [id, rights]))
  if (project) projects.set(project.id, project.rights)
  return { organization: actor.rights, projects }
}

export type ShownHolder = { id: string; name: string }
/** How many there are, and the first of those whom the caller may read. */
export type ShownHolders = { count: number; shown: ShownHolder[] }

const mostHolders = 25

const maySee = (viewer: Viewer, { holder, name, id }: Standing, projectId: string | undefined): boolean => {
  const project = projectId === undefined ? undefined : viewer.projects.get(projectId)
  return holder.kind === "user"
    ? viewer.organization.can(["read", "member"]) ||
        (project?.can(["read", "member"], { userEmail: name }) ?? false)
    : viewer.organization.can(["read", "identity"]) ||
        (project?.can(["read", "identity"], { identityId: id }) ?? false)
}

export function shownHolders(
  viewer: Viewer,
  holders: readonly Standing[],
  { kind, projectId }: { kind: Kind; projectId: string | undefined },
): ShownHolders {
  const ofKind = holders.filter(({ holder }) => holder.kind === kind)
  const shown: ShownHolder[] = []
  for (const standing of ofKind) {
    if (shown.length === mostHolders) break
    if (maySee(viewer, standing, projectId)) shown.push({ id: standing.id, name: standing.name })
  }
  return { count: ofKind.length, shown }
}

/** Actions on a subject; in how many folders, where it is not the same in all, and which of them may be seen. */
export type ShownAccess = {
  subject: string
  actions: string[]
  environment?: string | null
  secretPaths?: string[]
  folders?: number
}

const mostPaths = 50

/** What lies in environments and folders that the caller may not see has no name. */
export function shownAccess(rights: Rights | undefined, all: readonly Access[]): ShownAccess[] {
  return all.map(({ subject, actions, environment, paths }) => {
    if (environment === undefined || paths === undefined) return { subject, actions }
    const seesEnvironments = rights?.can(["read", "environments"]) ?? false
    const seen = paths.filter(
      (secretPath) =>
        seesEnvironments && rights?.can(["read", "secret-folders"], { environment, secretPath }),
    )
    return {
      subject,
      actions,
      environment: seesEnvironments ? environment : null,
      secretPaths: seen.slice(0, mostPaths),
      folders: paths.length,
    }
  })
}

export type NamedProject = store.NamedProject
export const projectsNamed = store.projectsNamed
