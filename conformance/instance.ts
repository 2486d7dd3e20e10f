import { after } from "node:test"
import { startMailServer } from "../server/test/mail-server.ts"
import * as people from "../server/test/people.ts"
import { makeDataDir, removeDataDir, startProcess, type RunningProcess } from "../server/test/processes.ts"
import { generatedClient } from "./sdk-3/client.ts"

/** The password of everybody here. */
export const password = "correct horse battery staple"

/*
 * Two servers as `npm start` runs them, each with a PostgreSQL of its own in a folder that is gone after the tests. All
 * files share them, and each makes what it needs under names of its own. They are started where this is imported: what
 * a hook of a test file starts would end with that file.
 */
const mailServer = await startMailServer()
const [plain, withMail] = await Promise.all([startServer(), startServer(mailServer.env)])

/** A server without mail, whose invitations are links in the answers. */
export const server: RunningProcess = plain

/** Its organization, which was made by setting the server up. */
export const organization = await setUp()

/** A server that sends mail, and is set up by the test of the first sign-up. */
export const mailing = { server: withMail, mailTo: mailServer.mailTo }

async function startServer(env: Record<string, string> = {}): Promise<RunningProcess> {
  const dataDir = await makeDataDir()
  let started: RunningProcess | undefined
  after(async () => {
    started?.kill("SIGTERM")
    await started?.exited
    await removeDataDir(dataDir)
  })
  started = await startProcess({ dataDir, env: { ...env, LOG_LEVEL: "error" } })
  return started
}

async function setUp(): Promise<people.Organization> {
  const adminUsername = "ada@example.com"
  const { data } = await generatedClient(server.address).apiV1AdminBootstrapPost({
    apiV1AdminBootstrapPostRequest: { email: adminUsername, password, organization: "Acme" },
  })
  const { id, name } = data.organization
  const { token } = data.identity.credentials
  const signedInToken = await people.signIn(server, adminUsername)
  const adminToken = await people.select(server, signedInToken, id)
  return { id, name, token, adminToken, signedInToken, adminUsername }
}
