import { once } from "node:events"
import { connect, type Socket } from "node:net"

/*
 * One request at a time over a plain socket, because a client library would take from the server more of the machine
 * than the requests do.
 */

export type Reply = { status: number; text: string }

/** One connection that is kept; `send` resolves with the whole answer. */
export class Connection {
  readonly #socket: Socket
  #received = ""
  #settle: { resolve(reply: Reply): void; reject(error: Error): void } | undefined

  constructor(socket: Socket) {
    this.#socket = socket.setNoDelay(true).setEncoding("latin1")
    socket.on("data", (chunk) => this.#read(String(chunk)))
    socket.on("error", (error) => this.#settle?.reject(error))
    socket.on("close", () => this.#settle?.reject(new Error("The server closed a connection.")))
  }

  send(request: string): Promise<Reply> {
    // What is written to a socket that is closed is neither answered nor an error.
    if (this.#socket.destroyed) return Promise.reject(new Error("The server has closed a connection."))
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#socket.write(request, "latin1")
    })
  }

  close(): void {
    this.#settle = undefined
    this.#socket.destroy()
  }

  #read(chunk: string): void {
    this.#received += chunk
    const headEnd = this.#received.indexOf("\r\n\r\n")
    if (headEnd < 0) return
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#received)?.[1]
    if (length === undefined) throw new Error("An answer has no Content-Length.")
    if (this.#received.length < headEnd + 4 + Number(length)) return
    const reply = { status: Number(this.#received.slice(9, 12)), text: this.#received.slice(headEnd + 4) }
    this.#received = ""
    this.#settle?.resolve(reply)
  }
}

/** A new connection, opened. */
export async function open({ host, port }: { host: string; port: number }): Promise<Connection> {
  const socket = connect({ host, port })
  await once(socket, "connect")
  return new Connection(socket)
}
