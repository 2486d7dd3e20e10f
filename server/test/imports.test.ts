import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { glob, readFile } from "node:fs/promises"
import { dirname, join, normalize } from "node:path"
import { describe, test } from "node:test"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

type Kind = "api" | "store" | "rule" | "folder" | "file"
/** A module of the server: `folder` is empty for those that lie beside it, such as `app.ts`. */
type Module = { path: string; folder: string; kind: Kind }
/** One import line. `target` is a module of ours, or undefined for a package or a part of Node. */
type Import = { from: Module; name: string; target: Module | undefined; isType: boolean }

/** Nouns of the product; a module in one of these has a side, by its suffix. Every other folder is a part of the house. */
const domains = new Set([
  "admin",
  "audit",
  "auth",
  "encryption",
  "explain",
  "folders",
  "grants",
  "groups",
  "history",
  "idempotency",
  "identities",
  "imports",
  "organizations",
  "past",
  "preview",
  "projects",
  "roles",
  "secrets",
  "service-tokens",
  "users",
])
const isTest = (path: string): boolean => path.endsWith(".test.ts") || path.startsWith("test/")

function moduleOf(path: string): Module {
  const folder = path.includes("/") ? (path.split("/")[0] ?? "") : ""
  if (folder === "") return { path, folder, kind: "file" }
  if (!domains.has(folder)) return { path, folder, kind: "folder" }
  const side = /\.(api|store)\.ts$/.exec(path)?.[1]
  return { path, folder, kind: side === "api" || side === "store" ? side : "rule" }
}

