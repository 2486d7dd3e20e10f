import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam } from "../http/fields.ts"
import {
  identityListQuery,
  presentProjectIdentity,
  presentProjectIdentityRow,
  ProjectIdentity,
  ProjectIdentityRow,
} from "../http/project-identities.ts"
import {
  addBody,
  changeBody,
  GivenRole,
  inProject,
  presentGivenRole,
  projectIdParam,
} from "../http/project-members.ts"
import * as identities from "./identity-members.ts"

/*
 * Machine identities in projects as older clients ask.
 */

const tags: [string] = ["Project Identities"]
const ofProject = z.object({ projectId: projectIdParam })
const params = ofProject.extend({ identityId: idParam("The ID of the machine identity.") })
const generations = [
  ["V1Projects", "/api/v1/projects", 20, 1_000],
  ["V2Workspace", "/api/v2/workspace", 100, 20_000],
] as const

const reading = generations.flatMap(([generation, prefix, defaultLimit, maxLimit]) => [
  endpoint(`listProjectIdentities${generation}`, `GET ${prefix}/{projectId}/identity-memberships`, {
    summary: "List the machine identities that are in a project by themselves, as older clients ask",
    tags,
    access: { project: ["read", "identity"] },
    params: ofProject,
    inProject,
    query: identityListQuery(defaultLimit, maxLimit),
    result: z.object({ identityMemberships: z.array(ProjectIdentity), totalCount: z.number() }),
    async handle(ctx, { query }) {
      const { identities: listed, totalCount } = await identities.listIdentities(ctx, query)
      return { identityMemberships: listed.map(presentProjectIdentity), totalCount }
    },
  }),

  endpoint(`getProjectIdentity${generation}`, `GET ${prefix}/{projectId}/identity-memberships/{identityId}`, {
    summary: "Get a machine identity in a project, as older clients ask",
    tags,
    access: { project: ["read", "identity"] },
    params,
    inProject,
    result: z.object({ identityMembership: ProjectIdentity }),
    handle: async (ctx, { params: { identityId } }) => ({
      identityMembership: presentProjectIdentity(await identities.getIdentity(ctx, identityId)),
    }),
  }),
])

const writing = generations.flatMap(([generation, prefix]) => [
  endpoint(
    `addProjectIdentity${generation}`,
    `POST ${prefix}/{projectId}/identity-memberships/{identityId}`,
    {
      summary: "Add a machine identity to a project, as older clients ask",
      tags,
      access: { project: ["create", "identity"] },
      params,
      inProject,
      body: addBody(identities.isRange),
      result: z.object({ identityMembership: ProjectIdentityRow }),
      previews: ({ params }) => ({ where: "project", who: { identities: [params.identityId] } }),
      handle: async (ctx, { params: { identityId }, body }) => ({
        identityMembership: presentProjectIdentityRow(
          await identities.addIdentity(ctx, identityId, body.roles),
        ),
      }),
    },
  ),

  endpoint(
    `updateProjectIdentity${generation}`,
    `PATCH ${prefix}/{projectId}/identity-memberships/{identityId}`,
    {
      summary: "Give a machine identity in a project other roles, as older clients ask",
      tags,
      access: { project: ["edit", "identity"] },
      params,
      inProject,
      body: changeBody(identities.isRange),
      result: z.object({ roles: z.array(GivenRole) }),
      previews: ({ params }) => ({ where: "project", who: { identities: [params.identityId] } }),
      handle: async (ctx, { params: { identityId }, body }) => ({
        roles: (await identities.updateIdentity(ctx, identityId, body.roles)).map(presentGivenRole),
      }),
    },
  ),

  endpoint(
    `removeProjectIdentity${generation}`,
    `DELETE ${prefix}/{projectId}/identity-memberships/{identityId}`,
    {
      summary: "Remove a machine identity from a project, as older clients ask",
      tags,
      access: { project: ["delete", "identity"] },
      params,
      inProject,
      result: z.object({ identityMembership: ProjectIdentityRow }),
      previews: ({ params }) => ({ where: "project", who: { identities: [params.identityId] } }),
      handle: async (ctx, { params: { identityId } }) => ({
        identityMembership: presentProjectIdentityRow(await identities.removeIdentity(ctx, identityId)),
      }),
    },
  ),
])

const byMembership = endpoint(
  "getProjectIdentityMembership",
  "GET /api/v2/workspace/identity-memberships/{identityMembershipId}",
  {
    summary: "Get a machine identity in a project by the ID of its membership",
    tags,
    access: { project: ["read", "identity"] },
    params: z.object({ identityMembershipId: idParam("The ID of the membership in the project.") }),
    inProject: ({ params: { identityMembershipId } }) => ({ identityMembershipId }),
    result: z.object({ identityMembership: ProjectIdentity }),
    handle: async (ctx, { params: { identityMembershipId } }) => ({
      identityMembership: presentProjectIdentity(
        await identities.getIdentityMembership(ctx, identityMembershipId),
      ),
    }),
  },
)

export const legacyProjectIdentityEndpoints = [...reading, ...writing, byMembership]
