import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { ApiClient } from "infisical-sdk-3"
import { answerShapes } from "../shapes.ts"

/** The client that `@infisical/sdk` 3.0.91 generated from the API document of mid-2025. */
export type GeneratedClient = ApiClient.DefaultApi

const folder = new URL("../node_modules/infisical-sdk-3/lib/", import.meta.url)
/** What the type of a method demands of its answer. */
export const shapeOf = answerShapes(fileURLToPath(new URL("index.d.ts", folder)), "DefaultApi")

/**
 * A change of secrets is answered by them, or by the approval that it waits for; the client's types have taken the two
 * alternatives for one answer with both.
 */
const otherAlternative = "the answer.approval is missing"

/** The methods that were answered, and whose answers had the shape that the client's types promise. */
export const driven = new Set<string>()

/**
 * A generated client of the server at this address. Each answer is looked at beside the type of its method before the
 * caller gets it, and one that the type does not allow fails.
 */
export function generatedClient(
  address: string,
  token?: string,
  headers: Record<string, string> = {},
): GeneratedClient {
  const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  const baseOptions = { headers: { ...authorization, ...headers } }
  const client = new ApiClient.DefaultApi(new ApiClient.Configuration({ basePath: address, baseOptions }))
  return new Proxy(client, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver)
      if (typeof name === "symbol" || !name.startsWith("api") || typeof member !== "function") return member
      return async (...parameters: unknown[]): Promise<unknown> => {
        const answer = await member.apply(target, parameters).catch(short)
        const faults = shapeOf(name)(answer.data).filter((fault) => fault !== otherAlternative)
        assert.deepEqual(faults, [], `${name} answered ${JSON.stringify(answer.data)}`)
        driven.add(name)
        return answer
      }
    },
  })
}

/** What a server said when it refused; the client's own error holds the whole machinery of the request besides. */
class Refused extends Error {
  readonly status: number
  readonly body: Record<string, unknown>
  constructor(status: number, body: Record<string, unknown>) {
    super(`${status} ${JSON.stringify(body)}`)
    this.status = status
    this.body = body
  }
}

function short(error: Error & { response?: { status: number; data: Record<string, unknown> } }): never {
  if (error.response) throw new Refused(error.response.status, error.response.data)
  throw new Error(error.message)
}

/** The status and the message of a refusal, which must be in the envelope. Fails when the call is not refused. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number; message: unknown }> {
  const error = await call.then(
    () => assert.fail("It was not refused."),
    (reason: unknown) => reason,
  )
  if (!(error instanceof Refused)) throw error
  assert.deepEqual(Object.keys(error.body).toSorted(), ["error", "message", "reqId", "statusCode"])
  assert.equal(error.body["statusCode"], error.status)
  return { status: error.status, message: error.body["message"] }
}

/** Route by method, as the client's own code has them; parameters have no name here. */
export function clientRoutes(): Map<string, string> {
  const text = readFileSync(new URL("index.js", folder), "utf8")
  const calls = /^ {4}(api\w+): .*?localVarPath = [`"]([^`"]+)[`"].*?method: "(\w+)"/gms
  return new Map(
    [...text.matchAll(calls)].map(([, method = "", path = "", verb = ""]) => [
      method,
      nameless(`${verb} ${path}`),
    ]),
  )
}

/** A route without the names of its parameters, so that two documents can be compared. */
export const nameless = (route: string): string => route.replace(/\{\w+\}/g, "{}")
