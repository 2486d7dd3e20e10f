import assert from "node:assert/strict"
import { before, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import type { Answer } from "./http.ts"
import * as people from "./people.ts"
import { count, startTwoServers, timesOf, type Server } from "./two-servers.ts"

// Somebody acts on one server while what they act by, or those they act on, end on the other.
const servers = await startTwoServers()
const { left, right, sql, acme } = servers
const admin = { token: acme.token }
const rounds = timesOf(50, 2_000)

function assertStatus(answer: Answer | undefined, ...statuses: number[]): void {
  assert.ok(answer && statuses.includes(answer.status), answer?.text)
}

test("nobody is in a group who is not in its organization, whatever ends while they are added", async () => {
  const group = await people.addGroup(left, acme, "Revolving door")
  for (let done = 0; done < rounds; done += 50) {
    const emails = Array.from(
      { length: Math.min(50, rounds - done) },
      (_, index) => `m${done + index}@a.example`,
    )
    const body = { inviteeEmails: emails, organizationId: acme.id, organizationRoleSlug: "member" }
    people.ok(await left.call("POST /api/v1/invite-org/signup", { ...admin, body }))
    const { rows } = await sql.query<{ id: string; user_id: string; username: string }>(
      "select id, user_id, username from organization_user_memberships where username = any($1)",
      [emails],
    )
    assert.equal(rows.length, emails.length)
    for (const { id, user_id, username } of rows) {
      const [added, removed, deleted] = await Promise.all([
        left.call(`POST /api/v1/groups/${group.id}/users/${username}`, admin),
        right.call(`DELETE /api/v2/organizations/${acme.id}/memberships/${id}`, admin),
        left.call(`DELETE /api/v1/admin/user-management/users/${user_id}`, admin),
      ])
      for (const answer of [added, removed]) assertStatus(answer, 200, 404)
      assertStatus(deleted, 200)
    }
  }
  const left_behind = `group_user_memberships g join organization_user_memberships m
    on m.org_id = g.org_id and m.id = g.membership_id where m.is_closed and not g.is_closed`
  assert.equal(await count(servers, left_behind), 0)
  assert.equal(
    await count(servers, "group_user_memberships where not is_closed and group_id = $1", [group.id]),
    0,
  )
  // Each that was added was so once, and the audit log knows.
  const told = "audit_logs where event_type = 'add-user-to-group' and event_metadata ->> 'groupId' = $1"
  assert.equal(
    await count(servers, told, [group.id]),
    await count(servers, "group_user_memberships where group_id = $1", [group.id]),
  )
})

/** Grants by somebody whose custom role allows them, while that role is narrowed. */
describe("nothing is granted by a role that was narrowed before", () => {
  const wide = [
    {
      subject: "groups",
      action: ["read", "create", "edit", "grant-privileges", "add-members", "add-identities"],
    },
    { subject: "member", action: ["read", "create", "edit"] },
    { subject: "role", action: ["read", "create"] },
    { subject: "identity", action: ["read", "create", "edit", "grant-privileges", "create-token"] },
  ]
  const narrow = [{ subject: "groups", action: ["read"] }]
  let made = 0
  let granter = { token: "", roleId: "" }
  let target = { groupId: "", otherGroupId: "", identityId: "" }

  const setRole = (server: Server, permissions: object[]) =>
    server.call(`PATCH /api/v1/organization/roles/${granter.roleId}`, { ...admin, body: { permissions } })

  /** Every path that gives somebody something, by its table. */
  const grants: Record<string, (server: Server) => Promise<Answer>> = {
    async addUser(server) {
      const [member] = (await people.invite(left, acme, `u${++made}@b.example`)).email.split(",")
      return server.call(`POST /api/v1/groups/${target.groupId}/users/${member}`, { token: granter.token })
    },
    async addIdentity(server) {
      const body = { name: "added", organizationId: acme.id }
      const { identity } = people.ok(await left.call("POST /api/v1/identities", { ...admin, body }))
      const path = `/api/v1/groups/${target.groupId}/machine-identities/${identity.id}`
      return server.call(`POST ${path}`, { token: granter.token })
    },
    createGroup: (server) =>
      server.call("POST /api/v1/groups", {
        token: granter.token,
        body: { name: `Made ${++made}`, role: "reader" },
      }),
    updateGroup: (server) =>
      server.call(`PATCH /api/v1/groups/${target.otherGroupId}`, {
        token: granter.token,
        body: { role: ++made % 2 === 0 ? "reader" : "no-access" },
      }),
    invite: (server) =>
      server.call("POST /api/v1/invite-org/signup", {
        token: granter.token,
        body: {
          inviteeEmails: [`i${++made}@b.example`],
          organizationId: acme.id,
          organizationRoleSlug: "reader",
        },
      }),
    createIdentity: (server) =>
      server.call("POST /api/v1/identities", {
        token: granter.token,
        body: { name: "made", organizationId: acme.id, role: "reader" },
      }),
    updateIdentity: (server) =>
      server.call(`PATCH /api/v1/identities/${target.identityId}`, {
        token: granter.token,
        body: { role: ++made % 2 === 0 ? "reader" : "no-access" },
      }),
    createRole: (server) =>
      server.call("POST /api/v1/organization/roles", {
        token: granter.token,
        body: { slug: `made-${++made}`, name: "Made", permissions: narrow },
      }),
    createToken: (server) =>
      server.call(`POST /api/v1/auth/token-auth/identities/${target.identityId}/tokens`, {
        token: granter.token,
        body: {},
      }),
  }

  before(async () => {
    const addRole = async (slug: string, permissions: object[]) => {
      const body = { slug, name: slug, permissions }
      return people.ok(await left.call("POST /api/v1/organization/roles", { ...admin, body })).role.id
    }
    await addRole("reader", narrow)
    const roleId = await addRole("granter", wide)
    granter = { roleId, token: (await people.addIdentity(left, acme, "granter")).token }
    target = {
      groupId: (await people.addGroup(left, acme, "Filled")).id,
      otherGroupId: (await people.addGroup(left, acme, "Changed")).id,
      identityId: (await people.addIdentity(left, acme, "no-access")).id,
    }
    await watch()
  })

  /** Asks at each commit that the granter makes what the role allows by then, as everybody sees it. */
  async function watch(): Promise<void> {
    await sql.query(`
      create table witnesses (event text not null, is_wide boolean not null);
      create function witness() returns trigger language plpgsql as $$ begin
        insert into witnesses select new.event_type, permissions::text like '%create%'
        from organization_roles where slug = 'granter';
        return null;
      end $$;
      create constraint trigger witness after insert on audit_logs deferrable initially deferred
        for each row when (new.actor_metadata ->> 'name' = 'granter machine' and new.event_type not like 'permission%')
        execute function witness();`)
  }

  for (const [name, grant] of Object.entries(grants)) {
    test(`${name} beside the narrowing`, async () => {
      let granted = 0
      await sql.query("truncate witnesses")
      for (let round = 0; round < Math.ceil(rounds / 9); round++) {
        people.ok(await setRole(left, wide))
        const [given, narrowed] = await Promise.all([
          grant(right),
          sleep(round % 8).then(() => setRole(left, narrow)),
        ])
        assertStatus(narrowed, 200)
        assertStatus(given, 200, 403)
        if (given.status === 200) granted++
      }
      assert.equal(await count(servers, "witnesses where not is_wide"), 0, `${granted} were granted`)
    })
  }
})

/** Grants by a person whose place in the organization is lost meanwhile; each loss, and how it is made good. */
describe("nothing is granted by somebody who had lost their place before", () => {
  const whole = { isActive: true, role: "admin" }
  const losses = {
    "set inactive": [{ isActive: false }, whole],
    "given a role that allows nothing": [{ role: "no-access" }, whole],
  }
  let place = ""
  let token = ""

  before(async () => {
    const email = "gina@example.com"
    token = await people.addPerson(left, acme, { email, role: "admin" })
    place = `/api/v2/organizations/${acme.id}/memberships/${await people.membershipIdOf(left, acme, email)}`
    await sql.query(`
      create table places (is_admin boolean not null);
      create function see_place() returns trigger language plpgsql as $$ begin
        insert into places select exists (
          select from active_organization_user_memberships m
          join active_organization_user_role_grants r on r.org_id = m.org_id and r.membership_id = m.id
          where m.username = 'gina@example.com' and m.deactivated_at is null and r.role = 'admin');
        return null;
      end $$;
      create constraint trigger see_place after insert on audit_logs deferrable initially deferred
        for each row when (new.actor_metadata ->> 'username' = 'gina@example.com'
          and new.event_type in ('create-group', 'invite-organization-members', 'create-identity'))
        execute function see_place();`)
  })

  for (const [name, [loss, remedy]] of Object.entries(losses)) {
    test(`${name} beside the grant`, async () => {
      await sql.query("truncate places")
      const inviteOne = (who: string) => {
        const body = {
          inviteeEmails: Array.from({ length: 5 }, (_, index) => `${who}-${index}@c.example`),
          organizationId: acme.id,
          organizationRoleSlug: "member",
        }
        return right.call("POST /api/v1/invite-org/signup", { token, body })
      }
      people.ok(await left.call(`PATCH ${place}`, { ...admin, body: remedy }))
      const begin = performance.now()
      people.ok(await inviteOne(`${name[0]}`))
      // The loss falls anywhere into the time that a grant takes, or shortly behind it.
      const takes = performance.now() - begin
      for (let round = 0; round < Math.ceil(rounds / 3); round++) {
        people.ok(await left.call(`PATCH ${place}`, { ...admin, body: remedy }))
        const [given, lost] = await Promise.all([
          inviteOne(`${name[0]}${round}`),
          sleep(((round % 8) / 6) * takes).then(() => left.call(`PATCH ${place}`, { ...admin, body: loss })),
        ])
        assertStatus(lost, 200)
        assertStatus(given, 200, 403)
      }
      assert.equal(await count(servers, "places where not is_admin"), 0)
      // Nor is an invitation left that can be accepted.
      const open = `invitations i join organization_user_memberships m on m.org_id = i.org_id
        and m.id = i.inviter_membership_id
        where m.username = 'gina@example.com' and i.ended_at is null and i.used_at is null`
      assert.equal(await count(servers, open), 0)
      assert.ok((await count(servers, "places")) > 0, "nothing was granted at all")
    })
  }
})
