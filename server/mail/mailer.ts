import { createTransport } from "nodemailer"

export type SmtpConfig = {
  host: string
  port: number
  username: string | undefined
  password: string | undefined
  fromAddress: string
  fromName: string
}

export type Mail = { to: string; subject: string; text: string }

/** Sends mail; a failure is the caller's to log, and no request's to fail by. */
export type Mailer = { send(mail: Mail): Promise<void> }

/** TLS from the first byte on port 465; elsewhere STARTTLS when the server offers it. */
export function createMailer(smtp: SmtpConfig): Mailer {
  const transport = createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.port === 465,
    connectionTimeout: 10_000,
    socketTimeout: 20_000,
    ...(smtp.username ? { auth: { user: smtp.username, pass: smtp.password ?? "" } } : {}),
  })
  const from = { name: smtp.fromName, address: smtp.fromAddress }
  return {
    async send({ to, subject, text }) {
      await transport.sendMail({ from, to: { name: "", address: to }, subject, text })
    },
  }
}
