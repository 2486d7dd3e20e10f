import type { Server } from "node:http"
import type { Socket } from "node:net"

/** The connections of a server that is to be stopped some day. */
export type Connections = {
  /** Ends those without a request under way, new ones too; the others end with their last answer. */
  closeIdle(): void
}

/**
 * Watches who is connected and how many requests each has under way. Node counts a connection that has sent nothing,
 * or half a head, as busy: it would hold a stop up as long as it likes.
 */
export function watchConnections(server: Server): Connections {
  const underWay = new Map<Socket, number>()
  let isClosing = false
  const endIfIdle = (socket: Socket): void => {
    if (isClosing && underWay.get(socket) === 0) socket.destroy()
  }
  const count = (socket: Socket, change: 1 | -1): void => {
    const before = underWay.get(socket)
    // Undefined: the connection broke before the answer was out.
    if (before === undefined) return
    underWay.set(socket, before + change)
    endIfIdle(socket)
  }
  server.on("connection", (socket: Socket) => {
    underWay.set(socket, 0)
    socket.once("close", () => underWay.delete(socket))
    endIfIdle(socket)
  })
  server.on("request", ({ socket }, response) => {
    count(socket, 1)
    response.once("close", () => count(socket, -1))
  })
  return {
    closeIdle() {
      isClosing = true
      for (const socket of underWay.keys()) endIfIdle(socket)
    },
  }
}
