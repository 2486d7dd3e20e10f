import assert from "node:assert/strict"
import { before, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import { count, startTwoServers, timesOf, type Server } from "./two-servers.ts"

// Somebody grants in a project on one server while what they may do in it ends on the other.
const servers = await startTwoServers()
const { left, right, sql, acme } = servers
const admin = { token: acme.token }
const rounds = timesOf(60, 2_400)

const wide = [
  { subject: "groups", action: ["read", "create", "edit", "assign-role"] },
  { subject: "member", action: ["create", "assign-role"] },
]
const narrow = [{ subject: "groups", action: ["read"] }]

let granter = { token: "", identityId: "" }
let project = { id: "", path: "" }
let rolePath = ""
/** Opens the project to the granter, with the role `granter`. */
let openers = ""

before(async () => {
  const body = { projectName: "Contested" }
  project = { ...people.ok(await left.call("POST /api/v1/projects", { ...admin, body })).project, path: "" }
  project.path = `/api/v1/projects/${project.id}/memberships/groups`
  // What they may do in the organization, such as to invite, gives nothing in the project.
  const identity = await people.addIdentity(left, acme, "admin")
  granter = { token: identity.token, identityId: identity.id }
  openers = (await people.addGroup(left, acme, "Openers")).id
  const role = { slug: "granter", name: "Granter", permissions: wide }
  const made = await left.call(`POST /api/v1/projects/${project.id}/roles`, { ...admin, body: role })
  rolePath = `/api/v1/projects/${project.id}/roles/${people.ok(made).role.id}`
  await watch()
})

/** Asks at each commit that the granter makes what they may do in the project by then, as everybody sees it. */
async function watch(): Promise<void> {
  await sql.query(`
    create table witnesses (event text not null, is_wide boolean not null);
    create function witness() returns trigger language plpgsql as $$ begin
      insert into witnesses select new.event_type, exists (
        select from held_project_identity_rules h
        join active_organization_identity_memberships m on m.org_id = h.org_id and m.id = h.membership_id
        join project_roles r on h.rules_key = 'project-role:' || r.id || ':' || r.rules_digest
        where m.identity_id::text = new.actor_metadata ->> 'identityId' and r.permissions::text like '%assign-role%');
      return null;
    end $$;
    create constraint trigger witness after insert on audit_logs deferrable initially deferred
      for each row when (new.actor_metadata ->> 'identityId' = '${granter.identityId}'
        and new.event_type not like 'permission%')
      execute function witness();`)
}

/** Sends what need not succeed, such as giving back what is there. */
const ask = (server: Server, route: string, body?: object) =>
  server.call(route, { ...admin, ...(body ? { body } : {}) })
const setRules = (permissions: object[]) => async () =>
  void people.ok(await ask(left, `PATCH ${rolePath}`, { permissions }))

/** What a granter does, until it is refused. */
let made = 0
const grants: Record<string, (groupId: string) => Promise<Answer>> = {
  addGroup: (groupId) =>
    right.call(`POST ${project.path}/${groupId}`, { token: granter.token, body: { role: "viewer" } }),
  updateGroup: (groupId) =>
    right.call(`PATCH ${project.path}/${groupId}`, {
      token: granter.token,
      body: { roles: [{ role: ++made % 2 === 0 ? "viewer" : "member" }] },
    }),
  // Of a project that the route does not name.
  invitePerson: () =>
    right.call("POST /api/v1/invite-org/signup", {
      token: granter.token,
      body: {
        inviteeEmails: [`contested-${++made}@example.com`],
        organizationId: acme.id,
        organizationRoleSlug: "no-access",
        projects: [{ id: project.id, projectRoleSlug: ["viewer"] }],
      },
    }),
}

const inGroup = () => `/api/v1/groups/${openers}/machine-identities/${granter.identityId}`
const opened = { role: "granter" }

/** Each way in which the granter loses their rights in the project. */
const losses: Record<string, () => Promise<unknown>> = {
  "the role is narrowed": setRules(narrow),
  "the group gets another role": () =>
    ask(left, `PATCH ${project.path}/${openers}`, { roles: [{ role: "viewer" }] }),
  "the group leaves the project": () => ask(left, `DELETE ${project.path}/${openers}`),
  "the granter leaves the group": () => ask(left, `DELETE ${inGroup()}`),
}

/** Makes whatever was lost good again. */
async function giveBack(): Promise<void> {
  await setRules(wide)()
  await ask(left, `POST ${project.path}/${openers}`, opened)
  people.ok(await ask(left, `PATCH ${project.path}/${openers}`, { roles: [opened] }))
  await ask(left, `POST ${inGroup()}`)
}

describe("nothing is granted in a project by rights that ended before", () => {
  for (const [name, grant] of Object.entries(grants)) {
    for (const [way, lose] of Object.entries(losses)) {
      test(`${name} while ${way}`, async () => {
        const there = await people.addGroup(left, acme, `There ${name} ${way}`.slice(0, 60))
        people.ok(await ask(left, `POST ${project.path}/${there.id}`, { role: "viewer" }))
        await sql.query("truncate witnesses")
        const groupFor = async (round: string) =>
          name === "updateGroup"
            ? there.id
            : (await people.addGroup(left, acme, `New ${name} ${round}`.slice(0, 60))).id
        await giveBack()
        const first = await groupFor(`first ${way}`)
        const begin = performance.now()
        people.ok(await grant(first))
        // The loss falls anywhere into the time that a grant takes, or shortly behind it.
        const takes = performance.now() - begin
        let granted = 0
        for (let round = 0; round < Math.ceil(rounds / 8); round++) {
          await giveBack()
          const groupId = await groupFor(`${round} ${way}`)
          const [given] = await Promise.all([
            grant(groupId),
            sleep(((round % 8) / 6) * takes).then(() => lose()),
          ])
          assert.ok(given.status === 200 || given.status === 403, given.text)
          if (given.status === 200) granted++
          assert.equal((await grant(groupId)).status, 403, "the loss was none")
        }
        assert.equal(await count(servers, "witnesses where not is_wide"), 0, `${granted} were granted`)
        assert.ok((await count(servers, "witnesses")) > 0, "nothing was granted at all")
      })
    }
  }
})
