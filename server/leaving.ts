import type { Server } from "node:http"
import { Server as NetServer } from "node:net"
import type { Connections } from "./http/connections.ts"

/**
 * How far a server is on its way down. `noticed`: it serves, and its status says that it is about to stop. `leaving`:
 * it serves those who are connected, and another process takes who is new. `closed`: nothing is begun any more.
 */
export type Stage = "serving" | "noticed" | "leaving" | "closed"

const drainMs = 10_000
/** A connection that stays silent for so long is not one that is about to send something. */
const lingerMs = 5_000
/** Who has not ended after so long does not end any more. */
export const mostLeavingMs = lingerMs + drainMs + 5_000

/** Waits for requests under way, and for nobody else; cuts off what is still there after ten seconds. */
export async function drain(
  server: Server,
  connections: Connections,
  close: () => Promise<void>,
): Promise<void> {
  const cutOff = setTimeout(() => server.closeAllConnections(), drainMs)
  connections.closeIdle()
  await close()
  clearTimeout(cutOff)
}

/**
 * Takes no new connections and waits until those that are there have ended. A client that sends a request while its
 * connection is closed could not tell whether it was done: so each is answered once more, which tells it to close, and
 * only one that was silent for five seconds is closed without that. Bounded like `drain` after those.
 */
export async function leave(server: Server, connections: Connections): Promise<void> {
  // Not the HTTP server's own way to close, which ends at once what happens to be between two requests.
  const closed = new Promise<void>((resolve) => {
    NetServer.prototype.close.call(server, () => resolve())
  })
  const silent = setTimeout(() => connections.closeIdle(), lingerMs)
  const cutOff = setTimeout(() => server.closeAllConnections(), lingerMs + drainMs)
  await closed
  clearTimeout(silent)
  clearTimeout(cutOff)
}
