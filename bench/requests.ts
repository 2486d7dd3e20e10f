import { repeat, type RepeatOrder, type RepeatOutcome } from "./load.ts"
import type { ServerProcess } from "./server.ts"

/** A whole HTTP request. */
export function requestOf(
  method: string,
  path: string,
  { token, body }: { token?: string; body?: unknown },
): string {
  const text = body === undefined ? "" : JSON.stringify(body)
  const head = [
    `${method} ${path} HTTP/1.1`,
    "host: bench",
    "user-agent: bench",
    ...(token ? [`authorization: Bearer ${token}`] : []),
    ...(text ? ["content-type: application/json"] : []),
    `content-length: ${Buffer.byteLength(text)}`,
  ]
  return `${head.join("\r\n")}\r\n\r\n${text}`
}

/** A run of a benchmark: what is driven, how long each figure takes, and what went wrong so far. */
export type Run = { server: ServerProcess; connections: number; seconds: number; failures: string[] }

/** Sends requests in turn as long as a figure takes; anything but 200 counts as a failure of the run. */
export async function answered(
  { server: { host, port }, connections, seconds, failures }: Run,
  order: Partial<RepeatOrder> & { requests: string[] },
): Promise<RepeatOutcome> {
  const times = { warmUpMs: 1_000, measureMs: seconds * 1_000 }
  const outcome = await repeat({ host, port, connections, ...times, ...order })
  const { 200: _good, ...others } = outcome.answers
  if (Object.keys(others).length > 0) failures.push(`There were other answers: ${JSON.stringify(others)}.`)
  return outcome
}
