import assert from "node:assert/strict"
import { glob, readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { describe, test } from "node:test"

/*
 * Places and roles are given in one file, and only to who shows that the privilege guard was asked. These lists are
 * whole: a new way to give something fails here, and is looked at before it is written down.
 */
const root = fileURLToPath(new URL("..", import.meta.url))
const sources = new Map<string, string>()
for await (const path of glob("**/*.ts", { cwd: root, exclude: ["node_modules"] })) {
  if (path.endsWith(".test.ts") || path.startsWith("test/")) continue
  const text = await readFile(`${root}/${path}`, "utf8")
  sources.set(path, text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, ""))
}

/** Every hit in the served sources, as `file: what`. */
const find = (pattern: RegExp, isMeant: (hit: string) => boolean = () => true): string[] =>
  [...sources]
    .flatMap(([path, text]) =>
      [...text.matchAll(pattern)]
        .map((match) => match[1] ?? "")
        .filter(isMeant)
        .map((hit) => `${path}: ${hit}`),
    )
    .toSorted()

const isGrant = (table: string): boolean => /_(memberships|grants|privileges)$|^service_token/.test(table)

describe("places and roles", () => {
  test("are inserted by the stores of grants/ alone", () => {
    assert.deepEqual(
      find(/(?:insertInto\(\s*["'`]|\binsert\s+into\s+)([\w${}.]+)/gi, isGrant),
      [
        "grants/grants.store.ts: group_role_grants",
        "grants/grants.store.ts: group_user_memberships",
        "grants/group-places.store.ts: group_${member}_memberships",
        "grants/group-places.store.ts: group_${member}_memberships",
        "grants/group-sync.store.ts: group_${kind}_memberships",
        "grants/grants.store.ts: organization_identity_memberships",
        "grants/grants.store.ts: organization_user_memberships",
        "grants/grants.store.ts: organization_${kind}_role_grants",
        "grants/privileges.store.ts: project_${kind}_privileges",
        "grants/project-founding.store.ts: project_${kind}_memberships",
        "grants/project-founding.store.ts: project_${kind}_role_grants",
        "grants/project-grants.store.ts: project_${kind}_memberships",
        "grants/project-grants.store.ts: project_${kind}_role_grants",
        "grants/project-grants.store.ts: project_${kind}_role_grants",
        "grants/service-tokens.store.ts: service_tokens",
        "grants/service-tokens.store.ts: service_token_scopes",
      ].toSorted(),
    )
  })

  test("are inserted into no table whose name a reader cannot see", () => {
    assert.deepEqual(find(/(insertInto\((?!\s*["'`]).*|mergeInto\(.*|\bmerge into\b.*)/gi), [])
  })

  test("are neither opened again nor made into others", () => {
    assert.deepEqual(find(/(is_closed\s*[:=]\s*false)/g), [])
    const changed =
      /updateTable\([^)]*\)[^;]{0,200}?\.set\(\{[^}]*?\b(role|custom_role_id|valid_from|group_id)\s*:/g
    assert.deepEqual(find(changed), [])
  })

  test("are given by these, and by nobody else", () => {
    const callers = find(
      /\b(placeUser|placeIdentity|giveRole|joinGroups?|rejoinGroups|foundProject|joinProject|replaceProjectRoles|giveInProject|changeInProject|giveToToken|moveInGroup|syncGroup)\(/g,
    )
    assert.deepEqual(
      callers.filter((hit) => !hit.startsWith("grants/")),
      [
        "groups/bulk.ts: joinGroups",
        "groups/groups.ts: giveRole",
        "groups/groups.ts: giveRole",
        "groups/joining.ts: joinGroup",
        "groups/members.ts: rejoinGroups",
        "groups/renewal.ts: moveInGroup",
        "identities/identities.ts: placeIdentity",
        "identities/identity-changes.ts: giveRole",
        "organizations/member-changes.ts: giveRole",
        "organizations/members.ts: placeUser",
        "projects/given-roles.ts: joinProject",
        "projects/given-roles.ts: replaceProjectRoles",
        "projects/privileges.ts: changeInProject",
        "projects/privileges.ts: giveInProject",
        "projects/projects.ts: foundProject",
        "service-tokens/service-tokens.ts: giveToToken",
      ],
    )
  })

  test("are given without asking the guard for these reasons, and for no other", () => {
    assert.deepEqual(find(/\bungoverned\("([^"]+)"\)/g), [
      "admin/instance.ts: whoever founds an organization is its admin",
      "groups/groups.ts: the role gives nothing",
      "groups/members.ts: the guard was asked when the person was put into the groups",
      "identities/identities.ts: the role gives nothing",
      "organizations/members.ts: whoever founds an organization is its admin",
      "projects/projects.ts: whoever makes a project is its admin",
    ])
    // Nor is the reason hidden in a variable.
    assert.deepEqual(find(/\b(ungoverned\((?!["_]).*)/g), [])
  })

  test("want to be shown that the guard was asked, by what only the guard makes", () => {
    const files = [
      "grants",
      "group-places",
      "place-changes",
      "privileges",
      "project-grants",
      "service-tokens",
    ]
    const functions = files
      .flatMap((file) =>
        (sources.get(`grants/${file}.ts`) ?? "").split(/^export (?:async function|const) /m).slice(1),
      )
      .filter((text) => !/^(leaveGroups?\(|holdPlace )/.test(text))
    assert.ok(functions.length >= 9)
    const wanted =
      /^\w+(?: = )?\(\s*(?:db: Queries|\{ db, actor \}: Pick<Context, "db" \| "actor">),\s*_?granted: Granted,/
    for (const text of functions) assert.match(text, wanted)
    assert.deepEqual(find(/\b(as (?:unknown as )?Granted)\b/g), [])
    assert.deepEqual(find(/(new Proof\(.*)/g), ["access/boundary.ts: new Proof()"])
  })
})
