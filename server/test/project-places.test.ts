import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { startHarness } from "./harness.ts"
import * as people from "./people.ts"
import { addProject } from "./projects.ts"

/*
 * Whoever is in a project by a group is in it as somebody who is in it by themselves. Each feature is looked at for a
 * person and a machine identity, by each way in and by both, all of it through the API.
 */

const harness = await startHarness()
const acme = await people.bootstrap(harness)
const { token } = acme
let made = 0

type Member = { kind: "person" | "machine"; token: string; name: string; place: string }

async function freshMember(kind: Member["kind"]): Promise<Member> {
  if (kind === "person") {
    const name = `matrix-${++made}@example.com`
    return {
      kind,
      name,
      place: `users/${name}`,
      token: await people.addPerson(harness, acme, { email: name, role: "no-access" }),
    }
  }
  const { id, token: own } = await people.addIdentity(harness, acme, "no-access")
  return { kind, name: id, place: `machine-identities/${id}`, token: own }
}

const admin = async (route: string, body?: unknown) => people.ok(await harness.call(route, { token, body }))

const ways = ["direct", "group", "both"] as const
for (const kind of ["person", "machine"] as const) {
  for (const way of ways) {
    describe(`a ${kind} who is in a project by ${way === "both" ? "both ways" : `way of ${way}`}`, async () => {
      const project = await addProject(harness, acme)
      const member = await freshMember(kind)
      const group = await people.addGroup(harness, acme, `Matrix ${++made}`)
      await admin(`POST /api/v1/groups/${group.id}/${member.place}`)
      const own =
        kind === "person"
          ? `/api/v1/projects/${project.id}/memberships`
          : `/api/v1/projects/${project.id}/memberships/identities/${member.name}`
      const join = () =>
        admin(
          `POST ${own}`,
          kind === "person" ? { usernames: [member.name], roleSlugs: ["viewer"] } : { role: "viewer" },
        )
      const leave = () =>
        kind === "person" ? admin(`DELETE ${own}`, { usernames: [member.name] }) : admin(`DELETE ${own}`)
      const joinGroup = (role = "viewer") =>
        admin(`POST /api/v1/projects/${project.id}/memberships/groups/${group.id}`, { role })
      if (way !== "group") await join()
      if (way !== "direct") await joinGroup()

      const call = (route: string, body?: unknown) => harness.call(route, { token: member.token, body })
      const isIn = async (): Promise<boolean[]> => {
        const { projects } = people.ok(await call("GET /api/v1/projects"))
        return [
          projects.some(({ id }: { id: string }) => id === project.id),
          (await call(`GET /api/v1/projects/${project.id}`)).status === 200,
          (await call(`GET /api/v1/projects/slug/${project.slug}`)).status === 200,
          (await call(`GET /api/v1/projects/${project.id}/memberships`)).status === 200,
          (await call(`GET /api/v1/projects/${project.id}/memberships/groups`)).status === 200,
          (await call(`GET /api/v1/projects/${project.id}/memberships/identities`)).status === 200,
        ]
      }
      const everywhere = Array<boolean>(6).fill(true)
      const nowhere = Array<boolean>(6).fill(false)

      test("is in it everywhere, and may do what the role allows, and no more", async () => {
        assert.deepEqual(await isIn(), everywhere)
        const edit = await call(`PATCH /api/v1/projects/${project.id}`, { description: "mine" })
        assert.deepEqual([edit.status, edit.body.error], [403, "PermissionDenied"])
      })

      if (kind === "person") {
        test("is listed once with the others, and by the role", async () => {
          for (const query of ["", "&roles=viewer", "&roles=nothing,viewer", "&roles=admin"]) {
            const route = `GET /api/v1/projects/${project.id}/users?includeGroupMembers=true${query}`
            const { users } = people.ok(await harness.call(route, { token: acme.adminToken }))
            const mine = users.filter(
              (each: { user: { username: string } }) => each.user.username === member.name,
            )
            assert.equal(mine.length, query === "&roles=admin" ? 0 : 1, query)
            if (mine[0]) assert.equal(mine[0].isGroupMember, way === "group")
          }
          const route = `GET /api/v1/workspace/${project.id}/users`
          const { users } = people.ok(await harness.call(route, { token: acme.adminToken }))
          const isListed = users.some(
            (each: { user: { username: string } }) => each.user.username === member.name,
          )
          assert.equal(isListed, way !== "group")
        })
      }

      test("is in it until the last way ends", async () => {
        if (way === "both") {
          await leave()
          assert.deepEqual(await isIn(), everywhere)
          await join()
        }
        if (way !== "group") {
          await admin(`DELETE /api/v1/groups/${group.id}/${member.place}`)
          assert.deepEqual(await isIn(), everywhere)
          await leave()
          assert.deepEqual(await isIn(), nowhere)
        } else {
          await admin(`DELETE /api/v1/groups/${group.id}/${member.place}`)
          assert.deepEqual(await isIn(), nowhere)
          await admin(`POST /api/v1/groups/${group.id}/${member.place}`)
          assert.deepEqual(await isIn(), everywhere)
          await admin(`DELETE /api/v1/projects/${project.id}/memberships/groups/${group.id}`)
          assert.deepEqual(await isIn(), nowhere)
        }
      })

      test("has a role that was given for a time for just that time", async () => {
        const again = `Again ${++made}`
        const later = await people.addGroup(harness, acme, again)
        await admin(`POST /api/v1/groups/${later.id}/${member.place}`)
        const at = `/api/v1/projects/${project.id}/memberships/groups/${later.id}`
        const edits = async () =>
          (await call(`PATCH /api/v1/projects/${project.id}`, { description: "mine" })).status
        const role = (start: number) => ({
          role: "admin",
          isTemporary: true,
          temporaryMode: "relative",
          temporaryRange: "1h",
          temporaryAccessStartTime: new Date(Date.now() + start).toISOString(),
        })
        const hour = 3_600_000
        const give = async (start: number) =>
          admin(`PATCH ${at}`, { roles: [{ role: "no-access" }, role(start)] })
        await admin(`POST ${at}`, {})
        assert.equal(await edits(), 403)
        await give(-2 * hour)
        assert.equal(await edits(), 403)
        await give(hour)
        assert.equal(await edits(), 403)
        await give(-hour / 2)
        assert.equal(await edits(), 200)
      })
    })
  }
}
