import { z } from "zod"
import { timestamp, uuid } from "./fields.ts"

const shared = {
  id: uuid,
  name: z.string(),
  scopes: z.array(z.object({ secretPath: z.string(), environment: z.string() })),
  permissions: z.array(z.string()),
  lastUsed: timestamp.nullable(),
  expiresAt: timestamp.nullable(),
}
const rest = {
  createdAt: timestamp,
  updatedAt: timestamp,
  createdBy: uuid,
  projectId: uuid,
  expiryNotificationSent: z.boolean(),
}

/** What is known of a service token besides the token itself. */
export const ServiceTokenData = z.object({ ...shared, ...rest })

/** The same as clients expect it that ask by the token: with who made it, and keys that older ones want to be there. */
export const OwnServiceToken = z.object({
  ...shared,
  secretHash: z.string(),
  encryptedKey: z.string().nullable(),
  iv: z.string().nullable(),
  tag: z.string().nullable(),
  ...rest,
  workspace: uuid,
  user: z.object({
    authMethods: z.array(z.string()),
    id: uuid,
    createdAt: timestamp,
    updatedAt: timestamp,
    devices: z.array(z.unknown()),
    email: z.string().nullable(),
    firstName: z.string().nullable(),
    lastName: z.string().nullable(),
    mfaMethods: z.array(z.string()).nullable(),
    __v: z.number(),
    _id: uuid,
  }),
  _id: uuid,
  __v: z.number(),
})

type Shown = {
  id: string
  name: string
  scopes: [environment: string, secretPath: string][]
  permissions: string[]
  last_used_at: Date | null
  expires_at: Date | null
  created_at: Date
  updated_at: Date
  created_by: string
  project_id: string
}

export const presentServiceToken = (token: Shown): z.input<typeof ServiceTokenData> => ({
  id: token.id,
  name: token.name,
  scopes: token.scopes.map(([environment, secretPath]) => ({ secretPath, environment })),
  permissions: token.permissions,
  lastUsed: token.last_used_at?.toISOString() ?? null,
  expiresAt: token.expires_at?.toISOString() ?? null,
  createdAt: token.created_at.toISOString(),
  updatedAt: token.updated_at.toISOString(),
  createdBy: token.created_by,
  projectId: token.project_id,
  expiryNotificationSent: false,
})

type Maker = {
  id: string
  created_at: Date
  updated_at: Date
  email: string | null
  first_name: string | null
  last_name: string | null
}

/** The hash stays here, and there is no key to be answered: values are opened by the server. */
export const presentOwnServiceToken = ({
  maker,
  ...token
}: Shown & { maker: Maker }): z.input<typeof OwnServiceToken> => ({
  ...presentServiceToken(token),
  secretHash: "",
  encryptedKey: null,
  iv: null,
  tag: null,
  workspace: token.project_id,
  user: {
    authMethods: ["email"],
    id: maker.id,
    createdAt: maker.created_at.toISOString(),
    updatedAt: maker.updated_at.toISOString(),
    devices: [],
    email: maker.email,
    firstName: maker.first_name,
    lastName: maker.last_name,
    mfaMethods: null,
    __v: 0,
    _id: maker.id,
  },
  _id: token.id,
  __v: 0,
})
