import { describe, test } from "node:test"
import * as people from "../../server/test/people.ts"
import { organization, server } from "../instance.ts"
import { replay, type Fields, type Known, type Step } from "../replay.ts"

/*
 * What the Terraform provider (v0.19.24) sends for projects and their environments, in its order.
 */
const { token } = await people.addIdentity(server, organization, "admin")
const apply = (known: Known, ...steps: Step[]): Promise<void> =>
  replay([
    {
      call: "GET /api/v1/identities/details",
      as: "nobody",
      status: 401,
      keeps: () => ({ ...known, token }),
    },
    ...steps,
  ])

const written: Fields = {
  id: "string",
  name: "string",
  description: "string?",
  slug: "string",
  type: "string",
  autoCapitalization: "boolean",
  orgId: "string",
  createdAt: "time",
  updatedAt: "time",
  version: "number",
  upgradeStatus: "string?",
}
const read: Fields = {
  ...written,
  kmsSecretManagerKeyId: "string?",
  hasDeleteProtection: "boolean",
  environments: [{ name: "string", slug: "string", id: "string" }],
  auditLogsRetentionDays: "number?",
}
const environment: Fields = {
  id: "string",
  name: "string",
  slug: "string",
  position: "number",
  projectId: "string",
}

describe("Terraform", () => {
  test("infisical_project", async () => {
    const path = ({ slug }: Known) => `/api/v2/workspace/${slug}`
    await apply(
      { slug: "tf-project" },
      {
        call: "POST /api/v2/workspace",
        body: ({ slug }) => ({
          projectName: "Project of Terraform",
          projectDescription: "By Terraform",
          slug,
          organizationSlug: "",
          type: "secret-manager",
          shouldCreateDefaultEnvs: false,
          hasDeleteProtection: true,
        }),
        decodes: { project: written },
        keeps: ({ project }) => ({ projectId: project.id }),
      },
      {
        call: (known) => `GET ${path(known)}`,
        decodes: read,
        holds: (answer, { projectId, slug }) => [
          [
            answer.id,
            answer.name,
            answer.description,
            answer.slug,
            answer.hasDeleteProtection,
            answer.environments,
          ],
          [projectId, "Project of Terraform", "By Terraform", slug, true, []],
        ],
      },
      { call: ({ projectId }) => `GET /api/v1/workspace/${projectId}`, decodes: { workspace: read } },
      { call: "GET /api/v1/projects", decodes: { projects: [read] } },
      { call: (known) => `DELETE ${path(known)}`, status: 403 },
      {
        call: ({ projectId }) => `PATCH /api/v1/projects/${projectId}`,
        body: ({ projectId }) => ({
          projectId,
          slug: "tf-project-2",
          name: "Renamed",
          description: "",
          hasDeleteProtection: false,
        }),
        keeps: () => ({ slug: "tf-project-2" }),
      },
      {
        call: ({ slug }) => `PUT /api/v1/workspace/${slug}/audit-logs-retention`,
        body: { auditLogsRetentionDays: 30 },
        decodes: { workspace: written },
      },
      {
        call: (known) => `GET ${path(known)}`,
        decodes: read,
        holds: (answer) => [
          [answer.name, answer.description ?? "", answer.hasDeleteProtection, answer.auditLogsRetentionDays],
          ["Renamed", "", false, 30],
        ],
      },
      // The provider looks for the project in an object around it, and needs nothing of it.
      { call: (known) => `DELETE ${path(known)}` },
      { call: (known) => `GET ${path(known)}`, status: 404 },
    )
  })

  test("infisical_project_environment", async () => {
    const made = await server.call("POST /api/v1/projects", {
      token,
      body: { projectName: "Environments of Terraform", shouldCreateDefaultEnvs: false },
    })
    const all = ({ projectId }: Known) => `/api/v1/workspace/${projectId}/environments`
    const one = (known: Known) => `${all(known)}/${known["id"]}`
    await apply(
      { projectId: people.ok(made).project.id },
      {
        call: (known) => `POST ${all(known)}`,
        body: ({ projectId }) => ({ name: "Quality", slug: "qa", workspaceId: projectId, position: 1 }),
        decodes: { environment },
        keeps: (answer) => ({ id: answer.environment.id }),
      },
      {
        call: (known) => `POST ${all(known)}`,
        body: ({ projectId }) => ({ name: "Without a position", slug: "last", workspaceId: projectId }),
        decodes: { environment },
        holds: (answer) => [answer.environment.position, 2],
      },
      {
        call: ({ id }) => `GET /api/v1/workspace/environments/${id}`,
        decodes: { environment },
        holds: (answer, { projectId }) => [
          [
            answer.environment.name,
            answer.environment.slug,
            answer.environment.position,
            answer.environment.projectId,
          ],
          ["Quality", "qa", 1, projectId],
        ],
      },
      {
        call: (known) => `PATCH ${one(known)}`,
        body: ({ id, projectId }) => ({
          iD: id,
          projectID: projectId,
          name: "Tests",
          slug: "tests",
          position: 2,
        }),
        decodes: { environment },
      },
      {
        call: ({ id }) => `GET /api/v1/workspace/environments/${id}`,
        decodes: { environment },
        holds: (answer) => [
          [answer.environment.name, answer.environment.slug, answer.environment.position],
          ["Tests", "tests", 2],
        ],
      },
      {
        call: ({ projectId }) => `GET /api/v1/projects/${projectId}/environments/slug/tests`,
        decodes: environment,
      },
      {
        call: (known) => `DELETE ${one(known)}`,
        body: ({ id, projectId }) => ({ id, workspaceId: projectId }),
        decodes: { environment },
      },
      { call: ({ id }) => `GET /api/v1/workspace/environments/${id}`, status: 404 },
    )
  })
})
