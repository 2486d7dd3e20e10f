import { z } from "zod"

/** `offset` and `limit` of a list, as text in a query: offset from 0, limit 1 to `max`. */
export const page = (defaultLimit: number, max: number) => ({
  offset: z.coerce.number().int().min(0).max(2_147_483_647).default(0).describe("How many to skip."),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(max)
    .default(defaultLimit)
    .describe("How many to answer at most."),
})

export type Page = { offset: number; limit: number }
