import { endpoints } from "../../endpoints.ts"
import type { Endpoint } from "../../http/endpoint.ts"
import { openapi } from "../../http/openapi.ts"
import { previewType } from "../../http/preview.ts"

/** The part of JSON Schema that our document uses; `{}` is anything. */
export type Schema = {
  type?: "string" | "number" | "integer" | "boolean" | "object" | "array"
  format?: string
  pattern?: string
  nullable?: boolean
  enum?: unknown[]
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}

type Content = {
  content: { "application/json": { schema: Schema }; [previewType]?: { schema: Schema } }
}

/** An operation of the document, with what it was drawn from. */
export type Operation = {
  id: string
  method: string
  path: string
  endpoint: Endpoint
  parameters: { name: string; in: "path" | "query" | "header"; required: boolean; schema: Schema }[]
  body: Schema | undefined
  /** The schema of the answer, by status. */ answers: Record<string, Schema>
  /** That of a preview, where there is one. */ preview: Schema | undefined
}

type Described = {
  operationId: string
  parameters?: Operation["parameters"]
  requestBody?: Content
  responses: Record<string, Content>
}

const schemaOf = (content: Content): Schema => content.content["application/json"].schema

/** Every operation of our own document. */
export function operationsOf(): Operation[] {
  const { paths } = openapi(endpoints, "http://localhost:8080")
  const described = paths as Record<string, Record<string, Described>>
  const ofPreview = described["/api/v1/access/preview"]?.["post"]?.responses["200"]
  const previewSchema = ofPreview && schemaOf(ofPreview)
  return Object.entries(described).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { operationId, parameters = [], requestBody, responses }]) => {
      const endpoint = endpoints.find(({ id }) => id === operationId)
      if (!endpoint) throw new Error(`${operationId} is in the document and not in the list of endpoints.`)
      return {
        id: operationId,
        method: method.toUpperCase(),
        path,
        endpoint,
        parameters,
        body: requestBody && schemaOf(requestBody),
        answers: Object.fromEntries(
          Object.entries(responses).map(([status, content]) => [status, schemaOf(content)]),
        ),
        preview: responses["200"]?.content[previewType] && previewSchema,
      }
    }),
  )
}

/** Segments of paths that lead to another operation where a value stands in this one's path, such as `details`. */
export const fixedSegments: ReadonlySet<string> = new Set(
  endpoints.flatMap(({ path }) => path.split("/").filter((segment) => !segment.startsWith("{"))),
)
