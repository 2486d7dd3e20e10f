import { randomInt } from "node:crypto"
import { table } from "../../bench/report.ts"
import {
  createHistoryWorld,
  endHistoryWorld,
  historyFaults,
  runHistory,
  type History,
} from "../../server/test/histories.ts"

const operations = 2_000

/** All kinds of faults, and one more, in any order. */
const someFaults = () =>
  [...historyFaults, historyFaults[randomInt(historyFaults.length)] ?? "clients"]
    .map((fault) => ({ fault, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ fault }) => fault)

/**
 * So many histories of 2,000 requests by 20 clients of two servers, amid kills and a bad network; prints them. False
 * when there is an answer that no order of the requests explains.
 */
export async function runHistories(count: number): Promise<boolean> {
  const world = await createHistoryWorld()
  const histories: History[] = []
  const begin = performance.now()
  try {
    for (let number = 1; number <= count; number++) {
      const history = await runHistory(world, operations, someFaults())
      histories.push(history)
      console.log(
        `${String(number).padStart(3)}  ${history.answered} answered, ${history.unknown} unknown, ${history.anomalies.length} anomalies, ${history.strange.length} strange; ${history.faults.join(", ")}`,
      )
      for (const line of [...history.anomalies, ...history.strange].slice(0, 5)) console.log(`     ${line}`)
    }
  } finally {
    await endHistoryWorld(world)
  }
  return summarize(histories, (performance.now() - begin) / 1_000)
}

function summarize(histories: History[], seconds: number): boolean {
  const sum = (count: (history: History) => number) =>
    histories.reduce((total, history) => total + count(history), 0)
  const happened = new Map<string, number>()
  for (const fault of histories.flatMap(({ faults }) => faults))
    happened.set(fault, (happened.get(fault) ?? 0) + 1)
  console.log(
    `\n${table([["fault", "times"], ...[...happened].toSorted(([a], [b]) => a.localeCompare(b)).map(([fault, times]) => [fault, String(times)])])}\n`,
  )
  const [anomalies, strange] = [sum((each) => each.anomalies.length), sum((each) => each.strange.length)]
  console.log(
    `${histories.length} histories, ${sum((each) => each.operations)} requests, ${sum((each) => each.answered)} answered, ${sum((each) => each.unknown)} of unknown outcome: ${anomalies} anomalies, ${strange} strange answers, in ${Math.round(seconds)} s`,
  )
  return anomalies + strange === 0
}
