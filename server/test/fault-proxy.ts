import {
  connect,
  createServer,
  type AddressInfo,
  type NetConnectOpts,
  type Server,
  type Socket,
} from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

/** What the network does to what passes through it. */
export type Weather =
  | { kind: "calm" }
  /** Every piece comes so much later. */
  | { kind: "late"; ms: number }
  | { kind: "slow"; bytesPerSecond: number }
  /** What is sent is lost, and nobody is told: the other end is as good as gone. */
  | { kind: "silent" }
  /** Each connection breaks after so many more bytes, in the midst of whatever passes. */
  | { kind: "reset"; afterBytes: number }
  /** No connection is taken. */
  | { kind: "closed" }

/** Where it leads now: a server that was started again has another port. */
type Target = () => NetConnectOpts

type Pair = { ends: Socket[]; /** Once silent, always silent. */ isSilent: boolean; passed: number }

const slicesPerSecond = 10

/** A TCP proxy on this machine that spoils what passes through it. */
export class FaultProxy {
  #weather: Weather = { kind: "calm" }
  readonly #server: Server
  readonly #pairs = new Set<Pair>()

  constructor(target: Target) {
    this.#server = createServer((client) => this.#join(client, target))
  }

  /** Listens on a free port of the loopback; returns it. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve))
    return (this.#server.address() as AddressInfo).port
  }

  /** Holds for connections that are there and for new ones. Connections that were silent stay so until `drop`. */
  set weather(weather: Weather) {
    this.#weather = weather
    for (const pair of this.#pairs) {
      pair.passed = 0
      pair.isSilent ||= weather.kind === "silent"
    }
    if (weather.kind === "closed") this.drop()
  }

  /** Ends every connection, or only those that have gone silent. */
  drop({ silentOnly = false } = {}): void {
    for (const pair of this.#pairs) if (!silentOnly || pair.isSilent) endBoth(pair)
  }

  async close(): Promise<void> {
    this.drop()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket, target: Target): void {
    client.on("error", () => {})
    if (this.#weather.kind === "closed") return void client.resetAndDestroy()
    const server = connect(target())
    const pair: Pair = { ends: [client, server], isSilent: this.#weather.kind === "silent", passed: 0 }
    this.#pairs.add(pair)
    for (const end of pair.ends) {
      end.setNoDelay(true)
      end.on("error", () => {})
      end.once("close", () => {
        if (!pair.isSilent) endBoth(pair)
        if (pair.ends.every(({ destroyed }) => destroyed)) this.#pairs.delete(pair)
      })
    }
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#pass(pair, from, to).catch(() => endBoth(pair))
    }
  }

  async #pass(pair: Pair, from: Socket, to: Socket): Promise<void> {
    for await (const chunk of from) {
      if (!(await this.#let(pair, chunk as Buffer, to))) return
    }
    if (!pair.isSilent) to.end()
  }

  /** Lets one piece pass as the weather is; false when the connection is broken by it. */
  async #let(pair: Pair, chunk: Buffer, to: Socket): Promise<boolean> {
    const weather = this.#weather
    if (pair.isSilent) return true
    if (weather.kind === "late") await sleep(weather.ms)
    if (weather.kind === "slow") return this.#trickle(pair, chunk, to)
    if (weather.kind === "reset" && pair.passed + chunk.length > weather.afterBytes) {
      to.write(chunk.subarray(0, weather.afterBytes - pair.passed))
      for (const end of pair.ends) end.resetAndDestroy()
      return false
    }
    pair.passed += chunk.length
    to.write(chunk)
    return true
  }

  async #trickle(pair: Pair, chunk: Buffer, to: Socket): Promise<boolean> {
    let rest = chunk
    while (rest.length > 0) {
      const weather = this.#weather
      const size = weather.kind === "slow" ? weather.bytesPerSecond / slicesPerSecond : rest.length
      to.write(rest.subarray(0, size))
      rest = rest.subarray(size)
      if (rest.length > 0) await sleep(1_000 / slicesPerSecond)
      if (pair.isSilent) return true
    }
    return true
  }
}

function endBoth(pair: Pair): void {
  for (const end of pair.ends) end.destroy()
}
