import { z } from "zod"
import { endpoint } from "../http/endpoint.ts"
import { storableText } from "../http/fields.ts"
import { presentTaggedSecret, TaggedSecret } from "../http/secret.ts"
import { kind, nameParam, placedBody, projectNamed } from "../http/secret-fields.ts"
import { secretFacts } from "./secrets.ts"
import { attachTags, detachTags, maxTags } from "./tags.ts"

/** Both differ in what they do with the tags, and in nothing else. */
const change = (id: string, verb: "POST" | "DELETE", summary: string, deed: typeof attachTags) =>
  endpoint(id, `${verb} /api/v3/secrets/tags/{secretName}` as const, {
    summary,
    tags: ["Secrets"],
    access: { project: ["edit", "secrets"] },
    params: z.object({ secretName: nameParam }),
    body: placedBody("v3", {
      type: kind,
      tagSlugs: z.array(storableText.max(255)).min(1).max(maxTags).describe("The slugs of the tags."),
    }),
    inProject: ({ body }) => projectNamed(body),
    facts: secretFacts,
    factValues: ({ params, body }) => [body.environment, body.secretPath, params.secretName],
    result: z.object({ secret: TaggedSecret }),
    async handle(ctx, { params, body: { environment, secretPath, type, tagSlugs }, facts }) {
      const named = { environment, secretPath, kind: type, tagSlugs, ...params }
      return { secret: presentTaggedSecret(await deed(ctx, named, facts)) }
    },
  })

export const secretTagEndpoints = [
  change("attachSecretTags", "POST", "Give a secret tags, beside those that it has", attachTags),
  change("detachSecretTags", "DELETE", "Take tags from a secret", detachTags),
]
