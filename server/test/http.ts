import { Agent, request } from "node:http"

export type Answer = {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  /** The body as JSON; the tests look into it freely. */ body: any // eslint-disable-line typescript/no-explicit-any
}

export type Call = {
  token?: string | undefined
  body?: unknown
  /** Sent as it is, in place of `body`. */ rawBody?: string | Buffer
  headers?: Record<string, string | string[]>
  /** By whose connections; those of all tests of the file when left out. */ agent?: Agent
}

const shared = new Agent({ keepAlive: true, maxSockets: 256 })

/** One request, whose path is sent byte for byte as it is given (unlike `fetch`, which resolves dots). */
export function call(
  address: string,
  route: string,
  { token, body, rawBody, headers, agent = shared }: Call = {},
): Promise<Answer> {
  const space = route.indexOf(" ")
  const method = route.slice(0, space)
  const path = route.slice(space + 1)
  const payload = rawBody ?? (body === undefined ? undefined : JSON.stringify(body))
  const { hostname, port } = new URL(address)
  return new Promise((resolve, reject) => {
    const outgoing = request({
      agent,
      hostname,
      port,
      method,
      path,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(payload === undefined ? {} : { "content-type": "application/json" }),
        ...(payload === undefined ? {} : { "content-length": Buffer.byteLength(payload) }),
        ...headers,
      },
    })
    outgoing.on("error", reject)
    outgoing.on("response", (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("error", reject)
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8")
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) })
      })
    })
    outgoing.end(payload)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
