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
})
