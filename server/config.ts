import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { z } from "zod"
import { databaseLimits, type DatabaseLimits } from "./db/limits.ts"
import { httpLimits, type HttpLimits } from "./http/limits.ts"
import type { SmtpConfig } from "./mail/mailer.ts"
import { StartError } from "./start-error.ts"

/** What the environment asks for, checked and frozen. */
export type Config = Readonly<{
  host: string
  port: number
  /** Origin under which people reach the server, without a trailing slash; absent: the port that is bound, here. */
  siteUrl: string | undefined
  /** Absolute. */ dataDir: string
  /** Absent: our own PostgreSQL in the data folder. */ databaseUrl: string | undefined
  databaseLimits: DatabaseLimits
  httpLimits: HttpLimits
  encryptionKey: string | undefined
  /** What is to replace the encryption key; read by the tool that does it, and by nothing else. */
  newEncryptionKey: string | undefined
  authSecret: string | undefined
  smtp: SmtpConfig | undefined
  trustedProxies: readonly string[]
  /** How many processes serve; `auto` is one for each processor. */ workers: number | "auto"
  /** For how long the status says that the server is about to stop before it does. */ stopNoticeMs: number
  /** How many days before their membership in a group ends people are told so by mail; 0 for not at all. */
  membershipNoticeDays: number
  logLevel: string
}>

const text = z.string().trim().min(1).optional()
const wholeNumber = (usual: number, most: number) => {
  const error = `must be a whole number from 1 to ${most}`
  return z.coerce.number(error).int(error).min(1, error).max(most, error).default(usual)
}
const milliseconds = (usual: number) => wholeNumber(usual, 3_600_000)
const key = (command: string) =>
  text.refine((value) => value === undefined || isStrongKey(value), {
    error: `is too short for a key: make one with "${command}"`,
  })

const environment = z.object({
  HOST: text.default("127.0.0.1"),
  PORT: z.coerce.number("must be a number").int().min(0).max(65_535).default(8080),
  SITE_URL: z
    .url({ protocol: /^https?$/, error: "must be a URL such as https://conclave.example.com" })
    .optional(),
  CONCLAVE_DATA_DIR: text.default("./data"),
  DATABASE_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error: "must be a URL such as postgres://user:password@host:5432/database",
    })
    .optional(),
  DATABASE_CONNECTION_TIMEOUT_MS: milliseconds(databaseLimits.connectionMs),
  DATABASE_STATEMENT_TIMEOUT_MS: milliseconds(databaseLimits.statementMs),
  DATABASE_LOCK_TIMEOUT_MS: milliseconds(databaseLimits.lockMs),
  DATABASE_IDLE_TRANSACTION_TIMEOUT_MS: milliseconds(databaseLimits.idleTransactionMs),
  HTTP_HEADERS_TIMEOUT_MS: milliseconds(httpLimits.headersMs),
  HTTP_REQUEST_TIMEOUT_MS: milliseconds(httpLimits.requestMs),
  HTTP_ANSWER_TIMEOUT_MS: milliseconds(httpLimits.answerMs),
  HTTP_KEEP_ALIVE_TIMEOUT_MS: milliseconds(httpLimits.keepAliveMs),
  HTTP_MAX_CONNECTIONS: wholeNumber(httpLimits.connections, 1_000_000),
  ENCRYPTION_KEY: key("openssl rand -hex 16"),
  NEW_ENCRYPTION_KEY: key("openssl rand -hex 32"),
  AUTH_SECRET: key("openssl rand -base64 32"),
  SMTP_HOST: text,
  SMTP_PORT: z.coerce.number("must be a number").int().min(1).max(65_535).default(587),
  SMTP_USERNAME: text,
  SMTP_PASSWORD: text,
  SMTP_FROM_ADDRESS: text,
  SMTP_FROM_NAME: text.default("Conclave"),
  TRUSTED_PROXIES: text.transform(list).refine((entries) => entries.every(isAddressOrNetwork), {
    error: "must be addresses or networks joined by commas, such as 10.0.0.0/8,127.0.0.1",
  }),
  CONCLAVE_WORKERS: z
    .union(
      [z.literal("auto"), z.coerce.number().int().min(1).max(64)],
      "must be a number from 1 to 64, or auto",
    )
    .default(1),
  CONCLAVE_STOP_NOTICE_SECONDS: z.coerce.number("must be a number").min(0).max(300).default(0),
  CONCLAVE_MEMBERSHIP_NOTICE_DAYS: z.coerce.number("must be a number").int().min(0).max(365).default(7),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
})

