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

const tags: [string] = ["Project Identities"]
const ofProject = z.object({ projectId: projectIdParam })
const params = ofProject.extend({ identityId: idParam("The ID of the machine identity.") })

export const projectIdentityEndpoints = [
  endpoint("listProjectIdentities", "GET /api/v1/projects/{projectId}/memberships/identities", {
    summary: "List the machine identities that are in a project by themselves",
    tags,
    access: { project: ["read", "identity"] },
    params: ofProject,
    inProject,
    query: identityListQuery(20, 1_000),
    result: z.object({ identityMemberships: z.array(ProjectIdentity), totalCount: z.number() }),
    async handle(ctx, { query }) {
      const { identities: listed, totalCount } = await identities.listIdentities(ctx, query)
      return { identityMemberships: listed.map(presentProjectIdentity), totalCount }
    },
  }),

  endpoint("getProjectIdentity", "GET /api/v1/projects/{projectId}/memberships/identities/{identityId}", {
    summary: "Get a machine identity in a project",
    tags,
    access: { project: ["read", "identity"] },
    params,
    inProject,
    result: z.object({ identityMembership: ProjectIdentity }),
    handle: async (ctx, { params: { identityId } }) => ({
      identityMembership: presentProjectIdentity(await identities.getIdentity(ctx, identityId)),
    }),
  }),

  endpoint("addProjectIdentity", "POST /api/v1/projects/{projectId}/memberships/identities/{identityId}", {
    summary: "Add a machine identity to a project",
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
  }),

  endpoint(
    "updateProjectIdentity",
    "PATCH /api/v1/projects/{projectId}/memberships/identities/{identityId}",
    {
      summary: "Give a machine identity in a project other roles",
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
    "removeProjectIdentity",
    "DELETE /api/v1/projects/{projectId}/memberships/identities/{identityId}",
    {
      summary: "Remove a machine identity from a project",
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
]
