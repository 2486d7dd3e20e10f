import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { replay, type Fields, type Known, type Step } from "../replay.ts"

/*
 * What the Terraform provider (v0.19.24) sends for who is in projects, in its order. A role for good is sent with an
 * empty time and the beginning of now; all that was written has to be read back, whether or not its time is over.
 */
const identityOfTerraform = await people.addIdentity(server, organization, "admin")
const apply = (known: Known, ...steps: Step[]): Promise<void> =>
  replay([
    {
      call: `GET /api/v1/identities/details`,
      as: "nobody",
      status: 401,
      keeps: () => ({ ...known, token: identityOfTerraform.token }),
    },
    ...steps,
  ])

const makeProject = async (projectName: string): Promise<string> => {
  const made = await server.call("POST /api/v1/projects", {
    token: identityOfTerraform.token,
    body: { projectName },
  })
  return people.ok(made).project.id
}

const role: Fields = {
  id: "string",
  role: "string",
  customRoleId: "string?",
  isTemporary: "boolean",
  temporaryMode: "string?",
  temporaryRange: "string?",
  createdAt: "time",
  updatedAt: "time",
}
const heldRole: Fields = { ...role, customRoleSlug: "string?" }
const lasting = (slug: string) => ({
  role: slug,
  isTemporary: false,
  temporaryMode: "",
  temporaryRange: "",
  temporaryAccessStartTime: new Date().toISOString(),
})
/** Whose time is over long since. */
const temporary = (slug: string) => ({
  role: slug,
  isTemporary: true,
  temporaryMode: "relative",
  temporaryRange: "1h",
  temporaryAccessStartTime: "2024-05-01T10:00:00Z",
})
type Given = {
  role: string
  isTemporary: boolean
  temporaryRange: string | null
  temporaryAccessStartTime: string
}
const asRead = (roles: Given[]) =>
  roles.map((each) => [
    each.role,
    each.isTemporary,
    each.temporaryRange ?? "",
    each.isTemporary ? Date.parse(each.temporaryAccessStartTime) : 0,
  ])
const sent = [lasting("member"), temporary("viewer")]
const wanted = asRead(sent)
const changed = [temporary("admin"), lasting("viewer")]

