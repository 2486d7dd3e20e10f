import type { Make } from "./access-cases.ts"
import { addProject } from "./projects.ts"
import { addServiceToken } from "./service-tokens.ts"

const scopes = [
  { environment: "dev", secretPath: "/" },
  { environment: "prod", secretPath: "/app/**" },
]

/** Requests about service tokens, see `cases` in access-cases.ts. */
export const serviceTokenCases: Record<string, Make> = {
  createServiceToken: async (harness, organization) => ({
    body: {
      name: "For a job",
      workspaceId: (await addProject(harness, organization)).id,
      scopes,
      permissions: ["read", "write"],
      expiresIn: 3_600,
      encryptedKey: "",
      iv: "",
      tag: "",
    },
  }),
  async getOwnServiceToken(harness, organization) {
    const project = await addProject(harness, organization)
    return { token: (await addServiceToken(harness, project)).token }
  },
  async listServiceTokens(harness, organization) {
    const project = await addProject(harness, organization)
    await addServiceToken(harness, project)
    return { path: { workspaceId: project.id } }
  },
  async deleteServiceToken(harness, organization) {
    const project = await addProject(harness, organization)
    return { path: { serviceTokenId: (await addServiceToken(harness, project)).id } }
  },
}
