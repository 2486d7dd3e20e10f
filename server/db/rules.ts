/** A rule as it is stored: what the public API calls a permission. */
export type StoredRule = {
  subject: string
  action: string[]
  conditions?: Record<string, unknown>
  inverted?: boolean
}
