import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, uuid } from "../http/fields.ts"
import * as members from "./members.ts"

const Member = z.object({
  id: uuid,
  role: z.string(),
  roleId: uuid.nullable(),
  orgId: uuid,
  status: z.enum(["invited", "accepted"]),
  inviteEmail: z.string().nullable(),
  userId: uuid,
  isActive: z.boolean(),
  projectFavorites: z.array(z.string()).nullable(),
  user: z.object({
    username: z.string(),
    email: z.string().nullable(),
    isEmailVerified: z.boolean(),
    firstName: z.string().nullable(),
    lastName: z.string().nullable(),
    id: uuid,
    publicKey: z.string(),
  }),
})

const present = (member: members.Member): z.input<typeof Member> => ({
  id: member.id,
  role: member.role,
  roleId: null,
  orgId: member.org_id,
  status: member.accepted_at ? "accepted" : "invited",
  inviteEmail: member.invite_email,
  userId: member.user_id,
  isActive: true,
  projectFavorites: null,
  user: {
    username: member.username,
    email: member.email,
    isEmailVerified: member.accepted_at !== null,
    firstName: member.first_name,
    lastName: member.last_name,
    id: member.user_id,
    // Wanted by older clients; nothing is encrypted for it here.
    publicKey: "",
  },
})

export const organizationMemberEndpoints = [
  endpoint("listOrganizationMemberships", "GET /api/v2/organizations/{organizationId}/memberships", {
    summary: "List the members of the organization",
    tags: ["Organizations"],
    access: { organization: ["read", "member"] },
    params: z.object({ organizationId: idParam("The ID of the organization.") }),
    result: z.object({ users: z.array(Member) }),
    handle: async (ctx, { params }) => ({
      users: (await members.listMembers(ctx, params.organizationId)).map(present),
    }),
  }),
]
