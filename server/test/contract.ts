/*
 * Our own copy of the structure of one operation, add a user to a group, as clients of the Infisical API know it.
 * The document of this server must have exactly these values, and its answers must fit these schemas.
 */

/** The part of JSON Schema that the contract uses; `{}` is anything. */
export type Schema = {
  type?: "object" | "string" | "number"
  format?: "uuid"
  nullable?: true
  enum?: number[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: false
}

type Answer = { description: string; content: { "application/json": { schema: Schema } } }

const answer = (properties: Record<string, Schema>, required: string[]): Answer => ({
  description: "Default Response",
  content: {
    "application/json": { schema: { type: "object", properties, required, additionalProperties: false } },
  },
})

const text: Schema = { type: "string" }
const textOrNull: Schema = { type: "string", nullable: true }
const only = (status: number): Schema => ({ type: "number", enum: [status] })
const always = ["reqId", "statusCode", "message", "error"]

export const addUserToGroup = {
  route: "/api/v1/groups/{id}/users/{username}",
  method: "post",
  operation: {
    tags: ["Groups"],
    operationId: "addUserToGroup",
    parameters: [
      {
        schema: { type: "string" },
        in: "path",
        name: "id",
        required: true,
        description: "The ID of the group to add the user to.",
      },
      {
        schema: { type: "string" },
        in: "path",
        name: "username",
        required: true,
        description: "The username of the user to add to the group.",
      },
    ],
    responses: {
      "200": answer(
        {
          email: textOrNull,
          username: text,
          firstName: textOrNull,
          lastName: textOrNull,
          id: { type: "string", format: "uuid" },
        },
        ["username", "id"],
      ),
      "400": answer({ reqId: text, statusCode: only(400), message: text, error: text, details: {} }, always),
      "401": answer({ reqId: text, statusCode: only(401), message: text, error: text }, always),
      "403": answer({ reqId: text, statusCode: only(403), message: text, details: {}, error: text }, always),
      "404": answer({ reqId: text, statusCode: only(404), message: text, error: text }, always),
      "422": answer({ reqId: text, statusCode: only(422), message: {}, error: text }, [
        "reqId",
        "statusCode",
        "error",
      ]),
      "500": answer({ reqId: text, statusCode: only(500), message: text, error: text }, always),
    } satisfies Record<string, Answer> as Record<string, Answer>,
  },
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** What in a value does not fit a schema, in words; empty when all of it does. */
export function misfits(value: unknown, schema: Schema, at = "the answer"): string[] {
  if (schema.type === undefined) return []
  if (value === null) return schema.nullable ? [] : [`${at} is null`]
  if (typeof value !== schema.type || Array.isArray(value)) return [`${at} is no ${schema.type}`]
  if (schema.enum && !schema.enum.includes(Number(value))) return [`${at} is another number`]
  if (schema.format === "uuid" && !(typeof value === "string" && uuid.test(value)))
    return [`${at} is no UUID`]
  if (typeof value !== "object") return []
  const properties = schema.properties ?? {}
  const missing = (schema.required ?? [])
    .filter((name) => !(name in value))
    .map((name) => `${at} lacks ${name}`)
  const inner = Object.entries(value).flatMap(([name, field]) => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined
    return known ? misfits(field, known, `${at}'s ${name}`) : [`${at} has ${name} besides`]
  })
  return [...missing, ...inner]
}
