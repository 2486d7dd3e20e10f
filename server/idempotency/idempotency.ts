import { authorOf } from "../access/actor.ts"
import { record } from "../audit/audit.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../db/database.ts"
import { badRequest, DomainError, invalid } from "../errors.ts"
import type { Services } from "../services.ts"
import * as store from "./idempotency.store.ts"

/*
 * What is sent with an `Idempotency-Key` is done once, however often it is sent: the answer is kept, sealed, in the
 * transaction of what was done, and given again for a day. See draft-ietf-httpapi-idempotency-key-header.
 */

const header = "idempotency-key"
const isKey = /^[\x21-\x7e]{1,255}$/

type Operation = { id: string; method: string; answers: "credential" | "secretValues" | undefined }

/** A call that is to be done once. */
export type Once = { key: string; operation: string; request: string; hasSecrets: boolean }

/**
 * What the header asks for; undefined without one, and where nothing is done. Throws 422 for what is no key, and 400 where
 * no answer can be kept: what is not done in an organization, and credentials, which are shown once.
 */
export function onceOf(
  { id, method, answers }: Operation,
  sent: { header(name: string): string | undefined; url: string; body: Buffer | undefined },
  isInOrganization: boolean,
): Once | undefined {
  const key = sent.header(header)
  if (key === undefined || method === "GET") return undefined
  if (!isKey.test(key)) throw invalid([header], "An Idempotency-Key has 1 to 255 visible ASCII characters")
  if (answers === "credential") {
    throw badRequest("The answer has a credential, which is shown once: send it without an Idempotency-Key")
  }
  if (!isInOrganization) {
    throw badRequest("Only what is done in an organization takes an Idempotency-Key: send it without one")
  }
  const request = [method, sent.url, sent.body?.toString("base64") ?? ""].join(" ")
  return { key, operation: id, request, hasSecrets: answers === "secretValues" }
}

export type Outcome = { text: string; isReplay: boolean }

/**
 * Does the work under its key, in the caller's transaction, and keeps the answer with it; or answers what was answered
 * before. Throws 409 while the same key is under way, 422 when it came with another request, and 409 when the caller's
 * rights are not what they were, since the answer may show what they may not see any more. Values of secrets that are
 * given again are recorded as read.
 */
export async function doOnce(
  ctx: Context,
  { key, operation, request, hasSecrets }: Once,
  work: () => Promise<string>,
): Promise<Outcome> {
  const { db, actor, project, services } = ctx
  const keyOf = { orgId: actor.orgId, actorId: authorOf(actor).id, operation, key }
  if (!(await store.takeKey(db, keyOf))) throw conflict("A request with this Idempotency-Key is under way")
  const hashes = {
    request_hash: services.keyedHash(request),
    rights_hash: services.keyedHash(JSON.stringify([actor.rights.rules, project?.rights.rules])),
  }
  const vault =
    hasSecrets && project
      ? ofProject(services, { ...keyOf, projectId: project.id })
      : ofInstance(services, keyOf)
  const before = await store.keptAnswer(db, keyOf)
  if (!before) {
    const text = await work()
    await store.keepAnswer(db, keyOf, {
      ...hashes,
      project_id: vault.projectId,
      sealed_answer: await vault.close(text),
    })
    return { text, isReplay: false }
  }
  if (before.request_hash !== hashes.request_hash) {
    throw invalid([header], "This Idempotency-Key came with another request before: use a new one")
  }
  if (before.rights_hash !== hashes.rights_hash || before.project_id !== vault.projectId) {
    throw conflict("This was done before, and your rights have changed since: look at what is there")
  }
  if (vault.projectId !== null) {
    await record(ctx, "replay-secret-values", { projectId: vault.projectId, operation })
  }
  return { text: await vault.open(before.sealed_answer), isReplay: true }
}

let kept = 0

/** Takes old keys away now and then: each time far more than have come since. */
export const tidyUp = async (db: Queries): Promise<void> => {
  if (kept++ % 100 === 0) await store.removeOldKeys(db)
}

const conflict = (message: string) => new DomainError("Conflict", message)

type Vault = {
  projectId: string | null
  close(text: string): Promise<Buffer>
  open(sealed: Buffer): Promise<string>
}

const table = "idempotency_keys"
const column = "sealed_answer"
const rowIdOf = ({ orgId, actorId, operation, key }: store.KeyOf, hash: Services["keyedHash"]): string =>
  hash([orgId, actorId, operation, key].join(" "))

function ofInstance({ seal, keyedHash }: Services, keyOf: store.KeyOf): Vault {
  const place = { table, column, id: rowIdOf(keyOf, keyedHash) }
  return {
    projectId: null,
    close: async (text) => seal.close(text, place),
    open: async (sealed) => seal.open(sealed, place),
  }
}

/** So that no value outlives its project. */
function ofProject(
  { keyring, keyedHash }: Services,
  { projectId, ...keyOf }: store.KeyOf & { projectId: string },
): Vault {
  const project = { orgId: keyOf.orgId, projectId }
  const place = { table, column, environment: "", rowId: rowIdOf(keyOf, keyedHash), version: 0 }
  return {
    projectId,
    async close(text) {
      const [sealed] = await keyring.seal(project, [{ text, place }])
      if (!sealed) throw new Error("Nothing was sealed.")
      return sealed
    },
    async open(sealed) {
      const [secret] = await keyring.open(project, [{ sealed, place }])
      if (!secret) throw new Error("Nothing was opened.")
      return secret.reveal()
    },
  }
}
