import { BlockList, isIP, isIPv4, isIPv6 } from "node:net"
import { invalid } from "../errors.ts"

/** An address or network as it is answered; a single address has no prefix. */
export type TrustedIp = { type: "ipv4" | "ipv6"; prefix?: number; ipAddress: string }

/** From where everybody may come: the default. */
export const everywhere: readonly string[] = ["0.0.0.0/0", "::/0"]

/**
 * Addresses and networks as they are stored: as they were sent, but for an IPv4 address written as IPv6, which
 * becomes IPv4. Throws 422 for what is neither, at its place in `field`.
 */
export const readTrustedIps = (field: string, sent: readonly { ipAddress: string }[]): string[] =>
  sent.map(({ ipAddress }, index) => {
    const network = parse(ipAddress.trim())
    if (!network) {
      throw invalid([field, index, "ipAddress"], "Must be an address or a network, such as 10.0.0.0/8")
    }
    return network.prefix === undefined ? network.ipAddress : `${network.ipAddress}/${network.prefix}`
  })

/** What `readTrustedIps` made, as it is answered. */
export const shownTrustedIps = (stored: readonly string[]): TrustedIp[] =>
  stored.flatMap((text) => {
    const network = parse(text)
    if (!network) return []
    const { type, prefix, ipAddress } = network
    return [{ type, ...(prefix === undefined ? {} : { prefix }), ipAddress }]
  })

/** True when the address is one of these or lies in one of these networks; an IPv4 address also when written as IPv6. */
export function isTrusted(networks: readonly string[], address: string): boolean {
  const plain = plainAddress(address)
  // A proxy may forward what is no address; that comes from anywhere.
  if (isIP(plain) === 0) return everywhere.every((network) => networks.includes(network))
  const family = isIPv4(plain) ? "ipv4" : "ipv6"
  const list = new BlockList()
  for (const { type, prefix, ipAddress } of shownTrustedIps(networks)) {
    // To the list every IPv4 address lies in ::/0 as well.
    if (type !== family) continue
    if (prefix === undefined) list.addAddress(ipAddress, type)
    else list.addSubnet(ipAddress, prefix, type)
  }
  return list.check(plain, family)
}

const zone = /%.*$/
const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/

/** An address in its one form: without zone, lower case, shortened, and IPv4 where it is an IPv4 address. */
export function plainAddress(address: string): string {
  const text = address.replace(zone, "")
  if (!isIPv6(text)) return text
  const shortest = new URL(`http://[${text}]`).hostname.slice(1, -1)
  const [, high = "", low = ""] = mapped.exec(shortest) ?? []
  if (high === "") return shortest
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join(".")
}

function parse(text: string): TrustedIp | undefined {
  const [address = "", bits, ...rest] = text.split("/")
  if (rest.length > 0 || isIP(address) === 0 || address.includes("%")) return undefined
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined
  const given = bits === undefined ? undefined : Number(bits)
  if ((given ?? 0) > (isIPv4(address) ? 32 : 128)) return undefined
  const plain = plainAddress(address)
  if (isIPv4(address) || !isIPv4(plain)) {
    return { type: isIPv4(address) ? "ipv4" : "ipv6", ...withPrefix(given), ipAddress: address }
  }
  // A network that is wider than IPv4 is no IPv4 network, though its address is written so.
  if (given !== undefined && given < 96) return { type: "ipv6", prefix: given, ipAddress: address }
  return { type: "ipv4", ...withPrefix(given === undefined ? undefined : given - 96), ipAddress: plain }
}

const withPrefix = (prefix: number | undefined): { prefix?: number } =>
  prefix === undefined ? {} : { prefix }