describe("Terraform", () => {
  test("infisical_project_group", async () => {
    const group = await people.addGroup(server, organization, "tf-project-group")
    const membership: Fields = { groupMembership: { id: "string", groupId: "string" } }
    const whole: Fields = { groupMembership: { id: "string", groupId: "string", roles: [heldRole] } }
    const path = ({ projectId, groupId }: Known) => `/api/v2/workspace/${projectId}/groups/${groupId}`
    await apply(
      { projectId: await makeProject("tf groups"), groupId: group.id },
      {
        call: ({ projectId }) => `POST /api/v2/workspace/${projectId}/groups/${group.name}`,
        body: ({ projectId }) => ({ projectId, groupIdOrName: group.name, roles: sent }),
        decodes: membership,
        holds: (answer) => [answer.groupMembership.groupId, group.id],
      },
      {
        call: (known) => `GET ${path(known)}`,
        decodes: whole,
        holds: (answer) => [asRead(answer.groupMembership.roles), wanted],
      },
      {
        call: (known) => `PATCH ${path(known)}`,
        body: ({ projectId, groupId }) => ({ projectId, groupId, roles: changed }),
        decodes: { roles: [role] },
        holds: (answer) => [asRead(answer.roles), asRead(changed)],
      },
      {
        call: (known) => `GET ${path(known)}`,
        decodes: whole,
        holds: (answer) => [asRead(answer.groupMembership.roles), asRead(changed)],
      },
      {
        call: (known) => `DELETE ${path(known)}`,
        body: ({ projectId, groupId }) => ({ projectId, groupId }),
        decodes: membership,
      },
      { call: (known) => `GET ${path(known)}`, status: 404 },
    )
  })

  test("infisical_project_identity", async () => {
    const { id: identityId } = await people.addIdentity(server, organization, "no-access")
    const membership: Fields = { identityMembership: { id: "string", identityId: "string" } }
    const whole: Fields = {
      identityMembership: {
        id: "string",
        identityId: "string",
        roles: [{ ...heldRole, projectMembershipId: "string" }],
        identity: { name: "string", hasDeleteProtection: "boolean", id: "string", authMethods: ["string"] },
        project: { id: "string", name: "string" },
      },
    }
    const path = (known: Known) =>
      `/api/v2/workspace/${known["projectId"]}/identity-memberships/${known["identityId"]}`
    await apply(
      { projectId: await makeProject("tf identities"), identityId },
      {
        call: (known) => `POST ${path(known)}`,
        body: ({ projectId }) => ({ projectId, identityId, roles: sent }),
        decodes: membership,
      },
      {
        call: (known) => `GET ${path(known)}`,
        decodes: whole,
        holds: (answer) => [asRead(answer.identityMembership.roles), wanted],
        keeps: (answer) => ({ membershipId: answer.identityMembership.id }),
      },
      {
        call: ({ membershipId }) => `GET /api/v2/workspace/identity-memberships/${membershipId}`,
        decodes: whole,
      },
      {
        call: (known) => `PATCH ${path(known)}`,
        body: ({ projectId }) => ({ projectId, identityId, roles: changed }),
        decodes: { roles: [{ ...role, projectMembershipId: "string" }] },
        holds: (answer) => [asRead(answer.roles), asRead(changed)],
      },
      {
        call: (known) => `GET ${path(known)}`,
        decodes: whole,
        holds: (answer) => [asRead(answer.identityMembership.roles), asRead(changed)],
      },
      {
        call: (known) => `DELETE ${path(known)}`,
        body: ({ projectId }) => ({ projectId, identityId }),
        decodes: membership,
      },
      { call: (known) => `GET ${path(known)}`, status: 404 },
    )
  })

  test("infisical_project_user", async () => {
    const username = "tf-person@example.com"
    await people.addPerson(server, organization, { email: username })
    const whole: Fields = {
      membership: {
        id: "string",
        userId: "string",
        user: {
          email: "string",
          id: "string",
          firstName: "string",
          lastName: "string",
          publicKey: "string",
          username: "string",
        },
        roles: [{ ...heldRole, projectMembershipId: "string" }],
      },
    }
    const details = (): Step => ({
      call: ({ projectId }) => `POST /api/v1/workspace/${projectId}/memberships/details`,
      body: ({ projectId }) => ({ projectId, username }),
      decodes: whole,
      keeps: (answer) => ({ membershipId: answer.membership.id, userId: answer.membership.userId }),
    })
    const change = (roles: object[]): Step => ({
      call: ({ projectId, membershipId }) =>
        `PATCH /api/v1/workspace/${projectId}/memberships/${membershipId}`,
      body: ({ projectId, membershipId }) => ({ projectId, membershipId, roles }),
      decodes: { roles: [{ ...role, projectMembershipId: "string" }] },
    })
    const holdsRoles = (roles: Given[]): Step => ({
      ...details(),
      holds: (answer) => [asRead(answer.membership.roles), asRead(roles)],
    })
    await apply(
      { projectId: await makeProject("tf people") },
      {
        call: ({ projectId }) => `POST /api/v2/workspace/${projectId}/memberships`,
        body: ({ projectId }) => ({ projectId, usernames: [username] }),
        decodes: {
          memberships: [
            { id: "string", createdAt: "time", updatedAt: "time", userId: "string", projectId: "string" },
          ],
        },
      },
      details(),
      change(sent),
      holdsRoles(sent),
      holdsRoles(sent),
      {
        call: ({ projectId, userId }) => `GET /api/v1/projects/${projectId}/user/${userId}/membership`,
        decodes: whole,
        holds: (answer) => [asRead(answer.membership.roles), wanted],
      },
      change(changed),
      holdsRoles(changed),
      {
        call: ({ projectId }) => `DELETE /api/v2/workspace/${projectId}/memberships`,
        body: ({ projectId }) => ({ projectId, usernames: [username] }),
        decodes: { memberships: [{ id: "string", userId: "string" }] },
      },
      {
        call: ({ projectId }) => `POST /api/v1/workspace/${projectId}/memberships/details`,
        body: ({ projectId }) => ({ projectId, username }),
        status: 404,
      },
    )
  })
})