/** `import … from`, `export … from`, an import for its effect alone, and a late one; comments do not count. */
const statements = [
  /^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm,
  /\b(?:import|require)\(\s*()["'`]([^"'`]+)/g,
]

function importsOf(path: string): Import[] {
  const text = readFileSync(join(root, path), "utf8").replace(/^\s*(\/\/|\*).*$/gm, "")
  return statements.flatMap((statement) =>
    [...text.matchAll(statement)].map(([, type, name = ""]) => ({
      from: moduleOf(path),
      name,
      target: name.startsWith(".") ? moduleOf(normalize(join(dirname(path), name))) : undefined,
      isType: Boolean(type),
    })),
  )
}

const paths: string[] = []
for await (const path of glob("**/*.ts", { cwd: root, exclude: ["node_modules"] })) paths.push(path)
const sources = paths.filter((path) => !isTest(path)).toSorted()
const all = sources.flatMap(importsOf)

const show = ({ from, name, isType }: Import): string =>
  `${from.path} imports ${isType ? "a type of " : ""}${name}`
const from = (isMeant: (module: Module) => boolean): Import[] => all.filter((line) => isMeant(line.from))

/** Fails with every import that is not allowed, in words. */
function assertOnly(imports: Import[], isAllowed: (line: Import) => boolean): void {
  assert.ok(imports.length > 0, "the rule looks at no import at all")
  assert.deepEqual(imports.filter((line) => !isAllowed(line)).map(show), [])
}

const isNode = ({ name }: Import): boolean => name.startsWith("node:")
const isPackage = ({ name }: Import, ...names: string[]): boolean => names.includes(name)
const isFile = ({ target }: Import, ...names: string[]): boolean => names.includes(target?.path ?? "")
const isIn = ({ target }: Import, ...folders: string[]): boolean => folders.includes(target?.folder || "-")
const isOwn = (line: Import, kind: Kind): boolean =>
  isIn(line, line.from.folder) && line.target?.kind === kind

/** What breaks a rule for a reason; each is one import, and a line that is not needed any more fails. */
const exceptions: Record<string, string> = {
  "audit/audit.ts imports a type of ../db/audit-row.ts": "a row that a store's own statement carries along",
  "auth/token.ts imports zod":
    "claims come from outside and are parsed where they are opened; nothing of HTTP",
  "admin/keys.ts imports a type of ../config.ts": "runs at the start, before there is a context",
  "admin/keys.ts imports ../start-error.ts": "runs at the start, before there is a context",
  "admin/data-keys.ts imports a type of ../config.ts": "runs on the host, where there is no context",
  "admin/data-keys.ts imports ../start-error.ts": "runs on the host, where there is no context",
  "admin/root-key.ts imports a type of ../config.ts": "runs on the host, where there is no context",
  "admin/root-key.ts imports ../start-error.ts": "runs on the host, where there is no context",
}
const isException = (line: Import): boolean => show(line) in exceptions

describe("what may import what", () => {
  test("every folder is known to these rules", () => {
    const parts = ["access", "crypto", "db", "http", "mail", "postgres"]
    const folders = new Set(sources.map((path) => moduleOf(path).folder).filter((folder) => folder !== ""))
    assert.deepEqual([...folders].toSorted(), [...domains, ...parts].toSorted())
  })

  test("an api file knows its own rules, how endpoints are declared, and zod", () => {
    assertOnly(
      from(({ kind }) => kind === "api"),
      (line) =>
        isOwn(line, "rule") ||
        isIn(line, "http") ||
        (isIn(line, "access") && line.isType) ||
        (isFile(line, "context.ts") && line.isType) ||
        isFile(line, "names.ts") ||
        isPackage(line, "zod"),
    )
  })

  test("a rule knows its own store, other rules, and nothing of HTTP or SQL", () => {
    const packages = ["fast-jwt", "@node-rs/argon2"]
    assertOnly(
      from(({ kind }) => kind === "rule"),
      (line) =>
        isOwn(line, "store") ||
        line.target?.kind === "rule" ||
        isIn(line, "access", "crypto", "mail") ||
        isFile(line, "errors.ts", "names.ts", "repeating.ts") ||
        (line.isType && isFile(line, "context.ts", "services.ts", "db/database.ts")) ||
        isNode(line) ||
        (line.from.folder === "auth" && isPackage(line, ...packages)) ||
        isException(line),
    )
  })

  test("a store knows the database, and nothing else of ours", () => {
    assertOnly(
      from(({ kind }) => kind === "store"),
      (line) => isIn(line, "db") || isPackage(line, "kysely"),
    )
  })

  test("rights are pure: they know errors, each other and types of the context", () => {
    assertOnly(
      from(({ folder }) => folder === "access"),
      (line) =>
        isIn(line, "access") ||
        isFile(line, "errors.ts") ||
        (line.isType && isFile(line, "context.ts")) ||
        isPackage(line, "@casl/ability", "@casl/ability/extra", "picomatch"),
    )
  })

  test("errors, names and how work is repeated know nothing", () => {
    assert.deepEqual(
      from(({ path }) => ["errors.ts", "start-error.ts", "repeating.ts"].includes(path)).map(show),
      [],
    )
    assert.deepEqual(
      from(({ path }) => path === "names.ts")
        .filter((line) => !isNode(line))
        .map(show),
      [],
    )
  })

  test("how endpoints are declared and shown knows no domain, no framework, and of the database types only", () => {
    assertOnly(
      from(({ folder }) => folder === "http"),
      (line) =>
        isIn(line, "http") ||
        isFile(line, "errors.ts", "names.ts") ||
        (line.isType && (isFile(line, "context.ts") || isIn(line, "access", "db"))) ||
        isPackage(line, "zod", "csv-parse/sync") ||
        isNode(line),
    )
  })

  test("the database knows no domain, no HTTP and no rights", () => {
    assertOnly(
      from(({ folder }) => folder === "db"),
      (line) =>
        isIn(line, "db") ||
        isFile(line, "errors.ts", "start-error.ts") ||
        isPackage(line, "kysely", "pg") ||
        isNode(line),
    )
  })

  test("crypto and mail know nothing of ours, and our PostgreSQL only how to end the start", () => {
    assertOnly(
      from(({ folder }) => folder === "crypto"),
      (line) => isIn(line, "crypto") || isNode(line),
    )
    assertOnly(
      from(({ folder }) => folder === "mail"),
      (line) => isIn(line, "mail") || isPackage(line, "nodemailer") || isNode(line),
    )
    assertOnly(
      from(({ folder }) => folder === "postgres"),
      (line) =>
        isIn(line, "postgres") ||
        isFile(line, "start-error.ts") ||
        isPackage(line, "pg", "zod") ||
        isNode(line),
    )
  })

  test("the context and the services are types", () => {
    assertOnly(
      from(({ path }) => path === "context.ts" || path === "services.ts"),
      (line) => line.isType,
    )
  })

  test("the list of endpoints names api files, and nothing else does", () => {
    const isApi = ({ target }: Import): boolean => target?.kind === "api"
    assertOnly(
      from(({ path }) => path === "endpoints.ts"),
      (line) => isApi(line) || (line.isType && isFile(line, "http/endpoint.ts")),
    )
    assert.deepEqual(
      from(({ path }) => path !== "endpoints.ts")
        .filter(isApi)
        .map(show),
      [],
    )
  })

  test("a store is known to the rules of its own folder alone", () => {
    const strangers = all.filter(
      ({ from, target }) => target?.kind === "store" && from.folder !== target.folder,
    )
    assert.deepEqual(strangers.map(show), [])
  })

  test("app.ts is the only file that knows the framework", () => {
    const users = all.filter(({ from, name }) => /^@?fastify\b/.test(name) && from.path !== "app.ts")
    assert.deepEqual(users.map(show), [])
  })

  test("nothing that is served knows a test", () => {
    assert.deepEqual(all.filter(({ target }) => target && isTest(target.path)).map(show), [])
  })

  test("every exception is still needed", () => {
    const lines = new Set(all.map(show))
    assert.deepEqual(
      Object.keys(exceptions).filter((line) => !lines.has(line)),
      [],
    )
  })

  test("no two modules need each other at run time", () => {
    const needs = new Map<string, string[]>()
    for (const { from, target, isType } of all) {
      if (target && !isType) needs.set(from.path, [...(needs.get(from.path) ?? []), target.path])
    }
    const done = new Set<string>()
    const cycles: string[] = []
    const walk = (path: string, way: string[]): void => {
      if (way.includes(path)) cycles.push([...way.slice(way.indexOf(path)), path].join(" → "))
      if (done.has(path) || way.includes(path)) return
      for (const next of needs.get(path) ?? []) walk(next, [...way, path])
      done.add(path)
    }
    for (const path of needs.keys()) walk(path, [])
    assert.deepEqual(cycles, [])
  })
})

describe("SQL", () => {
  const textOf = (path: string): Promise<string> => readFile(join(root, path), "utf8")
  const stores = sources.filter((path) => moduleOf(path).kind === "store")

  test("is written in stores and in db/ alone", async () => {
    for (const path of sources) {
      const { kind, folder } = moduleOf(path)
      if (kind === "store" || folder === "db" || folder === "postgres") continue
      const text = await textOf(path)
      assert.ok(
        !/\b(selectFrom|insertInto|updateTable|deleteFrom|executeQuery|executeTakeFirst)\b/.test(text),
        path,
      )
    }
  })

  test("no store deletes or truncates anything but keys that count for nothing any more, and jobs that are done", async () => {
    const found: string[] = []
    for (const path of stores) {
      for (const [text] of (await textOf(path)).matchAll(
        /\bdeleteFrom\b.*|\bdelete\s+from\s+\w+|\btruncate\b.*/gi,
      ))
        found.push(`${path}: ${text}`)
    }
    assert.deepEqual(found, [
      "idempotency/idempotency.store.ts: delete from idempotency_keys",
      "imports/replicas.store.ts: delete from secret_replication_jobs",
    ])
  })

  const migrations: string[] = []
  for (const path of readdirSync(join(root, "db/migrations"))) {
    migrations.push(readFileSync(join(root, "db/migrations", path), "utf8"))
  }
  /** What is active now, by the table whose rows are dated. */
  const views = new Map(
    [...migrations.join("\n").matchAll(/create view active_(\w+) as[^;]*;/g)].map(([text, table]) => [
      table,
      text,
    ]),
  )

  /** From `start` to the end of the statement or of the parenthesis around it. */
  function restOfStatement(text: string, start: number): string {
    let depth = 0
    for (let index = start; index < text.length; index++) {
      const letter = text[index]
      if (letter === "(") depth++
      if (letter === ")" && --depth < 0) return text.slice(start, index)
      if (letter === "`" || text.startsWith("\n\n", index)) return text.slice(start, index)
    }
    return text.slice(start)
  }

  test("reads memberships and grants as they are now: through the views, unless it locks their rows", async () => {
    const tables = [...views.keys()].join("|")
    assert.match(tables, /group_user_memberships/)
    const reads = new RegExp(`(?:\\b(?:from|join)\\s+|(?:selectFrom|[jJ]oin)\\(\\s*")(?:${tables})\\b`, "g")
    const locks =
      /\bfor\s+(?:no\s+key\s+)?(?:key\s+)?(?:share|update)\b|\.for(?:NoKey)?(?:Key)?(?:Share|Update)\(/
    const found: string[] = []
    for (const path of stores) {
      const text = await textOf(path)
      for (const match of text.matchAll(reads)) {
        if (!locks.test(restOfStatement(text, match.index))) found.push(`${path}: ${match[0]}`)
      }
    }
    assert.deepEqual(found, [])
  })

  test("what is active is neither closed, nor to come, nor over, by the clock of the database", () => {
    for (const [table, text] of views) {
      for (const condition of [
        "not is_closed",
        "valid_from <= statement_timestamp()",
        "valid_until > statement_timestamp()",
      ]) {
        assert.ok(text.includes(condition), `${table}: ${condition}`)
      }
    }
  })
})
