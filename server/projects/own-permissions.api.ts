import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { timestamp, uuid } from "../http/fields.ts"
import { GivenRole, inProject, presentGivenRole, projectIdParam } from "../http/project-members.ts"
import { ownPlace, type OwnMembership, type OwnPlace } from "./own-permissions.ts"

/** A way in which the caller is in the project: by themselves, or by a group. */
const Membership = z.object({
  id: uuid,
  actorUserId: uuid.nullable(),
  actorGroupId: uuid.nullable(),
  roles: z.array(GivenRole),
})
/** All of these as one, which is what older clients know. */
const OlderMembership = z.object({
  id: uuid,
  createdAt: timestamp,
  updatedAt: timestamp,
  userId: uuid,
  projectId: uuid,
  roles: z.array(GivenRole),
})
const permissions = z.array(z.unknown())

const present = (membership: OwnMembership): z.input<typeof Membership> => ({
  id: membership.id,
  actorUserId: membership.group_id === null ? membership.user_id : null,
  actorGroupId: membership.group_id,
  roles: membership.roles.map(presentGivenRole),
})

const presentOlder = ({ memberships }: OwnPlace): z.input<typeof OlderMembership> => ({
  id: memberships[0].id,
  createdAt: memberships[0].created_at.toISOString(),
  updatedAt: memberships[0].updated_at.toISOString(),
  userId: memberships[0].user_id,
  projectId: memberships[0].project_id,
  roles: memberships.flatMap(({ roles }) => roles).map(presentGivenRole),
})

const tags: [string] = ["Project Users"]
const params = z.object({ projectId: projectIdParam })

export const ownPermissionEndpoints = [
  endpoint("getOwnProjectPermissions", "GET /api/v1/projects/{projectId}/permissions", {
    summary: "Get the ways in which you are in a project, and all that you may do there",
    tags,
    access: { project: "membership" },
    callers: ["user"],
    params,
    inProject,
    result: z.object({ data: z.object({ permissions, memberships: z.array(Membership) }) }),
    async handle(ctx) {
      const { memberships, permissions } = await ownPlace(ctx)
      return { data: { permissions, memberships: memberships.map(present) } }
    },
  }),

  endpoint("getOwnProjectPermissionsV1Workspace", "GET /api/v1/workspace/{projectId}/permissions", {
    summary: "Get your place in a project, and all that you may do there, as older clients ask",
    tags,
    access: { project: "membership" },
    callers: ["user"],
    params,
    inProject,
    result: z.object({
      data: z.object({ membership: OlderMembership, permissions, memberships: z.array(Membership) }),
    }),
    async handle(ctx) {
      const place = await ownPlace(ctx)
      const { memberships, permissions } = place
      return {
        data: { membership: presentOlder(place), permissions, memberships: memberships.map(present) },
      }
    },
  }),
]
