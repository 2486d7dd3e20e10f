// Loaded into a server before anything else: its clock is wrong by so many milliseconds, that of PostgreSQL is not.
const shiftMs = Number(process.env.CLOCK_SHIFT_MS)
const RightDate = Date

globalThis.Date = class Date extends RightDate {
  constructor(...values) {
    super(...(values.length === 0 ? [RightDate.now() + shiftMs] : values))
  }

  static now() {
    return RightDate.now() + shiftMs
  }
}
