import assert from "node:assert/strict"
import { test } from "node:test"
import { shapeOf } from "./client.ts"

const group = { id: "1", orgId: "2", name: "a", slug: "b", role: "member", createdAt: "c", updatedAt: "d" }
const { role: _role, ...withoutRole } = group

test("what the client's types do not allow is found", () => {
  const groups = shapeOf("apiV1GroupsGet")
  assert.deepEqual(groups([]), [])
  // What is optional may be absent, or null where the type says so; what is not named may be there.
  assert.deepEqual(groups([group, { ...group, roleId: null, isNew: true }]), [])
  assert.deepEqual(groups({ groups: [] }).length, 1)
  assert.deepEqual(groups([group, withoutRole]), ["the answer[1].role is missing"])
  assert.deepEqual(groups([{ ...group, name: null }]), ["the answer[0].name is null in place of string"])
  assert.deepEqual(groups([{ ...group, roleId: 7 }]), [
    "the answer[0].roleId is 7 in place of string | null | undefined",
  ])

  const token = { accessToken: "a", expiresIn: 1, accessTokenMaxTTL: 2, tokenType: "Bearer" }
  const login = shapeOf("apiV1AuthUniversalAuthLoginPost")
  assert.deepEqual(login(token), [])
  assert.deepEqual(login({ ...token, expiresIn: "1", tokenType: "bearer" }), [
    'the answer.expiresIn is "1" in place of number',
    'the answer.tokenType is "bearer" in place of "Bearer"',
  ])

  const users = shapeOf("apiV1GroupsIdUsersGet")
  const user = { id: "1", username: "a", isPartOfGroup: "yes", joinedGroupAt: null }
  assert.deepEqual(users({ users: [user], totalCount: 1 }), [
    'the answer.users[0].isPartOfGroup is "yes" in place of boolean',
  ])
})
