import { setImmediate } from "node:timers/promises"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import { projectWays } from "./project-revocations.ts"
import type { Server } from "./two-servers.ts"

/*
 * Takes a right away on one server and uses it at once on the other, again and again, in every way in which rights are
 * lost that a trial can repeat quickly. A way is one entry in `ways`; those in projects are in a file of their own.
 */

/** One thing to lose, made anew or given back for each trial. */
export type Trial = {
  /** 200 before the right is lost. */ use(server: Server): Promise<Answer>
  /** Takes it away; answered with 200. */ revoke(server: Server): Promise<Answer>
  /** Gives it back, where the same one is lost again in the next trial. */ restore?(
    server: Server,
  ): Promise<Answer>
}

export type Way = {
  name: string
  /** How a use is refused that comes after the loss, ids as `<id>`. */ refusal: `4${number} ${string}`
  /** Makes what the trials of one worker share; called once by each. */
  prepare(world: World): Promise<(server: Server) => Promise<Trial>>
}

export type World = { left: Server; right: Server; acme: people.Organization }

export type Outcome = {
  way: string
  trials: number
  /** Uses that were allowed although they began after the answer that the right is gone. */ stale: number
  /** Anything else that was not expected, such as a refusal in other words. */ strange: string[]
}

const again =
  (trial: Trial): (() => Promise<Trial>) =>
  async () =>
    trial

let made = 0
const fresh = (what: string): string => `${what}-${++made}`

async function addRole({ left, acme }: World) {
  const body = { slug: fresh("role"), name: "Role", permissions: [{ subject: "groups", action: ["read"] }] }
  const answer = await left.call("POST /api/v1/organization/roles", { token: acme.token, body })
  return people.ok(answer).role as { id: string; slug: string }
}

const readGroups = (token: string) => (server: Server) => server.call("GET /api/v1/groups?limit=1", { token })

const organizationWays: readonly Way[] = [
  {
    name: "token revoked",
    refusal: "401 UnauthorizedError",
    async prepare({ left, acme: { token, id } }) {
      const identity = await people.addIdentity(left, { id, token }, "member")
      const route = `POST /api/v1/auth/token-auth/identities/${identity.id}/tokens`
      return async (server) => {
        const { accessToken, tokenData } = people.ok(await server.call(route, { token, body: {} }))
        return {
          use: readGroups(accessToken),
          revoke: (other) =>
            other.call(`POST /api/v1/auth/token-auth/tokens/${tokenData.id}/revoke`, { token }),
        }
      }
    },
  },
  {
    name: "client secret revoked",
    refusal: "401 UnauthorizedError",
    async prepare({ left, acme: { token, id } }) {
      const identity = await people.addIdentity(left, { id, token }, "no-access")
      const { clientId } = await people.addClientSecret(left, { token }, identity.id)
      const route = `POST /api/v1/auth/universal-auth/identities/${identity.id}/client-secrets`
      return async (server) => {
        const { clientSecret, clientSecretData } = people.ok(await server.call(route, { token, body: {} }))
        const body = { clientId, clientSecret }
        return {
          use: (other) => other.call("POST /api/v1/auth/universal-auth/login", { body }),
          revoke: (other) => other.call(`${route}/${clientSecretData.id}/revoke`, { token }),
        }
      }
    },
  },
  {
    name: "person taken out of a group",
    refusal: "403 PermissionDenied",
    async prepare(world) {
      const { left, acme } = world
      const email = `${fresh("grouped")}@example.com`
      const own = await people.addPerson(left, acme, { email, role: "no-access" })
      const group = await people.addGroup(left, acme, fresh("Givers"), (await addRole(world)).slug)
      const path = `/api/v1/groups/${group.id}/users/${email}`
      const put = (server: Server) => server.call(`POST ${path}`, { token: acme.token })
      people.ok(await put(left))
      return again({
        use: readGroups(own),
        revoke: (server) => server.call(`DELETE ${path}`, { token: acme.token }),
        restore: put,
      })
    },
  },
  {
    name: "machine identity taken out of a group",
    refusal: "403 PermissionDenied",
    async prepare(world) {
      const { left, acme } = world
      const identity = await people.addIdentity(left, acme, "no-access")
      const group = await people.addGroup(left, acme, fresh("Givers"), (await addRole(world)).slug)
      const path = `/api/v1/groups/${group.id}/machine-identities/${identity.id}`
      const put = (server: Server) => server.call(`POST ${path}`, { token: acme.token })
      people.ok(await put(left))
      return again({
        use: readGroups(identity.token),
        revoke: (server) => server.call(`DELETE ${path}`, { token: acme.token }),
        restore: put,
      })
    },
  },
  {
    name: "membership set inactive",
    refusal: "403 ForbiddenError",
    async prepare({ left, acme }) {
      const email = `${fresh("inactive")}@example.com`
      const own = await people.addPerson(left, acme, { email })
      const id = await people.membershipIdOf(left, acme, email)
      const path = `PATCH /api/v2/organizations/${acme.id}/memberships/${id}`
      const set = (isActive: boolean) => (server: Server) =>
        server.call(path, { token: acme.token, body: { isActive } })
      return again({ use: readGroups(own), revoke: set(false), restore: set(true) })
    },
  },
  {
    name: "role narrowed",
    refusal: "403 PermissionDenied",
    async prepare(world) {
      const { left, acme } = world
      const role = await addRole(world)
      const { token: own } = await people.addIdentity(left, acme, role.slug)
      const set = (action: string) => (server: Server) =>
        server.call(`PATCH /api/v1/organization/roles/${role.id}`, {
          token: acme.token,
          body: { permissions: [{ subject: "groups", action: [action] }] },
        })
      return again({ use: readGroups(own), revoke: set("create"), restore: set("read") })
    },
  },
  {
    name: "role of a group changed",
    refusal: "403 PermissionDenied",
    async prepare({ left, acme }) {
      const identity = await people.addIdentity(left, acme, "no-access")
      const group = await people.addGroup(left, acme, fresh("Givers"), "member")
      const path = `/api/v1/groups/${group.id}`
      people.ok(await left.call(`POST ${path}/machine-identities/${identity.id}`, { token: acme.token }))
      const set = (role: string) => (server: Server) =>
        server.call(`PATCH ${path}`, { token: acme.token, body: { role } })
      return again({ use: readGroups(identity.token), revoke: set("no-access"), restore: set("member") })
    },
  },
]

