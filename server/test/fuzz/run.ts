import fc from "fast-check"
import { fewAtOnce } from "../few-at-once.ts"
import type { Answer } from "../http.ts"
import { requestsFor, type Sent } from "./arbitraries.ts"
import type { Operation } from "./document.ts"
import { complaintAbout } from "./judge.ts"
import { knownFor, type OpenWorld, type Seed } from "./world.ts"

/** A request whose answer breaks a promise, as small as it could be made, and how to draw it again. */
export type Finding = { operation: string; complaint: string; request: Sent; answer: string; seed: number }

export type Outcome = { sent: number; statuses: Record<number, number>; findings: Finding[]; copies: number }

const atOnce = 16
const batchSize = 50

/** A world that is copied anew when requests have harmed it. */
export type Ground = { seed: Seed; world: OpenWorld }

export const send = (
  { seed, world }: Ground,
  operation: Operation,
  { caller, ...request }: Sent,
): Promise<Answer> => {
  const sample = /^sample (\d)$/.exec(caller)?.[1]
  const token = sample ? seed.samples[operation.id]?.[Number(sample)]?.token : seed.tokens[caller]
  return world.call(request.route, {
    token,
    headers: request.headers,
    ...(request.rawBody === undefined ? {} : { rawBody: request.rawBody }),
  })
}

/** Sends generated requests to an operation and judges every answer by the document. */
export async function fuzz(
  ground: Ground,
  operation: Operation,
  { cases, seed }: { cases: number; seed: number },
): Promise<Outcome> {
  const requests = fc.sample(requestsFor(operation, knownFor(operation.id, ground.seed)), {
    numRuns: cases,
    seed,
  })
  const outcome: Outcome = { sent: 0, statuses: {}, findings: [], copies: 0 }
  for (let start = 0; start < requests.length && outcome.findings.length < 5; start += batchSize) {
    const batch = requests.slice(start, start + batchSize)
    await fewAtOnce(batch, (request) => tryOne(ground, operation, { request, outcome, seed }), atOnce)
    if (await ground.world.isWhole()) continue
    await renew(ground)
    outcome.copies++
  }
  // What was deleted is there again for the next operation.
  if (operation.method === "DELETE") await renew(ground)
  return outcome
}

async function renew(ground: Ground): Promise<void> {
  await ground.world.close()
  ground.world = await ground.seed.open()
}

async function tryOne(
  ground: Ground,
  operation: Operation,
  { request, outcome, seed }: { request: Sent; outcome: Outcome; seed: number },
): Promise<void> {
  const answer = await send(ground, operation, request)
  outcome.sent++
  outcome.statuses[answer.status] = (outcome.statuses[answer.status] ?? 0) + 1
  const complaint = complaintAbout(operation, answer)
  if (complaint === undefined) return
  const smallest = await reduced(ground, operation, { request, complaint })
  const text = `${answer.status} ${answer.text.slice(0, 500)}`
  outcome.findings.push({ operation: operation.id, complaint, request: smallest, answer: text, seed })
}

/** The request with everything taken away that the complaint does not need; what was harmed by it may need more. */
async function reduced(
  ground: Ground,
  operation: Operation,
  { request, complaint }: { request: Sent; complaint: string },
): Promise<Sent> {
  let smallest = request
  for (const smaller of reductionsOf) {
    for (const candidate of smaller(smallest)) {
      const answer = await send(ground, operation, candidate)
      if (complaintAbout(operation, answer) === complaint) smallest = candidate
    }
  }
  return smallest
}

const without = (object: Record<string, unknown>, name: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name))

const reductionsOf: ((request: Sent) => Sent[])[] = [
  (request) =>
    Object.keys(request.headers).map((name) => ({
      ...request,
      headers: without(request.headers, name) as Record<string, string>,
    })),
  (request) => [{ ...request, route: request.route.replace(/\?.*$/s, "") }],
  ...Array.from({ length: 10 }, (_, at) => (request: Sent) => {
    const body = objectIn(request.rawBody)
    const name = Object.keys(body ?? {})[at]
    return body && name !== undefined ? [{ ...request, rawBody: JSON.stringify(without(body, name)) }] : []
  }),
]

function objectIn(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "")
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
