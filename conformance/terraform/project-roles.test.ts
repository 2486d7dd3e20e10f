import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { replay, type Fields, type Known, type Step } from "../replay.ts"

/*
 * What the Terraform provider (v0.19.24) sends for roles of a project, by both forms of the resource, for
 * privileges beside them, and for templates.
 */
const role: Fields = {
  role: {
    id: "string",
    name: "string",
    description: "string?",
    slug: "string",
    projectId: "string",
    permissions: [{ subject: "string", action: "list", inverted: "boolean" }],
  },
}

const terraform = await people.addIdentity(server, organization, "admin")
const secret = await people.addClientSecret(server, organization, terraform.id)
const login: Step = {
  call: "POST /api/v1/auth/universal-auth/login",
  as: "nobody",
  body: { clientId: secret.clientId, clientSecret: secret.clientSecret },
  decodes: { accessToken: "string", expiresIn: "number", accessTokenMaxTTL: "number", tokenType: "string" },
  keeps: ({ accessToken }) => ({ token: accessToken }),
}
const createProject: Step = {
  call: "POST /api/v1/projects",
  body: { projectName: "Of Terraform", shouldCreateDefaultEnvs: true },
  keeps: ({ project }) => ({ projectId: project.id, projectSlug: project.slug }),
}
const apply = (...steps: Step[]): Promise<void> => replay([login, createProject, ...steps])

