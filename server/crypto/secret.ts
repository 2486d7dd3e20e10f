import { inspect } from "node:util"

const shown = "[redacted]"

/**
 * A text that must not be seen by accident: printed, logged, inspected, put into a template or into JSON, it reads
 * "[redacted]", and a copy of it is empty. Only who means to hand it out calls `reveal`.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The text itself. Name it where it leaves, and nowhere before. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }

  [Symbol.toPrimitive](): string {
    return shown
  }

  [inspect.custom](): string {
    return shown
  }
}
