import { mkdtemp, rm } from "node:fs/promises"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Address } from "./database.ts"
import { generate } from "./load.ts"
import { startServer } from "./server.ts"

/** A way to PostgreSQL that counts what passes. */
type CountingProxy = { address: Address; roundTrips(): number; close(): Promise<void> }

type Work = {
  dataDir: string
  address: Address
  token: string
  groupIds: readonly string[]
  firstPerson: number
}

export const roundTripAdds = 100

/**
 * How often the server waits for PostgreSQL in one add, counted on the wire: a second server on the same database
 * reaches it through a proxy, and adds `roundTripAdds` people before the count and as many during it.
 */
export async function roundTripsPerAdd(work: Work): Promise<number> {
  const proxy = await countingProxy(work.address)
  try {
    const server = await startServer(work.dataDir, { DATABASE_URL: urlOf(proxy.address) })
    try {
      const add = async (firstPerson: number) => {
        const outcome = await generate({
          host: server.host,
          port: server.port,
          groupIds: work.groupIds,
          tokens: [work.token],
          connections: 1,
          warmUpMs: 0,
          measureMs: 10_000,
          firstPerson,
          people: roundTripAdds,
        })
        if (outcome.answers[200] !== roundTripAdds)
          throw new Error("An add was refused by the second server.")
      }
      await add(work.firstPerson)
      const before = proxy.roundTrips()
      await add(work.firstPerson + roundTripAdds)
      return (proxy.roundTrips() - before) / roundTripAdds
    } finally {
      await server.stop()
    }
  } finally {
    await proxy.close()
  }
}

const urlOf = ({ host, port, user, password, database }: Address): string =>
  `postgres://${user}:${encodeURIComponent(password)}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`

async function countingProxy(target: Address): Promise<CountingProxy> {
  const folder = await mkdtemp(join(tmpdir(), "conclave-proxy-"))
  const fileIn = (host: string) => join(host, `.s.PGSQL.${target.port}`)
  const sockets = new Set<Socket>()
  let roundTrips = 0
  const proxy = createServer((client) => {
    const upstream = connect(fileIn(target.host))
    const count = readyCounter(() => roundTrips++)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => [client, upstream].forEach((each) => each.destroy()))
    }
    upstream.on("data", count)
    client.pipe(upstream)
    upstream.pipe(client)
  })
  await new Promise<void>((resolve) => proxy.listen(fileIn(folder), resolve))
  return {
    address: { ...target, host: folder },
    roundTrips: () => roundTrips,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => proxy.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/**
 * Follows PostgreSQL's half of a conversation: a letter, four bytes of length, the rest. It says `Z`, ready for the
 * next query, once for each time that the other side has waited.
 */
function readyCounter(ready: () => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      if (rest[0] === 0x5a) ready()
      rest = rest.subarray(1 + rest.readUInt32BE(1))
    }
  }
}
