import { parseArgs } from "node:util"
import { call, type Answer } from "../server/test/http.ts"
import { addNewcomers, makeBig, type BigOrganization } from "./big-organization.ts"
import { openBenchDatabase, type BenchDatabase } from "./database.ts"
import { inNewFolder, machine } from "./folder.ts"
import { addGroups, addOrganization, setUp, signIn, type Instance } from "./instance.ts"
import { median } from "./machine.ts"
import { table } from "./report.ts"
import { startServer, type ServerProcess } from "./server.ts"

/*
 * What an organization costs that is big: the first and the last page of every list of groups, and adding somebody
 * to a group of everybody, beside the same in a small organization on the same server at the same time.
 */

const maxPageRatio = 2
const maxAddRatio = 1.5
const pageSize = 10
const adds = 200

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const ms = (value: number): string => value.toFixed(1)

type Bench = { server: ServerProcess; database: BenchDatabase; token: string; failures: string[] }

/** Sends a request that must succeed; returns the answer and how long it took. */
async function timed(
  { server }: Bench,
  route: string,
  token: string,
): Promise<{ answer: Answer; took: number }> {
  const begin = performance.now()
  const answer = await call(`http://${server.host}:${server.port}`, route, { token })
  const took = performance.now() - begin
  if (answer.status !== 200) throw new Error(`${route} was answered with ${answer.status}: ${answer.text}`)
  return { answer, took }
}

/** A list that is read in pages; the total is known where the answer does not tell it. */
type List = { name: string; path: string; total?: number }

function listsOf({ fullGroupId, emptyGroupId }: BigOrganization, groups: number): List[] {
  const full = `/api/v1/groups/${fullGroupId}`
  const empty = `/api/v1/groups/${emptyGroupId}`
  return [
    { name: "groups", path: "/api/v1/groups?", total: groups },
    { name: "users", path: `${full}/users?` },
    { name: "users in the group", path: `${full}/users?filter=existingMembers&` },
    { name: "users not in the group", path: `${empty}/users?filter=nonMembers&` },
    { name: "users, searched", path: `${full}/users?search=a&` },
    { name: "users in the group, searched", path: `${full}/users?search=99&filter=existingMembers&` },
    { name: "machine identities", path: `${full}/machine-identities?` },
    {
      name: "machine identities in the group",
      path: `${full}/machine-identities?filter=assignedMachineIdentities&`,
    },
    {
      name: "machine identities not in the group",
      path: `${empty}/machine-identities?filter=nonAssignedMachineIdentities&`,
    },
    { name: "members", path: `${full}/members?` },
    { name: "members, searched", path: `${full}/members?search=99&` },
    { name: "members, backwards", path: `${full}/members?orderDirection=desc&` },
  ]
}

/** The median times of the first, the middle and the last page, asked for in turns. */
async function measureList(bench: Bench, list: List, times: number): Promise<string[]> {
  const { answer } = await timed(bench, `GET ${list.path}limit=1`, bench.token)
  const total = list.total ?? Number(answer.body.totalCount)
  const offsets = [0, Math.floor(total / 2), total - pageSize]
  const took: number[][] = offsets.map(() => [])
  for (let time = 0; time < times; time++) {
    for (const [index, offset] of offsets.entries()) {
      const page = await timed(bench, `GET ${list.path}limit=${pageSize}&offset=${offset}`, bench.token)
      const rows = Object.values(page.answer.body).find(Array.isArray) ?? []
      const count = Array.isArray(page.answer.body) ? page.answer.body.length : rows.length
      if (count !== pageSize) throw new Error(`${list.name} has ${count} on the page from ${offset}.`)
      took[index]?.push(page.took)
    }
  }
  const [first = NaN, middle = NaN, last = NaN] = took.map(median)
  const ratio = last / first
  if (ratio > maxPageRatio)
    bench.failures.push(`The last page of ${list.name} costs ${ms(ratio)} × the first.`)
  return [list.name, total.toLocaleString("en"), ms(first), ms(middle), ms(last), ms(ratio)]
}

type Adding = { token: string; groupId: string; usernames: string[] }

/** The median times of adding people to a group, in turns. */
async function measureAdds(bench: Bench, small: Adding, big: Adding): Promise<string[]> {
  const took: [number[], number[]] = [[], []]
  for (let index = 0; index < adds; index++) {
    for (const [which, { token, groupId, usernames }] of [small, big].entries()) {
      const username = encodeURIComponent(usernames[index] ?? "")
      const add = await timed(bench, `POST /api/v1/groups/${groupId}/users/${username}`, token)
      took[which]?.push(add.took)
    }
  }
  const [inSmall, inBig] = took.map(median)
  const ratio = (inBig ?? NaN) / (inSmall ?? NaN)
  if (ratio > maxAddRatio)
    bench.failures.push(`Adding costs ${ms(ratio)} × what it costs in a small organization.`)
  return [ms(inSmall ?? NaN), ms(inBig ?? NaN), ratio.toFixed(2)]
}

type Options = { people: number; groups: number; machines: number; times: number }

async function measure(bench: Bench, small: Instance, options: Options): Promise<void> {
  const { server, database } = bench
  const big = await addOrganization(server, "Big")
  const { token } = big.admin
  const begin = performance.now()
  const made = await makeBig(database.client, big.orgId, options)
  say(`Filled in ${((performance.now() - begin) / 1_000).toFixed(1)} seconds.\n`)
  const [smallGroupId = ""] = await addGroups(server, small, "Small", 1)
  const newcomers = (orgId: string, word: string, first: number) =>
    addNewcomers(database.client, orgId, { word, first, count: adds })
  const ofSmall = await newcomers(small.orgId, "small", 1)
  const ofBig = await newcomers(big.orgId, "big", options.people + 1)

  const inBig = { ...bench, token }
  const rows: string[][] = []
  for (const list of listsOf(made, options.groups)) rows.push(await measureList(inBig, list, options.times))
  say(table([["list", "rows", "first ms", "middle ms", "last ms", "last / first"], ...rows]))
  const added = await measureAdds(
    bench,
    { token: small.admin.token, groupId: smallGroupId, usernames: ofSmall },
    { token, groupId: made.fullGroupId, usernames: ofBig },
  )
  say(`\n${table([["add in a small organization ms", "in the big one ms", "ratio"], added])}`)
  const person = await signIn(server, big)
  const took: number[] = []
  for (let time = 0; time < options.times; time++) {
    took.push((await timed(bench, `GET /api/v1/user/me/${made.joiner}/groups`, person.token)).took)
  }
  say(`\nThe groups of somebody who is in 1,001: ${ms(median(took))} ms.`)
}

const main = (options: Options): Promise<string[]> =>
  inNewFolder(async (dataDir) => {
    const server = await startServer(dataDir)
    const small = await setUp(server)
    const database = await openBenchDatabase(dataDir, small.orgId)
    const bench: Bench = { server, database, token: small.admin.token, failures: [] }
    try {
      await measure(bench, small, options)
    } finally {
      await database.close()
    }
    say(`\n${machine()}; ${options.times} times a page.`)
    return bench.failures
  })

const { values } = parseArgs({
  options: {
    people: { type: "string", default: "100000" },
    groups: { type: "string", default: "100000" },
    machines: { type: "string", default: "20000" },
    times: { type: "string", default: "15" },
  },
})
const failures = await main({
  people: Number(values.people),
  groups: Number(values.groups),
  machines: Number(values.machines),
  times: Number(values.times),
})
for (const failure of failures) console.error(`\nFAILED: ${failure}`)
process.exitCode = failures.length > 0 ? 1 : 0