/**
 * Reads the configuration. Each name may end in `_FILE` and then names a file that holds the value. Throws
 * `StartError` that names the first variable that is wrong, and what it should be; never its value.
 */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.keys(environment.shape).map((name) => [name, valueOf(env, name)]))
  given["DATABASE_URL"] ??= valueOf(env, "DB_CONNECTION_URI")
  const parsed = environment.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new StartError(`The setting ${String(issue?.path[0])} ${issue?.message ?? "is wrong"}.`)
  }
  const values = parsed.data
  return Object.freeze({
    host: values.HOST,
    port: values.PORT,
    siteUrl: values.SITE_URL?.replace(/\/+$/, ""),
    dataDir: resolve(values.CONCLAVE_DATA_DIR),
    databaseUrl: values.DATABASE_URL,
    databaseLimits: {
      connectionMs: values.DATABASE_CONNECTION_TIMEOUT_MS,
      statementMs: values.DATABASE_STATEMENT_TIMEOUT_MS,
      lockMs: values.DATABASE_LOCK_TIMEOUT_MS,
      idleTransactionMs: values.DATABASE_IDLE_TRANSACTION_TIMEOUT_MS,
    },
    httpLimits: {
      headersMs: values.HTTP_HEADERS_TIMEOUT_MS,
      requestMs: values.HTTP_REQUEST_TIMEOUT_MS,
      answerMs: values.HTTP_ANSWER_TIMEOUT_MS,
      keepAliveMs: values.HTTP_KEEP_ALIVE_TIMEOUT_MS,
      connections: values.HTTP_MAX_CONNECTIONS,
    },
    encryptionKey: values.ENCRYPTION_KEY,
    newEncryptionKey: values.NEW_ENCRYPTION_KEY,
    authSecret: values.AUTH_SECRET,
    smtp: smtpOf(values),
    trustedProxies: values.TRUSTED_PROXIES,
    workers: values.CONCLAVE_WORKERS,
    stopNoticeMs: values.CONCLAVE_STOP_NOTICE_SECONDS * 1_000,
    membershipNoticeDays: values.CONCLAVE_MEMBERSHIP_NOTICE_DAYS,
    logLevel: values.LOG_LEVEL,
  })
}

function valueOf(env: Record<string, string | undefined>, name: string): string | undefined {
  const file = env[`${name}_FILE`]
  if (!file) return env[name] || undefined
  if (env[name]) throw new StartError(`Both ${name} and ${name}_FILE are set: keep one of them.`)
  try {
    return readFileSync(file, "utf8").trim() || undefined
  } catch (cause) {
    throw new StartError(
      `The file that ${name}_FILE names cannot be read: check that it exists and is readable.`,
      {
        cause,
      },
    )
  }
}

function smtpOf(values: z.infer<typeof environment>): SmtpConfig | undefined {
  if (!values.SMTP_HOST) return undefined
  if (!values.SMTP_FROM_ADDRESS) {
    throw new StartError(
      "SMTP_HOST is set but SMTP_FROM_ADDRESS is not: name the address that mail comes from.",
    )
  }
  return {
    host: values.SMTP_HOST,
    port: values.SMTP_PORT,
    username: values.SMTP_USERNAME,
    password: values.SMTP_PASSWORD,
    fromAddress: values.SMTP_FROM_ADDRESS,
    fromName: values.SMTP_FROM_NAME,
  }
}

function list(value: string | undefined): string[] {
  return (value ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
}

function isAddressOrNetwork(entry: string): boolean {
  const [address = "", bits, ...rest] = entry.split("/")
  const isV4 = z.ipv4().safeParse(address).success
  const isV6 = z.ipv6().safeParse(address).success
  if (rest.length > 0 || !(isV4 || isV6)) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isV4 ? 32 : 128))
}

/** At least 128 bits, written in hex (32 characters) or base64 (22), as Infisical's own keys are. */
function isStrongKey(value: string): boolean {
  if (/^[0-9a-f]+$/i.test(value)) return value.length >= 32
  return value.length >= 22 && new Set(value).size >= 10
}
