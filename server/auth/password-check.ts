import { isIPv6 } from "node:net"
import type { PublicContext } from "../context.ts"
import { DomainError } from "../errors.ts"
import { canonicalUsername } from "../names.ts"
import type { Services } from "../services.ts"
import { findUser, type User } from "../users/users.ts"
import * as store from "./password-check.store.ts"

const maxAttempts = 10
const windowSeconds = 300
const buckets = 2 ** 20

/**
 * The account of an address whose password this is; undefined for an unknown address, an account that was never
 * completed and a wrong password, after the same work. After ten wrong ones from one source within five minutes that
 * source waits, and nobody else does: 429; and a source of wrong passwords for whatever accounts is answered 429 but for
 * one each second, so that a flood leaves room to others. Not to be called in a transaction, which would hold a connection while
 * the password is hashed and forget the attempt when the request is refused.
 */
export async function userWithPassword(
  ctx: PublicContext,
  input: { username: string; password: string },
): Promise<User | undefined> {
  // In a flood nothing is read, written or hashed for what would not be looked at anyway.
  const source = networkOf(ctx.request.ip)
  requireAttempt(ctx.services, ctx.request.ip)
  ctx.services.wrongPasswords.take(source)
  const username = canonicalUsername(input.username) ?? ""
  const attempter = attempterOf(ctx, username)
  const { attempts, seconds_left } = await store.countAttempt(ctx.db, attempter, windowSeconds)
  if (attempts > maxAttempts) {
    const message = `Too many wrong passwords for this account from where you are: try again in ${seconds_left} seconds`
    throw new DomainError("RateLimited", message, { retryAfter: seconds_left })
  }
  const user = await findUser(ctx.db, username)
  const compared = ctx.services.passwords.matches(user?.password_hash ?? null, input.password)
  const isRight = await compared.catch(async (error: unknown) => {
    // Nobody looked at the password, for example because too many others were waiting.
    ctx.services.wrongPasswords.giveBack(source)
    await store.takeBackAttempt(ctx.db, attempter)
    throw error
  })
  if (!user?.is_accepted || !isRight) return undefined
  ctx.services.wrongPasswords.giveBack(source)
  await store.forgetAttempts(ctx.db, attempter)
  return user
}

/** Throws 429 when no password from this address would be looked at now: to ask before anything is done for one. */
export function requireAttempt({ passwords, wrongPasswords }: Services, ip: string): void {
  passwords.requireRoom()
  wrongPasswords.requireSome(networkOf(ip))
}

/** Lets the caller's source try anew for this account, for example with a password that was just set. */
export const forgetAttempts = (ctx: PublicContext, username: string): Promise<void> =>
  store.forgetAttempts(ctx.db, attempterOf(ctx, username))

/**
 * Throws 429 when the caller's source has done something more often than this within the time; counts it otherwise.
 */
export async function limitSource(
  ctx: PublicContext,
  deed: string,
  { max, windowSeconds }: { max: number; windowSeconds: number },
): Promise<void> {
  const attempter = attempterFrom(ctx, deed)
  const { attempts, seconds_left } = await store.countAttempt(ctx.db, attempter, windowSeconds)
  if (attempts <= max) return
  const message = `Too many from where you are: try again in ${seconds_left} seconds`
  throw new DomainError("RateLimited", message, { retryAfter: seconds_left })
}

const attempterOf = (ctx: PublicContext, username: string): store.Attempter =>
  attempterFrom(ctx, `password attempts ${username}`)

function attempterFrom(ctx: PublicContext, deed: string): store.Attempter {
  const owner = ctx.services.keyedHash(`${deed} ${networkOf(ctx.request.ip)}`)
  return { owner, bucket: Number.parseInt(owner.slice(0, 8), 16) % buckets }
}

/** Who holds one IPv6 address usually holds a /64 of them; an IPv4 address is one source, also written as IPv6. */
export function networkOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1]
  if (mapped) return mapped
  if (!isIPv6(ip)) return ip
  const [head = "", tail] = ip.split("%")[0]?.split("::") ?? []
  const before = head === "" ? [] : head.split(":")
  const after = tail ? tail.split(":") : []
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  const groups = [...before, ...Array<string>(missing).fill("0"), ...after]
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${network.join(":")}::/64`
}
