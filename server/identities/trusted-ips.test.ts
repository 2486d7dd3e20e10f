import assert from "node:assert/strict"
import { test } from "node:test"
import { isTrusted, plainAddress, readTrustedIps, shownTrustedIps } from "./trusted-ips.ts"

const stored = (...addresses: string[]) =>
  readTrustedIps(
    "ips",
    addresses.map((ipAddress) => ({ ipAddress })),
  )

test("an address is trusted when a network has it, however either is written", () => {
  const cases: [string[], string, boolean][] = [
    [["0.0.0.0/0"], "203.0.113.9", true],
    [["0.0.0.0/0"], "2001:db8::1", false],
    [["::/0"], "2001:db8::1", true],
    [["::/0"], "203.0.113.9", false],
    [["10.0.0.0/8"], "::ffff:10.9.9.9", true],
    [["10.0.0.0/8"], "::FFFF:0a09:0909", true],
    [["10.0.0.0/8"], "11.0.0.1", false],
    [["10.1.2.3/8"], "10.200.0.1", true],
    [["10.0.0.1"], "10.0.0.1", true],
    [["10.0.0.1"], "10.0.0.2", false],
    [["10.0.0.1/32"], "10.0.0.1", true],
    [["::ffff:10.0.0.0/104"], "10.1.1.1", true],
    [["2001:db8::/32"], "2001:DB8:1::1", true],
    [["2001:db8::/32"], "2001:db9::1", false],
    [["fe80::/10"], "fe80::1%eth0", true],
    [["192.0.2.1", "fe80::/10"], "192.0.2.1", true],
    [["0.0.0.0/0", "::/0"], "no address", true],
    [["0.0.0.0/0"], "no address", false],
  ]
  for (const [networks, address, expected] of cases) {
    assert.equal(isTrusted(stored(...networks), address), expected, `${networks.join(" ")} ${address}`)
  }
})

test("what is stored is shown as it was sent, a single address without a prefix", () => {
  assert.deepEqual(
    shownTrustedIps(stored("0.0.0.0/0", "10.0.0.5/32", "10.0.0.5", "::/0", "::ffff:a00:5/128")),
    [
      { type: "ipv4", prefix: 0, ipAddress: "0.0.0.0" },
      { type: "ipv4", prefix: 32, ipAddress: "10.0.0.5" },
      { type: "ipv4", ipAddress: "10.0.0.5" },
      { type: "ipv6", prefix: 0, ipAddress: "::" },
      { type: "ipv4", prefix: 32, ipAddress: "10.0.0.5" },
    ],
  )
})

test("what is neither address nor network is refused at its place", () => {
  for (const text of [
    "",
    "a",
    "10.0.0",
    "10.0.0.0/",
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/+8",
    "010.0.0.1",
    "fe80::1%1",
  ]) {
    assert.throws(
      () => stored("::/0", text),
      {
        issues: [
          {
            code: "custom",
            path: ["ips", 1, "ipAddress"],
            message: "Must be an address or a network, such as 10.0.0.0/8",
          },
        ],
      },
      text,
    )
  }
})

test("an address has one form", () => {
  assert.equal(plainAddress("::FFFF:127.0.0.1"), "127.0.0.1")
  assert.equal(plainAddress("2001:0DB8:0:0::1"), "2001:db8::1")
  assert.equal(plainAddress("fe80::1%eth0"), "fe80::1")
  assert.equal(plainAddress("unknown"), "unknown")
})
