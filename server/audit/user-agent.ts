/** The kinds of clients that the audit log tells apart (wire format). */
export const userAgentTypes = [
  "web",
  "cli",
  "k8-operator",
  "terraform",
  "other",
  "InfisicalPythonSDK",
  "InfisicalNodeSDK",
] as const

export type UserAgentType = (typeof userAgentTypes)[number]

const named: [RegExp, UserAgentType][] = [
  [/^cli\b|^infisical-cli/i, "cli"],
  [/^k8-operator|^infisical-operator/i, "k8-operator"],
  [/^terraform/i, "terraform"],
  [/^InfisicalPythonSDK|^infisical-python/i, "InfisicalPythonSDK"],
  [/^InfisicalNodeSDK|^infisical-node/i, "InfisicalNodeSDK"],
  [/mozilla/i, "web"],
]

/** Which kind of client a `User-Agent` header names. */
export const userAgentType = (userAgent: string): UserAgentType =>
  named.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "other"
