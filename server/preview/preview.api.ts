import { z } from "zod"
import { endpoint, none } from "../http/endpoint.ts"
import { storableText, uuid } from "../http/fields.ts"

const ShownHolders = z.object({
  count: z.number().int(),
  shown: z.array(z.object({ id: uuid, name: z.string() })),
})
const ShownAccess = z.object({
  subject: z.string(),
  actions: z.array(z.string()),
  environment: z.string().nullable().optional(),
  secretPaths: z.array(z.string()).optional(),
  folders: z.number().int().optional(),
})
const NamedProject = z.object({ id: uuid, name: z.string() })
const Counts = z.object({
  affected: z.number().int(),
  compared: z.number().int(),
  total: z.number().int(),
})

const Preview = z.object({
  answer: z
    .unknown()
    .describe("What the call would answer; ids of what it would make are never given again."),
  people: Counts,
  machineIdentities: Counts,
  changes: z.array(
    z.object({
      project: NamedProject.nullable().describe("Null in the organization itself."),
      membership: z.enum(["kept", "gained", "lost"]),
      when: z.enum(["now", "when-accepted", "when-active"]),
      gained: z.array(ShownAccess),
      lost: z.array(ShownAccess),
      mayDiffer: z
        .array(z.string())
        .describe("About what the rules changed in a way that may show on particular things only."),
      people: ShownHolders,
      machineIdentities: ShownHolders,
    }),
  ),
  unlisted: z.number().int().describe("How many changes there are beyond those that are listed."),
  elsewhere: z
    .object({ projects: z.number().int(), changes: z.number().int() })
    .describe("Changes in projects that the caller is not in."),
  lastAdmin: z
    .object({ organization: z.boolean(), projects: z.array(NamedProject), projectCount: z.number().int() })
    .describe("What would be left without anybody who administers it."),
  isComplete: z.boolean().describe("Whether all who are affected were compared, and all changes are listed."),
})

export const previewEndpoints = [
  endpoint("previewAccess", "POST /api/v1/access/preview", {
    summary: "Preview what a change of access would do, without doing it",
    tags: ["Access"],
    access: "inOrganization",
    isExtension: true,
    isPreview: true,
    transaction: false,
    audit: none("It changes nothing; a call that is refused leaves the row of its refusal."),
    body: z.object({
      method: z.enum(["POST", "PUT", "PATCH", "DELETE"]).describe("The method of the call."),
      path: storableText.max(8_192).describe("The path of the call, with its query if it has one."),
      body: z.record(z.string(), z.unknown()).optional().describe("The body of the call, if it has one."),
    }),
    result: Preview,
    // The call that it names is run in its place, and what names none is refused before this.
    handle: () => Promise.reject(new Error("A preview has no handler of its own")),
  }),
]
