import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"

/*
 * To close a connection while its client is still sending resets it, and the reset may overtake the answer. So what is
 * still sent after the last answer is read for a moment, and looked at by nobody.
 */
const longestMs = 2_000
const mostBytes = 16 * 1_048_576
const lookEveryMs = 50

export type Closing = {
  /** Whether the last answer of a connection is given: what comes on it is no request any more. */
  isClosing(socket: Socket): boolean
  /** Whether the request that is still coming in has its answer. */ isAnswered(socket: Socket): boolean
  /** Sends the last of a connection, and closes it. */ close(socket: Socket, lastWords?: string): void
}

/** Has connections of a server be closed so that their last answer arrives, whether or not all of the request has. */
export function closeGently(server: Server): Closing {
  const closing = new WeakSet<Socket>()
  const latest = new WeakMap<Socket, { request: IncomingMessage; response: ServerResponse }>()

  function close(socket: Socket, lastWords = ""): void {
    if (closing.has(socket)) return
    closing.add(socket)
    socket.end(lastWords)
    latest.get(socket)?.request.resume()
    const [beginMs, beginBytes] = [performance.now(), socket.bytesRead]
    const timer = setInterval(() => {
      const isOver = performance.now() - beginMs > longestMs || socket.bytesRead - beginBytes > mostBytes
      if (isOver) socket.destroy()
    }, lookEveryMs)
    socket.once("close", () => clearInterval(timer))
  }

  server.on("connection", (socket: Socket) => {
    const closeAtOnce = socket.destroySoon.bind(socket)
    socket.destroySoon = () => {
      if (latest.get(socket)?.request.complete === false) close(socket)
      else closeAtOnce()
    }
  })
  server.on("request", (request, response) => void latest.set(request.socket, { request, response }))

  return {
    isClosing: (socket) => closing.has(socket),
    isAnswered(socket) {
      const last = latest.get(socket)
      return last !== undefined && !last.request.complete && last.response.headersSent
    },
    close,
  }
}

/** Whether more of a body may be coming than is read: the answer to it is the last one then. */
export const mayHaveMuchLeft = ({ complete, headers }: IncomingMessage, maxBodyBytes: number): boolean =>
  !complete &&
  (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > maxBodyBytes)

/** Has the connection of an answer be closed when its client has not taken all of it in so many milliseconds. */
export function closeUnlessTaken(response: ServerResponse, socket: Socket, withinMs: number): void {
  const timer = setTimeout(() => socket.resetAndDestroy(), withinMs)
  response.once("close", () => clearTimeout(timer))
}
