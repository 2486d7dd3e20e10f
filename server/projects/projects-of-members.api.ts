import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam } from "../http/fields.ts"
import { presentProjectIdentity, ProjectIdentity } from "../http/project-identities.ts"
import { presentProjectUser, ProjectUser } from "../http/project-users.ts"
import * as members from "./projects-of-members.ts"

export const memberProjectEndpoints = [
  endpoint("listIdentityProjectMemberships", "GET /api/v1/identities/{identityId}/identity-memberships", {
    summary: "List the projects that a machine identity is in by itself",
    tags: ["Identities"],
    access: { organization: ["read", "identity"] },
    params: z.object({ identityId: idParam("The ID of the machine identity.") }),
    result: z.object({ identityMemberships: z.array(ProjectIdentity) }),
    async handle(ctx, { params: { identityId } }) {
      const { identity, memberships } = await members.projectsOfIdentity(ctx, identityId)
      const identityMemberships = memberships.map((row) =>
        presentProjectIdentity({ ...row, identity_id: identity.identity_id, identity }),
      )
      return { identityMemberships }
    },
  }),

  endpoint(
    "listProjectMembershipsOfMember",
    "GET /api/v2/organizations/{organizationId}/memberships/{membershipId}/project-memberships",
    {
      summary: "List the projects that a member is in by themselves",
      tags: ["Organizations"],
      access: { organization: ["read", "member"] },
      params: z.object({
        organizationId: idParam("The ID of the organization."),
        membershipId: idParam("The ID of the membership."),
      }),
      result: z.object({ memberships: z.array(ProjectUser) }),
      async handle(ctx, { params }) {
        const { member, memberships } = await members.projectsOfUser(ctx, params)
        const hasAccepted = member.accepted_at !== null
        const person = {
          user_id: member.user_id,
          username: member.username,
          email: member.invite_email ?? member.email,
          first_name: hasAccepted ? member.first_name : null,
          last_name: hasAccepted ? member.last_name : null,
          is_active: member.deactivated_at === null,
          is_group_member: false,
        }
        return { memberships: memberships.map((row) => presentProjectUser({ ...row, ...person })) }
      },
    },
  ),
]
