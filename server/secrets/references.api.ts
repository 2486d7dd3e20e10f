import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { nameParam, placedQuery, projectNamed } from "../http/secret-fields.ts"
import { getReferenceTree } from "./reference-tree.ts"
import { secretFacts } from "./secrets.ts"

/** A secret, and in `children` those that its value refers to, which are the same again. */
const Tree = z.object({
  key: z.string(),
  value: z.string().optional(),
  environment: z.string(),
  secretPath: z.string(),
  children: z.array(z.unknown()),
})

export const referenceEndpoints = [
  endpoint("getSecretReferenceTree", "GET /api/v3/secrets/raw/{secretName}/secret-reference-tree", {
    summary: "Show what the value of a secret refers to, and what that refers to in its turn",
    tags: ["Secrets"],
    access: { project: ["describeSecret", "secrets"] },
    callers: ["user"],
    recordsRead: true,
    params: z.object({ secretName: nameParam }),
    query: placedQuery("v3", {}),
    inProject: ({ query }) => projectNamed(query),
    facts: secretFacts,
    factValues: ({ params, query }) => [query.environment, query.secretPath, params.secretName],
    result: z.object({ tree: Tree, value: z.string().optional() }),
    handle: (ctx, { params, query, facts }) => getReferenceTree(ctx, { ...query, ...params }, facts),
  }),
]
