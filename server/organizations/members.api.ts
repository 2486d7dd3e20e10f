import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { idParam, storableText, timestamp, uuid } from "../http/fields.ts"
import * as changes from "./member-changes.ts"
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
  lastInvitedAt: timestamp.nullable(),
  lastLoginAuthMethod: z.string().nullable(),
  lastLoginTime: timestamp.nullable(),
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
const MemberDetail = Member.extend({
  metadata: z.array(z.object({ key: z.string(), id: uuid, value: z.string() })),
})
const Membership = Member.pick({
  id: true,
  role: true,
  status: true,
  inviteEmail: true,
  userId: true,
  orgId: true,
  roleId: true,
  projectFavorites: true,
  isActive: true,
}).extend({ createdAt: timestamp, updatedAt: timestamp })

const presentMembership = (member: members.Member): z.input<typeof Membership> => ({
  id: member.id,
  role: member.role,
  status: member.accepted_at ? "accepted" : "invited",
  inviteEmail: member.invite_email,
  createdAt: member.created_at.toISOString(),
  updatedAt: member.updated_at.toISOString(),
  userId: member.user_id,
  orgId: member.org_id,
  roleId: member.custom_role_id,
  projectFavorites: null,
  isActive: member.deactivated_at === null,
})

const present = (member: members.Member): z.input<typeof Member> => ({
  ...presentMembership(member),
  lastInvitedAt: member.last_invited_at?.toISOString() ?? null,
  lastLoginAuthMethod: member.last_login_auth_method,
  lastLoginTime: member.last_login_at?.toISOString() ?? null,
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

const tags: [string] = ["Organizations"]
const organizationId = idParam("The ID of the organization.")
const params = z.object({ organizationId, membershipId: idParam("The ID of the membership.") })
const note = (label: string, max: number) =>
  storableText.min(1, `${label} must not be empty`).max(max, `${label} must be at most ${max} characters`)

export const organizationMemberEndpoints = [
  endpoint("listOrganizationMemberships", "GET /api/v2/organizations/{organizationId}/memberships", {
    summary: "List the members of the organization",
    tags,
    access: { organization: ["read", "member"] },
    params: z.object({ organizationId }),
    result: z.object({ users: z.array(Member) }),
    handle: async (ctx, { params }) => ({
      users: (await members.listMembers(ctx, params.organizationId)).map(present),
    }),
  }),

  endpoint("getOwnPermissions", "GET /api/v1/organization/{organizationId}/permissions", {
    summary: "Get your place in the organization, and all that you may do there",
    tags,
    access: "inOrganization",
    callers: ["user"],
    params: z.object({ organizationId }),
    result: z.object({ membership: Membership, permissions: z.array(z.unknown()) }),
    async handle(ctx, { params }) {
      const { membership, permissions } = await members.ownPermissions(ctx, params.organizationId)
      return { membership: presentMembership(membership), permissions }
    },
  }),

  endpoint("listOrganizationUsers", "GET /api/v1/organization/{organizationId}/users", {
    summary: "List the members of the organization, as older clients ask",
    tags,
    access: { organization: ["read", "member"] },
    callers: ["user"],
    params: z.object({ organizationId }),
    result: z.object({ users: z.array(Member) }),
    handle: async (ctx, { params }) => ({
      users: (await members.listMembers(ctx, params.organizationId)).map(present),
    }),
  }),

  endpoint(
    "getOrganizationMembership",
    "GET /api/v2/organizations/{organizationId}/memberships/{membershipId}",
    {
      summary: "Get a member of the organization",
      tags,
      access: { organization: ["read", "member"] },
      params,
      result: z.object({ membership: MemberDetail }),
      async handle(ctx, { params }) {
        const member = await members.getMember(ctx, params.organizationId, params.membershipId)
        return { membership: { ...present(member), metadata: member.metadata } }
      },
    },
  ),

  endpoint(
    "updateOrganizationMembership",
    "PATCH /api/v2/organizations/{organizationId}/memberships/{membershipId}",
    {
      summary: "Change the role of a member, whether they are active, and what is noted about them",
      tags,
      access: { organization: ["edit", "member"] },
      params,
      body: z.object({
        role: z.string().trim().min(1).max(64).optional().describe("The slug of the new role."),
        isActive: z
          .boolean()
          .optional()
          .describe("False refuses the member every right until it is true again."),
        metadata: z
          .array(z.object({ key: note("Key", 255), value: note("Value", 1_020) }))
          .max(100)
          .optional()
          .describe("What to note about the member, in place of what was noted."),
      }),
      result: z.object({ membership: Membership }),
      previews: ({ params, body }) => ({
        where: body.isActive === undefined && body.metadata === undefined ? "organization" : "everywhere",
        who: { members: [params.membershipId] },
      }),
      handle: async (ctx, { params, body }) => ({
        membership: presentMembership(await changes.updateMember(ctx, params, body)),
      }),
    },
  ),

  endpoint(
    "deleteOrganizationMembership",
    "DELETE /api/v2/organizations/{organizationId}/memberships/{membershipId}",
    {
      summary: "Remove a member from the organization, or leave it",
      tags,
      access: { organization: ["delete", "member"] },
      params,
      isOwn: (actor, { params }) => params.membershipId.toLowerCase() === actor.membershipId,
      result: z.object({ membership: Membership }),
      previews: ({ params }) => ({ where: "everywhere", who: { members: [params.membershipId] } }),
      handle: async (ctx, { params }) => ({
        membership: presentMembership(await changes.removeMember(ctx, params)),
      }),
    },
  ),
]
