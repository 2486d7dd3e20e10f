import { loadConfig } from "./config.ts"
import { startPostgres } from "./postgres/launcher.ts"
import { createLog, startServer } from "./server.ts"
import { StartError } from "./start-error.ts"

/** Starts everything, and stops it in the reverse order on SIGTERM or SIGINT. */
async function main(): Promise<void> {
  const stopping = untilStopped()
  const config = loadConfig(process.env)
  const { log, flush } = createLog(config.logLevel)
  const postgres = config.databaseUrl ? undefined : await startPostgres({ dataDir: config.dataDir })
  try {
    const connection = config.databaseUrl
      ? { url: config.databaseUrl }
      : {
          host: postgres?.socketDir ?? "",
          port: postgres?.port ?? 0,
          user: postgres?.user ?? "",
          password: postgres?.password ?? "",
          database: postgres?.database ?? "",
        }
    const server = await startServer(config, connection, log)
    process.stdout.write(greeting(server.address, config.siteUrl, server.setupLink))
    await stopping
    await server.stop()
  } finally {
    await postgres?.stop()
    flush()
  }
}

function greeting(address: string, siteUrl: string, setupLink: string | undefined): string {
  const lines = [`Conclave listens on ${address} (API and its document: ${siteUrl}/api/docs)`]
  if (setupLink) lines.push(`It is not set up yet. To set it up from another machine: ${setupLink}`)
  return `${lines.join("\n")}\n`
}

/** Resolves at the first signal to stop; a second one ends the process at once. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let asked = 0
    const ask = () => {
      if (asked++ > 0) process.exit(1)
      resolve()
    }
    process.on("SIGTERM", ask)
    process.on("SIGINT", ask)
  })
}

try {
  await main()
} catch (error) {
  // What the operator can mend is one sentence; anything else is a defect, and shown whole.
  console.error(error instanceof StartError ? error.message : error)
  process.exitCode = 1
}
