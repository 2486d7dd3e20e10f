import { z } from "zod"
import type { Endpoint } from "./endpoint.ts"
import { previewType } from "./preview.ts"

type Json = Record<string, unknown>

/** What other servers of this API have, too. */
export const withoutExtensions = (endpoints: readonly Endpoint[]): Endpoint[] =>
  endpoints
    .filter(({ isExtension }) => !isExtension)
    .map((endpoint) => ({ ...endpoint, extended: undefined }))

/** The document of what other servers of this API have, too, or of all that there is. */
export type Reach = "compatible" | "extended"

/** The OpenAPI 3.0.3 document of these endpoints. It follows the public document of the Infisical API in form. */
export function openapi(all: readonly Endpoint[], siteUrl: string, reach: Reach = "extended"): Json {
  const paths: Record<string, Json> = {}
  for (const endpoint of reach === "extended" ? all : withoutExtensions(all)) {
    const item = (paths[endpoint.path] ??= {})
    const more = reach === "extended" ? extensionsOf(endpoint) : nothing
    item[endpoint.method.toLowerCase()] = operation(endpoint, more)
  }
  return {
    openapi: "3.0.3",
    info: {
      title: "Conclave API",
      description: "An open, self-hosted server for access and secrets that speaks the Infisical API.",
      version: "0.0.1",
    },
    servers: [{ url: siteUrl, description: "This server" }],
    components: {
      securitySchemes: { bearerAuth: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
    security: [],
    paths,
  }
}

type Extensions = { parameters: Json[]; answered: Record<string, Json>; refused: Record<string, Json> }
const nothing: Extensions = { parameters: [], answered: {}, refused: {} }

/** In short, since it is the same everywhere. */
const preview = { type: "object", description: "What POST /api/v1/access/preview answers about this call." }

/** What is ours beside an operation that others have as well: previews, and headers by which writing is safe. */
function extensionsOf(endpoint: Endpoint): Extensions {
  const { method, access, answers, ifMatch, previews } = endpoint
  const isOnce =
    method !== "GET" &&
    (typeof access === "object" || access === "inOrganization") &&
    answers !== "credential" &&
    !endpoint.isPreview
  const dryRun = {
    schema: { type: "string", enum: ["true", "false"], default: "false" },
    in: "query",
    name: "dryRun",
    required: false,
    description: "Whether to answer what would change, and do nothing.",
  }
  return {
    parameters: [
      ...(previews ? [dryRun] : []),
      ...(isOnce ? [headerOf("Idempotency-Key", "Has it done once, however often it is sent.")] : []),
      ...(ifMatch ? [headerOf("If-Match", "The ETag of the state in which it is to be changed.")] : []),
    ],
    answered: previews ? { [previewType]: { schema: preview } } : {},
    refused: {
      ...(isOnce ? { "409": json(errorBody(409)) } : {}),
      ...(ifMatch ? { "412": json(errorBody(412)) } : {}),
    },
  }
}

const headerOf = (name: string, description: string): Json => ({
  schema: text,
  in: "header",
  name,
  required: false,
  description,
})

function operation(endpoint: Endpoint, more: Extensions): Json {
  const { extended } = endpoint
  const parameters = [
    ...parametersOf(endpoint.query, "query"),
    ...parametersOf(extended?.query, "query"),
    ...parametersOf(endpoint.params, "path"),
    ...more.parameters,
  ]
  const body = endpoint.body ?? extended?.body
  return {
    ...(endpoint.summary ? { summary: endpoint.summary } : {}),
    ...(endpoint.isExtension
      ? { description: "Conclave's own: other servers of this API have no such operation." }
      : {}),
    tags: endpoint.tags,
    operationId: endpoint.id,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: requestBody(body, endpoint.body !== undefined) } : {}),
    // The operation that the contract fixes has no such key; the others may be tried from the page.
    ...(endpoint.summary && endpoint.access !== "public" ? { security: [{ bearerAuth: [] }] } : {}),
    responses: {
      "200": json(schemaOf(endpoint.result, "output"), more.answered),
      ...errorResponses,
      ...more.refused,
    },
  }
}

function parametersOf(schema: z.ZodType | undefined, place: "query" | "path"): Json[] {
  if (!schema) return []
  const object = schemaOf(schema, "input")
  const required = new Set((object["required"] as string[] | undefined) ?? [])
  return Object.entries((object["properties"] as Record<string, Json>) ?? {}).map(([name, property]) => {
    const { description, ...rest } = property
    return {
      schema: rest,
      in: place,
      name,
      required: place === "path" || required.has(name),
      ...(description === undefined ? {} : { description }),
    }
  })
}

function requestBody(schema: z.ZodType, mayBeRequired: boolean): Json {
  const isRequired = mayBeRequired && !schema.safeParse(undefined).success
  return {
    ...(isRequired ? { required: true } : {}),
    content: { "application/json": { schema: schemaOf(schema, "input") } },
  }
}

const json = (schema: Json, others: Record<string, Json> = {}): Json => ({
  description: "Default Response",
  content: { "application/json": { schema }, ...others },
})

/** A zod schema as OpenAPI 3.0: without what the public document leaves out (`pattern` beside a format). */
function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const result = z.toJSONSchema(schema, {
    target: "openapi-3.0",
    io,
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      if (jsonSchema.format) delete jsonSchema.pattern
      if (jsonSchema.type === "object" && jsonSchema.properties) jsonSchema.additionalProperties = false
    },
  })
  const { $schema: _dialect, ...rest } = result as Json
  return rest
}

const text = { type: "string" }
const fourStrings = ["reqId", "statusCode", "message", "error"]

const errorBody = (status: number, more: Json = {}): Json => ({
  type: "object",
  properties: {
    reqId: text,
    statusCode: { type: "number", enum: [status] },
    message: text,
    ...more,
    error: text,
  },
  required: fourStrings,
  additionalProperties: false,
})

/** What any endpoint may answer besides 200; 413, 414, 415, 429, 431 and 503 may come from any route as well. */
const errorResponses: Record<string, Json> = {
  "400": json({ ...errorBody(400), properties: { ...(errorBody(400)["properties"] as Json), details: {} } }),
  "401": json(errorBody(401)),
  "403": json(errorBody(403, { details: {} })),
  "404": json(errorBody(404)),
  "422": json({
    ...errorBody(422),
    properties: { ...(errorBody(422)["properties"] as Json), message: {} },
    required: ["reqId", "statusCode", "error"],
  }),
  "500": json(errorBody(500)),
}
