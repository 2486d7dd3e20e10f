import { randomBytes } from "node:crypto"
import { dataKey } from "../server/crypto/data-key.ts"
import { newId } from "../server/crypto/ids.ts"

/*
 * What it costs to seal and to open a value with a key in memory: CPU time of this process, the best of five rounds.
 */
const key = dataKey(newId(), randomBytes(32))
const ids = { orgId: newId(), projectId: newId(), environment: newId(), rowId: newId() }
const place = { table: "secrets", column: "sealed_value", ...ids, version: 3 }
const times = 20_000
const rounds = 5

function bestMicroseconds(work: () => void): number {
  const figures = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage()
    for (let count = 0; count < times; count++) work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / times
  })
  return Math.min(...figures)
}

const show = (name: string, microseconds: number): string =>
  `${name} ${microseconds.toFixed(1)} µs (${Math.round(1_000_000 / microseconds)} a second)`

for (const size of [100, 10_000]) {
  const text = "x".repeat(size)
  const sealed = key.seal(text, place)
  const sealing = bestMicroseconds(() => void key.seal(text, place))
  const opening = bestMicroseconds(() => void key.open(sealed, place))
  console.log(`${size} bytes: ${show("seal", sealing)}, ${show("open", opening)}`)
}
