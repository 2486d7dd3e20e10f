export type Sample = readonly number[]

const mean = (sample: Sample): number => sample.reduce((sum, value) => sum + value, 0) / sample.length
const variance = (sample: Sample, middle: number): number =>
  sample.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (sample.length - 1)

/**
 * Welch's t of two samples: how far apart their means are, in units of what chance alone would put between them.
 * Beyond ± 4.5 chance is no explanation (Reparaz, Balasch, Verbauwhede: Dude, is my code constant time?, 2017).
 */
export function welch(first: Sample, second: Sample): number {
  const [a, b] = [mean(first), mean(second)]
  const spread = variance(first, a) / first.length + variance(second, b) / second.length
  return a === b ? 0 : (a - b) / Math.sqrt(spread)
}

/** Both samples without what took longer than `share` of all of them did: pauses that have nothing to do with either. */
export function cropped(first: Sample, second: Sample, share: number): [Sample, Sample] {
  const all = [...first, ...second].toSorted((a, b) => a - b)
  const limit = all[Math.floor(all.length * share)] ?? Infinity
  const keep = (sample: Sample) => sample.filter((value) => value <= limit)
  return [keep(first), keep(second)]
}
