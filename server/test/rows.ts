import assert from "node:assert/strict"
import type { AccessClaims } from "../auth/token.ts"
import { newId } from "../crypto/ids.ts"
import { run, type Queries } from "../db/database.ts"

/** Rows to be written at once: a table in one statement, in the order in which the tables were first named. */
export class Rows {
  readonly #tables = new Map<string, Record<string, unknown>[]>()

  /** All rows of a table have the same columns. */
  add(table: string, row: Record<string, unknown>): void {
    const rows = this.#tables.get(table) ?? []
    this.#tables.set(table, rows)
    rows.push(row)
  }

  async write(db: Queries): Promise<void> {
    for (const [table, rows] of this.#tables) {
      const columns = Object.keys(rows[0] ?? {}).join(", ")
      for (const row of rows) assert.equal(Object.keys(row).join(", "), columns, table)
      const text = `insert into ${table} (${columns})
        select ${columns} from jsonb_populate_recordset(null::${table}, $1::jsonb)`
      await run(db, text, [JSON.stringify(rows)])
    }
    this.#tables.clear()
  }
}

/** An account with a session, and what a token of it for the organization says. */
export function addAccount(
  rows: Rows,
  organizationId: string,
  username: string,
): { id: string; claims: AccessClaims } {
  const [id, sessionId] = [newId(), newId()]
  rows.add("users", { id, username, email: username, is_accepted: true })
  rows.add("sessions", { id: sessionId, user_id: id, ip_address: "127.0.0.1", user_agent: "test" })
  const claims = { authTokenType: "accessToken", authMethod: "email", userId: id } as const
  return { id, claims: { ...claims, tokenVersionId: sessionId, accessVersion: 1, organizationId } }
}

/** A machine identity with a token, and what that says. */
export function addMachine(rows: Rows, org_id: string, name: string): { id: string; claims: AccessClaims } {
  const [id, methodId, tokenId] = [newId(), newId(), newId()]
  rows.add("identities", { org_id, id, name, sort_key: name })
  rows.add("identity_auth_methods", {
    org_id,
    id: methodId,
    identity_id: id,
    method: "token-auth",
    access_token_ttl_seconds: 0,
    access_token_max_ttl_seconds: 0,
  })
  rows.add("identity_access_tokens", {
    org_id,
    id: tokenId,
    identity_id: id,
    auth_method: "token-auth",
    auth_method_id: methodId,
  })
  const claims = { authTokenType: "identityAccessToken", authMethod: "token-auth", orgId: org_id } as const
  return {
    id,
    claims: { ...claims, identityId: id, identityName: name, identityAccessTokenId: tokenId },
  }
}
