const unitSeconds: Record<string, number> = { m: 60, h: 3_600, d: 86_400, w: 604_800 }

/** The seconds of a lifetime as organizations set it, such as `30d`; undefined where none is set. */
export function secondsOf(lifetime: string | null): number | undefined {
  const [, count, unit] = /^(\d+)([mhdw])$/.exec(lifetime ?? "") ?? []
  return count === undefined ? undefined : Number(count) * (unitSeconds[unit ?? ""] ?? 0)
}
