import { namedKey, openBlob, sealBlob, type NamedKey } from "./blob.ts"
import { derive } from "./keys.ts"

/** Which key is wrapped, and whose it is. A wrapped key opens for the same words only; a key service gets them, too. */
export type WrapContext = Readonly<{ kind: "idek" | "okek" | "pdek"; [name: string]: string }>

/** The instance's own data key, for what belongs to no organization. */
export const instanceKeyContext = (instance: string, key: string, version: number): WrapContext => ({
  kind: "idek",
  instance,
  key,
  version: String(version),
})

/** The key of an organization, of which a wrapped copy is good on this instance alone. */
export const organizationKeyContext = (
  { instance, orgId }: { instance: string; orgId: string },
  key: string,
  version: number,
): WrapContext => ({ kind: "okek", instance, organization: orgId, key, version: String(version) })

/** The data key of a project. */
export const projectKeyContext = (
  { orgId, projectId }: { orgId: string; projectId: string },
  key: string,
  version: number,
): WrapContext => ({ kind: "pdek", organization: orgId, project: projectId, key, version: String(version) })

/** A key that encrypts other keys and nothing else. */
export type WrappingKey = {
  readonly id: string
  readonly isWiped: boolean
  wrap(key: Buffer, context: WrapContext): Buffer
  /** Throws when it was not wrapped by this key for just these words. */
  unwrap(wrapped: Buffer, context: WrapContext): Buffer
  /** Lets the key go, which is good for nothing from then on. */ wipe(): void
}

/** Makes a wrapping key of 32 bytes, which it overwrites: the caller has no key left. */
export function wrappingKey(id: string, secret: Buffer): WrappingKey {
  let named: NamedKey | undefined = namedKey(id, derive(secret, "wrap/v1"))
  secret.fill(0)
  const ready = (): NamedKey => {
    if (!named) throw new Error("The key was taken out of memory.")
    return named
  }
  return {
    id,
    get isWiped() {
      return !named
    },
    wrap: (key, context) => sealBlob(ready(), key, Object.values(context)),
    unwrap: (wrapped, context) => openBlob(ready(), wrapped, Object.values(context)),
    wipe() {
      named = undefined
    },
  }
}
