import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

type Message = { id?: number; result?: Record<string, unknown>; error?: { message: string } }

/** A server of the Model Context Protocol, in a process of its own that is spoken to through its input and output. */
export type StdioServer = {
  /** What it answers; rejects with the message of an error. */
  request(method: string, params?: object): Promise<Record<string, unknown>>
  notify(method: string): void
  stop(): Promise<void>
}

/** Starts a script of an installed package, and shakes hands with it. */
export async function startStdioServer(script: string, env: Record<string, string>): Promise<StdioServer> {
  const path = fileURLToPath(new URL(`../node_modules/${script}`, import.meta.url))
  const handedOn = { PATH: process.env["PATH"] ?? "", ...env }
  const child = spawn(process.execPath, [path], { env: handedOn, stdio: ["pipe", "pipe", "ignore"] })
  const ended = once(child, "exit")
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>()
  createInterface(child.stdout).on("line", (line) => {
    const { id, result, error } = JSON.parse(line) as Message
    const asked = waiting.get(id ?? -1)
    if (error) asked?.reject(new Error(error.message))
    else asked?.resolve(result ?? {})
  })
  child.once("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error(`${script} has ended`))
  })
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
  let count = 0
  const server: StdioServer = {
    request(method, params = {}) {
      const answered = Promise.withResolvers<Record<string, unknown>>()
      waiting.set(++count, answered)
      send({ id: count, method, params })
      return answered.promise
    },
    notify: (method) => void send({ method }),
    async stop() {
      child.kill("SIGTERM")
      await ended
    },
  }
  const clientInfo = { name: "conformance", version: "1" }
  const initialized = await server.request("initialize", {
    protocolVersion: "2024-11-05",
    capabilities: {},
    clientInfo,
  })
  assert.ok(initialized["serverInfo"])
  server.notify("notifications/initialized")
  return server
}
