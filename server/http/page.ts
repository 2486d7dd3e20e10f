import { z } from "zod"

/** `limit` of a list, as text in a query: 1 to `max`. */
export const limit = (max: number) => z.coerce.number().int().min(1).max(max)

/** `offset` of a list, as text in a query: from 0. */
export const offset = z.coerce.number().int().min(0).max(2_147_483_647)

/** `offset` and `limit` of a list, as text in a query: offset from 0, limit 1 to `max`. */
export const page = (defaultLimit: number, max: number) => ({
  offset: offset.default(0).describe("How many to skip."),
  limit: limit(max).default(defaultLimit).describe("How many to answer at most."),
})

/** What a list may be sorted by, by the first of them when nothing is said, and which way. */
export const order = <const By extends readonly [string, ...string[]]>(by: By) => ({
  orderBy: z.enum(by).default(by[0]).describe("What to sort by."),
  orderDirection: z.enum(["asc", "desc"]).default("asc").describe("Which way to sort."),
})

export type Page = { offset: number; limit: number }
