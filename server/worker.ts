import type { Worker } from "node:cluster"
import type { Config } from "./config.ts"
import { createLog } from "./log.ts"
import { readOrder, type Order, type Report } from "./orders.ts"
import { startServer } from "./server.ts"
import { StartError } from "./start-error.ts"

/**
 * Serves as one of several processes, as the primary orders it: from when until when, and by which connections. Ends at
 * once when the primary is gone, which holds the port.
 */
export async function serveForPrimary(config: Config, worker: Worker): Promise<void> {
  // A terminal and a service manager signal every process of a server. The primary alone decides what comes of it.
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(name, () => {})
  const orders = ordersOf(worker)
  const { log, flush } = createLog(config.logLevel, worker.id)
  try {
    await tell(worker, { report: "awake" })
    const { connection, share } = await orders.serve
    const server = await startServer(config, connection, log, share)
    const { address, setupLink, services } = server
    await tell(worker, { report: "serving", greeting: { address, setupLink, siteUrl: services.siteUrl } })
    await ((await orders.end) === "leave" ? server.leave() : server.stop())
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    await tell(worker, { report: "failed", message: error.message })
    process.exitCode = 1
  } finally {
    flush()
    worker.disconnect()
  }
}

type Serve = Extract<Order, { order: "serve" }>

function ordersOf(worker: Worker): { serve: Promise<Serve>; end: Promise<"leave" | "stop"> } {
  const serve = Promise.withResolvers<Serve>()
  const end = Promise.withResolvers<"leave" | "stop">()
  worker.on("message", (message: unknown) => {
    const order = readOrder(message)
    if (order?.order === "serve") serve.resolve(order)
    else if (order) end.resolve(order.order)
  })
  return { serve: serve.promise, end: end.promise }
}

/** Resolves when it is sent; a primary that is gone needs to hear nothing. */
const tell = (worker: Worker, report: Report): Promise<void> =>
  new Promise((resolve) => {
    if (worker.isConnected()) worker.send(report, () => resolve())
    else resolve()
  })
