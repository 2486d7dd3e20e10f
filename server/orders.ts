import { z } from "zod"

/*
 * What the primary process and its workers say to each other. Both are of one installation, but after a rolling
 * restart the worker may be newer than the primary: whatever is not understood is passed over.
 */

const connection = z.union([
  z.object({ url: z.string() }),
  z.object({
    host: z.string(),
    port: z.number(),
    user: z.string(),
    password: z.string(),
    database: z.string(),
  }),
])
const share = z.object({ workers: z.number(), poolSize: z.number() })

const order = z.discriminatedUnion("order", [
  z.object({ order: z.literal("serve"), connection, share }),
  /** To end when those who are connected are served, since another worker takes who is new. */
  z.object({ order: z.literal("leave") }),
  /** To end, since the whole server does. */
  z.object({ order: z.literal("stop") }),
])

const greeting = z.object({ address: z.string(), siteUrl: z.string(), setupLink: z.string().optional() })

const report = z.discriminatedUnion("report", [
  /** Takes orders. */
  z.object({ report: z.literal("awake") }),
  z.object({ report: z.literal("serving"), greeting }),
  /** Cannot start, and this is the sentence that says why. */
  z.object({ report: z.literal("failed"), message: z.string() }),
])

export type Order = z.infer<typeof order>
export type Report = z.infer<typeof report>
/** Where a server listens, and how it is set up while it is not. */
export type Greeting = z.infer<typeof greeting>

export const readOrder = (message: unknown): Order | undefined => order.safeParse(message).data
export const readReport = (message: unknown): Report | undefined => report.safeParse(message).data