/** The ways, each with a holder of its own for every worker. */
export const ways: readonly Way[] = [...organizationWays, ...projectWays]

/** How many trials are under way at once, each with a holder of its own. */
const workers = 8

/** Runs so many trials of one way. */
export async function runTrials(world: World, way: Way, count: number): Promise<Outcome> {
  const outcome: Outcome = { way: way.name, trials: 0, stale: 0, strange: [] }
  let left = count
  const work = async (): Promise<void> => {
    const begin = await way.prepare(world)
    while (left-- > 0) await oneTrial(world, await begin(world.left), way, outcome)
  }
  await Promise.all(Array.from({ length: Math.min(workers, count) }, work))
  return outcome
}

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/

async function oneTrial(world: World, trial: Trial, way: Way, outcome: Outcome): Promise<void> {
  const [here, there] = outcome.trials++ % 2 === 0 ? [world.left, world.right] : [world.right, world.left]
  const expect = (answer: Answer, expected: string, what: string): void => {
    const shown =
      answer.status === 200 ? "200" : `${answer.status} ${answer.body?.error}`.replace(uuid, "<id>")
    if (shown !== expected) outcome.strange.push(`${way.name}, ${what}: ${answer.status} ${answer.text}`)
  }
  expect(await trial.use(there), "200", "before")
  // A use that is under way meanwhile may go either way, and must not keep alive what it found.
  const during = trial.use(there)
  await setImmediate()
  expect(await trial.revoke(here), "200", "taking it away")
  const after = await trial.use(there)
  if (after.status === 200) outcome.stale++
  else expect(after, way.refusal, "after")
  const { status } = await during
  if (status !== 200 && status !== Number(way.refusal.slice(0, 3))) {
    outcome.strange.push(`${way.name}, meanwhile: ${status}`)
  }
  if (trial.restore) expect(await trial.restore(here), "200", "giving it back")
}
