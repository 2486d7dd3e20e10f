import { mkdtemp, rm } from "node:fs/promises"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Address } from "./databases.ts"

/** A way to PostgreSQL that hears every statement. */
export type Listening = {
  /** Where to connect in place of the database. */ address: Address
  /** The statements that were run during the job, in order, without their values. */
  during(job: () => Promise<unknown>): Promise<string[]>
  close(): Promise<void>
}

/** Puts a listener between a server and its PostgreSQL, both on unix sockets. */
export async function listenTo(target: Address): Promise<Listening> {
  const folder = await mkdtemp(join(tmpdir(), "conclave-statements-"))
  const fileIn = (host: string) => join(host, `.s.PGSQL.${target.port}`)
  const sockets = new Set<Socket>()
  let heard: string[] = []
  const proxy = createServer((client) => {
    const upstream = connect(fileIn(target.host))
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => [client, upstream].forEach((each) => each.destroy()))
    }
    client.on(
      "data",
      statementReader((text) => void (isByItself(text) || heard.push(text))),
    )
    client.pipe(upstream)
    upstream.pipe(client)
  })
  await new Promise<void>((resolve) => proxy.listen(fileIn(folder), resolve))
  return {
    address: { ...target, host: folder },
    async during(job) {
      heard = []
      await job()
      return heard
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => proxy.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Whether a server asks so every now and then, whatever it is asked. */
const isByItself = (text: string): boolean => text.includes("from secret_replication_jobs where due_at")

const textAt = (message: Buffer, start: number): string =>
  message.toString("utf8", start, message.indexOf(0, start))

/**
 * Follows the client's half of a conversation (PostgreSQL 18 documentation, 54.7): a start message without a letter,
 * then letter, length and rest. `P` names a statement, `B` runs one by its name, `Q` is one as text.
 */
function statementReader(hear: (statement: string) => void): (chunk: Buffer) => void {
  const prepared = new Map<string, string>()
  let rest: Buffer = Buffer.alloc(0)
  let isStarted = false

  function take(message: Buffer): void {
    const letter = String.fromCharCode(message[0] ?? 0)
    if (letter === "Q") hear(textAt(message, 5))
    if (letter === "P") {
      const name = textAt(message, 5)
      prepared.set(name, textAt(message, 5 + Buffer.byteLength(name) + 1))
    }
    if (letter === "B") {
      const portal = textAt(message, 5)
      hear(prepared.get(textAt(message, 5 + Buffer.byteLength(portal) + 1)) ?? "?")
    }
  }

  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    if (!isStarted && rest.length >= 4 && rest.length >= rest.readUInt32BE(0)) {
      rest = rest.subarray(rest.readUInt32BE(0))
      isStarted = true
    }
    if (!isStarted) return
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      take(rest)
      rest = rest.subarray(1 + rest.readUInt32BE(1))
    }
  }
}
