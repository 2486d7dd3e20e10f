import type { ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { badRequest, DomainError } from "../errors.ts"
import type { Closing } from "./closing.ts"
import { problem } from "./problem.ts"

/*
 * What never reaches a route is answered here, in the envelope all the same.
 */
const unreadable: Record<string, DomainError> = {
  HPE_HEADER_OVERFLOW: new DomainError("HeadersTooLarge", "The headers are too large"),
  ERR_HTTP_REQUEST_TIMEOUT: new DomainError("RequestTimeout", "The request took too long to arrive"),
}
const unmetExpectation = new DomainError("ExpectationFailed", "Nothing but 100-continue can be expected here")

type Answering = { headers: Record<string, string>; requestId: string }

/** Answers on its socket what is no HTTP, or does not come in time. */
export function answerUnreadable(
  error: Error & { code?: string },
  socket: Socket,
  closing: Closing,
  { headers, requestId }: Answering,
): void {
  if (closing.isClosing(socket)) return
  if (error.code === "ECONNRESET" || !socket.writable || closing.isAnswered(socket)) {
    socket.destroy()
    return
  }
  const refusal = unreadable[error.code ?? ""] ?? badRequest("The request is not valid HTTP")
  const { status, body } = problem(refusal, requestId)
  const text = JSON.stringify(body)
  const lines = Object.entries({ ...headers, "content-length": Buffer.byteLength(text), connection: "close" })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")
  closing.close(socket, `HTTP/1.1 ${status} Error\r\n${head}\r\n${text}`)
}

/** Answers what waits for something else than `100 Continue`. */
export function answerExpectation(response: ServerResponse, { headers, requestId }: Answering): void {
  const { status, body } = problem(unmetExpectation, requestId)
  const text = JSON.stringify(body)
  response.writeHead(status, {
    ...headers,
    "content-length": Buffer.byteLength(text),
    connection: "close",
  })
  response.end(text)
}
