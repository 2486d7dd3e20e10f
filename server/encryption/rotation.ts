import { keepDoing, type Pace, type Repeating } from "../repeating.ts"
import type { Project } from "./keyring.ts"
import * as store from "./project-keys.store.ts"
import { resealProject, type Resealing } from "./reseal.ts"

/*
 * The rotation of a project's data key: a new one is put in place, and what those before it sealed is sealed anew. Ended
 * in its midst it goes on when it is asked for again. Servers that have the key before in memory seal with it for five
 * minutes more, so that it is over only when all was looked through once more after that time.
 */
/** In seconds: longer than any server keeps a key in memory, and any of its transactions lasts after that. */
const settled = 420

/** Begins a rotation, or goes on with one that is not over. Returns how many rows were sealed anew. */
export async function rotateProjectKey(services: Resealing, project: Project): Promise<number> {
  const newest = await store.newestProjectKey(services.db, project)
  if (!newest?.wrapped_key) return 0
  if (newest.is_resealed) await services.keyring.rotate(project)
  return resealRest(services, project)
}

/** The same for every project of the instance that has a key, or for the one with that ID; undefined when there is none. */
export async function rotateProjectKeys(
  services: Resealing,
  id: string | null = null,
): Promise<{ projects: number; rows: number } | undefined> {
  const projects = await store.projectsWithKeys(services.db, id)
  if (id !== null && projects.length === 0) return undefined
  let rows = 0
  for (const project of projects) rows += await rotateProjectKey(services, project)
  return { projects: projects.length, rows }
}

/** Ends the rotations that were begun long enough ago. Returns how many rows were sealed anew. */
export async function finishRotations(services: Resealing): Promise<number> {
  let rows = 0
  for (const project of await store.unfinishedRotations(services.db, settled)) {
    rows += await resealRest(services, project)
  }
  return rows
}

/** Ends rotations by itself, every now and then, until it is stopped. What fails is tried again the next time. */
export const keepRotating = (services: Omit<Resealing, "signal">, pace: Pace): Repeating =>
  keepDoing((signal) => finishRotations({ ...services, signal }), pace)

async function resealRest(services: Resealing, project: Project): Promise<number> {
  // Its age is that at the beginning: once it is settled, whatever is sealed meanwhile is sealed by it.
  const newest = await store.newestProjectKey(services.db, project)
  if (!newest?.wrapped_key) return 0
  const rows = await resealProject(services, project)
  if (newest.age > settled) await store.noteResealed(services.db, { orgId: project.orgId, keyId: newest.id })
  return rows
}
