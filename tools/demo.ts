import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "../server/config.ts"
import { serveUntilStopped } from "../server/process.ts"
import { runMain } from "../server/start-error.ts"
import type { RunningServer } from "../server/server.ts"

/*
 * A server on a throw-away folder with an organization that looks real: `npm run demo`. It speaks to the server as
 * any client would, shows the operation that everything began with, and goes on serving.
 */
const admin = { email: "ada@acme.example", password: "demo-password", organization: "Acme Rockets" }

const people = [
  ["grace.hopper@acme.example", "Grace", "Hopper", ["Platform", "On call"]],
  ["alan.turing@acme.example", "Alan", "Turing", ["Research"]],
  ["katherine.johnson@acme.example", "Katherine", "Johnson", ["Research", "Flight software"]],
  ["margaret.hamilton@acme.example", "Margaret", "Hamilton", ["Flight software", "On call"]],
  ["dorothy.vaughan@acme.example", "Dorothy", "Vaughan", ["Platform"]],
  ["annie.easley@acme.example", "Annie", "Easley", ["Platform", "Flight software"]],
  ["mary.jackson@acme.example", "Mary", "Jackson", []],
  ["edsger.dijkstra@acme.example", "Edsger", "Dijkstra", ["Research"]],
] as const
const invitedOnly = ["barbara.liskov@acme.example", "tim.lee@contractor.example"]
const machines = [
  ["Deploy pipeline", "no-access"],
  ["Nightly backup", "no-access"],
  ["Terraform", "member"],
] as const
const groups = [
  ["Platform", "member"],
  ["Flight software", "no-access"],
  ["Research", "no-access"],
  ["On call", "member"],
  ["Administrators", "admin"],
] as const

type Json = Record<string, any> // eslint-disable-line typescript/no-explicit-any

async function post(address: string, path: string, body: unknown, token?: string): Promise<Json> {
  const response = await fetch(`${address}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`POST ${path} was answered ${response.status}: ${text}`)
  return JSON.parse(text)
}

async function fill(server: RunningServer): Promise<void> {
  const { address } = server
  const { organization, identity } = await post(address, "/api/v1/admin/bootstrap", admin)
  const token: string = identity.credentials.token
  const groupIds = new Map<string, string>()
  for (const [name, role] of groups) {
    groupIds.set(name, (await post(address, "/api/v1/groups", { name, role }, token))["id"])
  }
  for (const [name, role] of machines) {
    await post(address, "/api/v1/identities", { name, role, organizationId: organization.id }, token)
  }
  const inviteeEmails = [...people.map(([email]) => email), ...invitedOnly]
  const invitation = { inviteeEmails, organizationId: organization.id }
  const { completeInviteLinks } = await post(address, "/api/v1/invite-org/signup", invitation, token)
  for (const [email, firstName, lastName, memberOf] of people) {
    const { link } = completeInviteLinks.find((one: Json) => one["email"] === email)
    await accept(address, organization.id, { email, firstName, lastName, link })
    for (const name of memberOf) {
      await post(
        address,
        `/api/v1/groups/${groupIds.get(name)}/users/${encodeURIComponent(email)}`,
        undefined,
        token,
      )
    }
  }
  await show(address, { token, groupId: groupIds.get("On call") ?? "", organization: organization.name })
}

async function accept(
  address: string,
  organizationId: string,
  person: { email: string; firstName: string; lastName: string; link: string },
): Promise<void> {
  const { link, ...account } = person
  const code = new URL(link).searchParams.get("token")
  const verified = await post(address, "/api/v1/invite-org/verify", {
    email: account.email,
    organizationId,
    code,
  })
  const body = { ...account, type: "email", password: admin.password }
  await post(address, "/api/v3/signup/complete-account", body, verified["token"])
}

/** Performs the operation and prints what was sent and what came back. */
async function show(
  address: string,
  demo: { token: string; groupId: string; organization: string },
): Promise<void> {
  const path = `/api/v1/groups/${demo.groupId}/users/${encodeURIComponent("mary.jackson@acme.example")}`
  const response = await fetch(`${address}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${demo.token}` },
  })
  const lines = [
    `Conclave listens on ${address}, with the organization ${demo.organization} on a throw-away folder.`,
    "",
    "Mary Jackson joins the group On call:",
    "",
    `  curl -X POST ${address}${path} \\`,
    `    -H "Authorization: Bearer $TOKEN"`,
    "",
    `  ${response.status} ${await response.text()}`,
    "",
    `Read and try the API:  ${address}/api/docs`,
    `Sign in as ${admin.email}, or anybody else of ${people.length} people, with the password ${admin.password}`,
    `TOKEN=${demo.token}`,
    "",
    "Ctrl-C stops it and removes the folder.",
    "",
  ]
  process.stdout.write(lines.join("\n"))
}

await runMain(async () => {
  const folder = await mkdtemp(join(tmpdir(), "conclave-demo-"))
  const { DATABASE_URL: _url, DB_CONNECTION_URI: _alias, ...env } = process.env
  const config = loadConfig({ LOG_LEVEL: "warn", ...env, CONCLAVE_DATA_DIR: folder, SMTP_HOST: "" })
  try {
    await serveUntilStopped(config, fill)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
