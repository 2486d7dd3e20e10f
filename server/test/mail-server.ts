import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { after } from "node:test"
import { setTimeout } from "node:timers/promises"
import { SMTPServer } from "smtp-server"

export type Received = {
  from: string
  to: string[]
  /** Headers and text as a reader sees them: the lines are put together again. */ text: string
}

export type MailServer = {
  /** What a server under test needs in its environment to send its mail here. */ env: Record<string, string>
  /** Everything that has come, in the order it came. */ received: Received[]
  /** Waits for a mail to this address: its first, or the one after `index` others. Fails after five seconds. */
  mailTo(address: string, index?: number): Promise<Received>
  /** Goes away, as a mail server may. */ stop(): Promise<void>
}

/** A real SMTP server on this machine that keeps what it is sent; it stops after the tests of the file. */
export async function startMailServer(): Promise<MailServer> {
  const received: Received[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on("data", (chunk: Buffer) => chunks.push(chunk))
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope
        received.push({
          from: mailFrom ? mailFrom.address : "",
          to: rcptTo.map(({ address }) => address),
          text: unfolded(Buffer.concat(chunks).toString("utf8")),
        })
        done()
      })
    },
  })
  server.listen(0, "127.0.0.1")
  await once(server.server, "listening")
  after(() => server.close())
  const { port } = server.server.address() as AddressInfo
  return {
    env: {
      SMTP_HOST: "127.0.0.1",
      SMTP_PORT: String(port),
      SMTP_FROM_ADDRESS: "conclave@acme.example",
    },
    received,
    mailTo: (address, index = 0) => waitFor(received, address, index),
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

async function waitFor(received: Received[], address: string, index: number): Promise<Received> {
  for (let tries = 0; tries < 200; tries++) {
    const mail = received.filter(({ to }) => to.includes(address))[index]
    if (mail) return mail
    await setTimeout(25)
  }
  throw new Error(`No mail came for ${address}.`)
}

const unfolded = (text: string): string => text.replace(/=\r\n/g, "").replace(/=3D/g, "=")
