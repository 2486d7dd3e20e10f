import { z } from "zod"

/** `limit` of a list, as text in a query: 1 to `max`. */
export const limit = (max: number) => z.coerce.number().int().min(1).max(max)

/** `offset` and `limit` of a list, as text in a query: offset from 0, limit 1 to `max`. */
export const page = (defaultLimit: number, max: number) => ({
  offset: z.coerce.number().int().min(0).max(2_147_483_647).default(0).describe("How many to skip."),
  limit: limit(max).default(defaultLimit).describe("How many to answer at most."),
})

export type Page = { offset: number; limit: number }
