import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { test } from "node:test"
import { clientRoutes, driven, nameless } from "./client.ts"

type Document = { paths: Record<string, Record<string, unknown>> }

/** Methods of the generated client that are not driven although their route is there, each for a reason. */
const exceptions: Record<string, string> = {
  apiV1WorkspaceProjectIdPermissionsGet:
    "its type takes packed rules for texts, which they never were; called by hand in privileges.test.ts",
  apiV1OrganizationOrganizationIdPermissionsGet:
    "its type takes packed rules for texts, which they never were; called by hand in organizations.test.ts",
  apiV2OrganizationsPrivilegeSystemUpgradePost:
    "succeeds in an organization of the legacy system alone, and none such can be made by the API",
}

test("every method of the generated client whose route is there was driven", async (t) => {
  const text = await readFile(new URL("../../openapi.json", import.meta.url), "utf8")
  const routes = Object.entries((JSON.parse(text) as Document).paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((verb) => nameless(`${verb.toUpperCase()} ${path}`)),
  )
  const byMethod = clientRoutes()
  const routesOfClient = new Set(byMethod.values())
  const shared = [...byMethod].filter(([, route]) => routes.includes(route)).map(([method]) => method)
  const lacking = routes.filter((route) => !routesOfClient.has(route))
  t.diagnostic(`generated client: ${byMethod.size} methods, ${shared.length} of them have a route here`)
  t.diagnostic(`driven: ${shared.filter((method) => driven.has(method)).length} of ${shared.length}`)
  t.diagnostic(`routes that the generated client does not know: ${lacking.length} of ${routes.length}`)
  assert.ok(shared.length > 90, "the client's code is read wrongly")
  assert.deepEqual(
    shared.filter((method) => !driven.has(method) && !(method in exceptions)),
    [],
  )
  assert.deepEqual(
    Object.keys(exceptions).filter((method) => driven.has(method)),
    [],
    "an exception that is none",
  )
})
