import type pg from "pg"

type Column = {
  relation: string
  column: string
  type: string
  is_nullable: boolean
  has_default: boolean
  is_view: boolean
}

const typesOf: Record<string, string> = {
  uuid: "string",
  text: "string",
  "text[]": "string[]",
  "uuid[]": "string[]",
  boolean: "boolean",
  integer: "number",
  jsonb: "Json",
  "timestamp with time zone": "Timestamp",
  bigint: "Int8",
  bytea: "Buffer",
  xid8: "string",
}

const head = `// Generated from the migrated database by "npm run generate"; do not edit.
import type { ColumnType } from "kysely"

type Generated<T> =
  T extends ColumnType<infer S, infer I, infer U>
    ? ColumnType<S, I | undefined, U>
    : ColumnType<T, T | undefined, T>
type Json = ColumnType<unknown, string, string>
type Timestamp = ColumnType<Date, Date | string, Date | string>
type Int8 = ColumnType<string, bigint | number | string, bigint | number | string>
`

const query = `
  select c.relname as relation, a.attname as column, format_type(a.atttypid, a.atttypmod) as type,
    not a.attnotnull as is_nullable, a.atthasdef as has_default, c.relkind = 'v' as is_view
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relkind in ('r', 'v', 'p')
  order by c.relname collate "C", a.attnum`

const pascal = (name: string): string =>
  name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase())

/** The TypeScript source of the table types of a migrated database. A view's column is as nullable as its table's. */
export async function schemaTypes(client: pg.Client): Promise<string> {
  const { rows } = await client.query<Column>(query)
  const relations = new Map<string, Column[]>()
  for (const row of rows) relations.set(row.relation, [...(relations.get(row.relation) ?? []), row])
  const types = [...relations].map(([name, columns]) => relationType(name, columns, relations))
  const members = [...relations.keys()].map((name) => `  ${name}: ${pascal(name)}`)
  return [head, ...types, `export interface DB {\n${members.join("\n")}\n}\n`].join("\n")
}

function relationType(name: string, columns: Column[], relations: Map<string, Column[]>): string {
  const table = columns[0]?.is_view ? relations.get(name.replace(/^active_/, "")) : undefined
  const lines = columns.map((column) => {
    const source = table?.find((other) => other.column === column.column) ?? column
    return `  ${column.column}: ${columnType(source, column.is_view)}`
  })
  return `export interface ${pascal(name)} {\n${lines.join("\n")}\n}\n`
}

function columnType(column: Column, isView: boolean): string {
  const base = typesOf[column.type]
  if (!base)
    throw new Error(`The type ${column.type} of ${column.relation}.${column.column} is not known here.`)
  const type = column.is_nullable ? `${base} | null` : base
  return column.has_default && !isView ? `Generated<${type}>` : type
}
