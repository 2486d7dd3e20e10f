import { PermissionBoundaryError, PermissionDenied } from "../access/access.ts"
import { requireMember, type FoundProject } from "../access/project.ts"
import { requireSameProject } from "../access/standing.ts"
import { holdCaller, identify, lookUp } from "../auth/authenticate.ts"
import type { Context, ProjectContext } from "../context.ts"
import { uuidOrNull } from "../crypto/ids.ts"
import { holdProject } from "./projects.ts"

/** How a request names a project that it is about among others. */
export type NamedProject = { id: string } | { slug: string }

/**
 * The caller in the projects that the request names beside its route, by the ids of the projects: 404 and 403 as at the
 * routes of that project. All that they act by there is as it was judged, and stays so until the transaction ends.
 */
export async function actIn<T extends { project: NamedProject }>(
  ctx: Context,
  all: readonly T[],
): Promise<(T & { at: ProjectContext })[]> {
  const found: (T & { at: ProjectContext })[] = []
  for (const each of all) {
    const project = requireMember(ctx.actor, each.project, await findProject(ctx, each.project))
    found.push({ ...each, at: { ...ctx, project } })
  }
  // In one order for everybody, so that nobody who holds one waits for another who waits for that one.
  const inOrder = found.toSorted((one, next) => (one.at.project.id < next.at.project.id ? -1 : 1))
  for (const { at, project } of inOrder) {
    // Before anything in it, as everybody does.
    await holdProject(at)
    await holdCaller(ctx.db, ctx.actor, at.project.id)
    requireSameProject(at.project, await findProject(ctx, project))
  }
  return inOrder
}

/** Does something in such a project; a refusal that is written down says in which one it was. */
export async function within<T>({ project }: ProjectContext, deed: () => T | Promise<T>): Promise<T> {
  try {
    return await deed()
  } catch (error) {
    if (error instanceof PermissionDenied || error instanceof PermissionBoundaryError) {
      error.denial.projectId = project.id
    }
    throw error
  }
}

async function findProject(ctx: Context, named: NamedProject): Promise<FoundProject | undefined> {
  const { db, request, services } = ctx
  const claims = identify({ authorization: request.header("authorization") }, services.tokens)
  const project =
    "id" in named
      ? ({ key: "id", value: uuidOrNull(named.id) } as const)
      : ({ key: "slug", value: named.slug } as const)
  const beside = { facts: undefined, values: [], project }
  const caller = await lookUp(db, claims, beside, { ip: request.ip, beforeSecondFactor: false })
  return caller.project
}
