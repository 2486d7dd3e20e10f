import { readFile, writeFile } from "node:fs/promises"
import { singleConnection, type Connection } from "../server/db/database.ts"
import { migrate } from "../server/db/migrate.ts"
import { endpoints } from "../server/endpoints.ts"
import { openapi } from "../server/http/openapi.ts"
import { schemaTypes } from "./schema-types.ts"
import { temporaryPostgres } from "./temporary-postgres.ts"

/** Every generated file with the text it should have. */
async function generated(): Promise<Record<string, string>> {
  const temporary = await temporaryPostgres()
  try {
    await migrate(temporary.connection())
    return {
      "server/db/schema.ts": await typesOf(temporary.connection()),
      "openapi.json": `${JSON.stringify(openapi(endpoints, "http://localhost:8080"), null, 2)}\n`,
    }
  } finally {
    await temporary.stop()
  }
}

async function typesOf(connection: Connection): Promise<string> {
  const client = singleConnection(connection)
  await client.connect()
  try {
    return await schemaTypes(client)
  } finally {
    // Also when a type is unknown, or that its server stops is all that anybody reads.
    await client.end()
  }
}

const isCheck = process.argv.includes("--check")
const stale: string[] = []
for (const [path, text] of Object.entries(await generated())) {
  const present = await readFile(path, "utf8").catch(() => "")
  if (present === text) continue
  stale.push(path)
  if (!isCheck) await writeFile(path, text)
}
if (isCheck && stale.length > 0) {
  console.error(`Not current: ${stale.join(", ")}. Run "npm run generate" and commit the result.`)
  process.exitCode = 1
} else {
  console.log(stale.length > 0 ? `Written: ${stale.join(", ")}` : "All generated files are current.")
}