describe("Terraform", () => {
  const conditions = { environment: { $in: ["dev", "prod"] }, secretPath: { $glob: "/apps/**" } }
  const permissions = [
    { action: ["read", "edit"], subject: "secrets", inverted: false, conditions },
    { action: ["read"], subject: "settings", inverted: true },
  ]

  test("infisical_project_role with permissions_v2", () => {
    const at = ({ projectId, roleId }: Known) => `/api/v2/workspace/${projectId}/roles/${roleId}`
    const bySlug = (slug: string): Step => ({
      call: ({ projectId }) => `GET /api/v2/workspace/${projectId}/roles/slug/${slug}`,
      decodes: role,
    })
    return apply(
      {
        call: ({ projectId }) => `POST /api/v2/workspace/${projectId}/roles`,
        body: { slug: "tf-role", name: "Of Terraform", description: "", permissions },
        decodes: role,
        keeps: (answer) => ({ roleId: answer.role.id }),
      },
      { ...bySlug("tf-role"), holds: (answer) => [answer.role.permissions, permissions] },
      { call: ({ roleId }) => `GET /api/v1/projects/roles/${roleId}`, decodes: role },
      {
        call: (known) => `PATCH ${at(known)}`,
        body: { slug: "tf-renamed", name: "Renamed", description: "x", permissions: permissions.slice(1) },
        decodes: role,
      },
      {
        ...bySlug("tf-renamed"),
        holds: (answer) => [
          [answer.role.name, answer.role.description, answer.role.permissions],
          ["Renamed", "x", permissions.slice(1)],
        ],
      },
      { call: (known) => `DELETE ${at(known)}`, decodes: role },
      { ...bySlug("tf-renamed"), status: 404, decodes: {} },
    )
  })

  test("infisical_project_identity_specific_privilege with permissions_v2", () => {
    const privilege: Fields = {
      privilege: {
        id: "string",
        slug: "string",
        projectMembershipId: "string",
        isTemporary: "boolean",
        temporaryMode: "string?",
        temporaryRange: "string?",
        permissions: [{ subject: "string", action: "list", inverted: "boolean" }],
        createdAt: "time",
        updatedAt: "time",
      },
    }
    const route = "/api/v2/identity-project-additional-privilege"
    const type = {
      isTemporary: true,
      temporaryMode: "relative",
      temporaryRange: "1h",
      temporaryAccessStartTime: "2024-05-01T10:00:00Z",
    }
    // What would forbid its own holder something could not be taken away by it.
    const given = permissions.slice(0, 1)
    const changed = [{ action: ["edit"], subject: "settings", inverted: false }]
    return apply(
      {
        call: `POST ${route}`,
        body: ({ projectId }) => ({
          projectId,
          identityId: terraform.id,
          slug: "tf",
          permissions: given,
          type,
        }),
        decodes: privilege,
        keeps: (answer) => ({ privilegeId: answer.privilege.id }),
      },
      {
        call: ({ privilegeId }) => `GET ${route}/${privilegeId}`,
        decodes: privilege,
        holds: ({ privilege: told }) => [
          [told.slug, told.permissions, told.temporaryRange, new Date(told.temporaryAccessStartTime)],
          ["tf", given, "1h", new Date(type.temporaryAccessStartTime)],
        ],
      },
      {
        call: ({ privilegeId }) => `PATCH ${route}/${privilegeId}`,
        body: { slug: "tf", permissions: changed, type: { isTemporary: false } },
        decodes: privilege,
      },
      {
        call: ({ privilegeId }) => `GET ${route}/${privilegeId}`,
        decodes: privilege,
        holds: ({ privilege: told }) => [
          [told.permissions, told.isTemporary],
          [changed, false],
        ],
      },
      { call: ({ privilegeId }) => `DELETE ${route}/${privilegeId}`, decodes: privilege },
      { call: ({ privilegeId }) => `GET ${route}/${privilegeId}`, status: 404 },
    )
  })

  test("infisical_project_template", () => {
    const template: Fields = {
      projectTemplate: {
        id: "string",
        name: "string",
        description: "string?",
        roles: [{ name: "string", slug: "string", permissions: "list" }],
        environments: [{ name: "string", slug: "string", position: "number" }],
        orgId: "string",
        createdAt: "time",
        updatedAt: "time",
        type: "string",
      },
    }
    const at = ({ templateId }: Known) => `/api/v1/project-templates/${templateId}`
    const roles = [{ name: "Reader", slug: "reader", permissions }]
    const environments = [{ name: "Live", slug: "live", position: 1 }]
    const content = { name: "tf-template", description: "", type: "secret-manager", roles, environments }
    return apply(
      {
        call: "POST /api/v1/project-templates",
        body: content,
        decodes: template,
        keeps: ({ projectTemplate }) => ({ templateId: projectTemplate.id }),
      },
      {
        call: (known) => `GET ${at(known)}`,
        decodes: template,
        holds: ({ projectTemplate }) => [
          [projectTemplate.roles, projectTemplate.environments],
          [roles, environments],
        ],
      },
      {
        call: (known) => `PATCH ${at(known)}`,
        // It leaves out what is empty.
        body: (known) => ({ ...content, id: known["templateId"], name: "tf-renamed", roles: undefined }),
        decodes: template,
      },
      {
        call: (known) => `GET ${at(known)}`,
        decodes: template,
        holds: ({ projectTemplate }) => [projectTemplate.name, "tf-renamed"],
      },
      { call: (known) => `DELETE ${at(known)}`, decodes: template },
      { call: (known) => `GET ${at(known)}`, status: 404 },
    )
  })

  test("infisical_project_role with permissions, as older configurations have it", () => {
    const at = ({ projectSlug, roleId }: Known) => `/api/v1/workspace/${projectSlug}/roles/${roleId}`
    const older = [
      {
        action: "read",
        subject: "secrets",
        conditions: { environment: "dev", secretPath: { $glob: "/apps/*" } },
      },
      { action: "create", subject: "integrations" },
    ]
    const body = { slug: "tf-older", name: "Older", description: "", permissions: older }
    return apply(
      {
        call: ({ projectSlug }) => `POST /api/v1/workspace/${projectSlug}/roles`,
        body: ({ projectSlug }) => ({ ...body, projectSlug }),
        decodes: role,
        keeps: (answer) => ({ roleId: answer.role.id }),
      },
      {
        call: ({ projectSlug }) => `GET /api/v1/workspace/${projectSlug}/roles/slug/tf-older`,
        decodes: role,
        // The provider takes the first action of each.
        holds: ({ role: { permissions: told } }) => [
          told.map((rule: { action: string[] }) => ({ ...rule, action: rule.action[0] })),
          older.map((rule) => ({ ...rule, inverted: false })),
        ],
      },
      {
        call: (known) => `PATCH ${at(known)}`,
        body: ({ projectSlug, roleId }) => ({ ...body, name: "Renamed", projectSlug, roleId }),
        decodes: role,
      },
      { call: (known) => `DELETE ${at(known)}`, body: ({ roleId }) => ({ roleId }), decodes: role },
      {
        call: ({ projectSlug }) => `GET /api/v1/workspace/${projectSlug}/roles/slug/tf-older`,
        status: 404,
      },
    )
  })
})
