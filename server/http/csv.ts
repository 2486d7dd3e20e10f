import { CsvError, parse } from "csv-parse/sync"
import { badRequest } from "../errors.ts"

/**
 * The rows of a CSV text (RFC 4180) as objects, by the names of its first line; empty fields are left out. Throws 400 for
 * what is no CSV, and for a first line that lacks names or repeats one.
 */
export function rowsOfCsv(text: string): Record<string, string>[] {
  try {
    const lines: string[][] = parse(text, { bom: true, skip_empty_lines: true, trim: true })
    const [names = [], ...rows] = lines
    if (new Set(names).size < names.length || names.includes("")) {
      throw badRequest("The first line of the CSV has to name each column once")
    }
    return rows.map((row) =>
      Object.fromEntries(
        names.map((name, at) => [name, row[at] ?? ""] as const).filter(([, value]) => value !== ""),
      ),
    )
  } catch (cause) {
    if (cause instanceof CsvError) throw badRequest(`The body is not valid CSV: ${cause.message}`, { cause })
    throw cause
  }
}
