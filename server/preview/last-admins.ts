import type { Queries } from "../db/database.ts"
import type { Change } from "./changes.ts"
import * as store from "./preview.store.ts"
import type { NamedProject, Viewer } from "./shown.ts"

/** What would be left without anybody who administers it: projects that the caller is in by name, the rest as a number. */
export type LastAdmins = { organization: boolean; projects: NamedProject[]; projectCount: number }

const mostProjects = 50

/** Read before the act, since all but those whose rights change stay what they are. */
export async function lastAdmins(
  db: Queries,
  { orgId, viewer }: { orgId: string; viewer: Viewer },
  changes: readonly Change[],
): Promise<LastAdmins> {
  const losing = changes.filter(
    ({ before, after, when }) => when === "now" && before.isAdmin && !after.isAdmin,
  )
  const keeping = new Set(
    changes.flatMap(({ after, projectId, when }) => (when === "now" && after.isAdmin ? [projectId] : [])),
  )
  const losers = losing
    .filter(({ projectId }) => !keeping.has(projectId))
    .flatMap(({ projectId, holders }) =>
      holders.map(({ holder }) => ({ projectId, membershipId: holder.membership_id })),
    )
  const ofOrganization = losers.flatMap(({ projectId, membershipId }) =>
    projectId === undefined ? [membershipId] : [],
  )
  const ofProjects = losers.flatMap(({ projectId, membershipId }) =>
    projectId === undefined ? [] : [{ projectId, membershipId }],
  )
  const organization = ofOrganization.length > 0 && !(await store.hasOtherAdmin(db, orgId, ofOrganization))
  const left = await leftWithout(db, orgId, ofProjects)
  const seen = left.filter((id) => viewer.projects.has(id)).slice(0, mostProjects)
  const projects = seen.length > 0 ? await store.projectsNamed(db, orgId, seen) : []
  return { organization, projects, projectCount: left.length }
}

async function leftWithout(
  db: Queries,
  orgId: string,
  losers: readonly { projectId: string; membershipId: string }[],
): Promise<string[]> {
  if (losers.length === 0) return []
  const others = new Set(await store.projectsWithOtherAdmin(db, orgId, losers))
  return [...new Set(losers.map(({ projectId }) => projectId))].filter((id) => !others.has(id))
}
