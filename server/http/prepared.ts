import { inspect } from "node:util"

/**
 * An answer that was rendered before, and goes out as it is. It may hold values of secrets: printed or put into JSON it
 * shows nothing.
 */
export class Prepared {
  readonly #body: Buffer
  /** The tag that tells whether a client has it already, once somebody asked. */
  #tag: string | undefined
  readonly #mediaType: string | undefined

  constructor(text: string, mediaType?: string) {
    this.#body = Buffer.from(text)
    this.#mediaType = mediaType
  }

  /** Where it is not the usual one. */
  get mediaType(): string | undefined {
    return this.#mediaType
  }

  get size(): number {
    return this.#body.length
  }

  /** The bytes themselves, which nobody may change. */
  reveal(): Buffer {
    return this.#body
  }

  tagBy(hash: (body: Buffer) => string): string {
    return (this.#tag ??= hash(this.#body))
  }

  toJSON(): string {
    return "[prepared]"
  }

  [inspect.custom](): string {
    return "[prepared]"
  }
}
