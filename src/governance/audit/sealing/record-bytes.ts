import { hash } from 'node:crypto'
import type { CallRow } from '../../../store/index.ts'
import type { DigestText } from '../merkle.ts'

/** A column of a row. */
type Value = CallRow[number] | undefined

const quoteSign = 34
const backslash = 92
const zero = 48
const dot = 46
/** Longer constants are copied by the system, shorter ones byte by byte: a call costs as much as some thirty bytes. */
const loopMax = 24
/** Digits are taken off in 32 bits, which is several times as fast as in 64. */
const lowMax = 1_000_000_000
const microsMax = 2_000_000_000
const nothing = Buffer.from('null')

/**
 * A record of the log while it is written: canonical JSON in UTF-8, in a buffer that is used again for the next, behind the zero
 * byte that a leaf of RFC 6962 begins with. A class, and bytes put one by one, because a record is written for every request:
 * joining strings and reading the joined ones again cost three times as much.
 */
export class RecordBytes {
  #bytes = Buffer.alloc(8_192)
  #length = 1
  readonly #digits = new Uint8Array(20)

  /** Starts anew. */
  start(): void {
    this.#length = 1
  }

  /** Bytes as they are. */
  constant(part: Uint8Array): void {
    this.#reserve(part.length)
    if (part.length > loopMax) {
      this.#bytes.set(part, this.#length)
      this.#length += part.length
      return
    }
    const bytes = this.#bytes
    let at = this.#length
    for (let index = 0; index < part.length; index++) bytes[at++] = part[index] ?? 0
    this.#length = at
  }

  /** Text as a JSON string; anything else as `null`. */
  quoted(text: Value): void {
    if (typeof text !== 'string') return this.constant(nothing)
    this.#reserve(text.length + 2)
    const bytes = this.#bytes
    let at = this.#length
    bytes[at++] = quoteSign
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (code < 32 || code > 126 || code === quoteSign || code === backslash) return this.#put(JSON.stringify(text))
      bytes[at++] = code
    }
    bytes[at++] = quoteSign
    this.#length = at
  }

  /** A whole number in decimal; anything else as JSON has it, what is absent as `null`. */
  whole(value: Value): void {
    if (typeof value !== 'number') return value === undefined ? this.constant(nothing) : this.#put(String(value))
    if (!(Number.isSafeInteger(value) && value >= 0)) return this.#put(JSON.stringify(value))
    this.#reserve(20)
    this.#decimal(value)
  }

  /** The same in quotes. */
  quotedWhole(value: Value): void {
    if (value === undefined || value === null) return this.constant(nothing)
    this.#reserve(1)
    this.#bytes[this.#length++] = quoteSign
    this.whole(value)
    this.#reserve(1)
    this.#bytes[this.#length++] = quoteSign
  }

  /** A number as JSON has it. Times are whole microseconds as a rule, and whole numbers are written several times as fast as others. */
  number(value: Value): void {
    if (typeof value !== 'number') return this.constant(nothing)
    const micros = Math.round(value * 1_000)
    if (!(micros >= 0 && micros < microsMax) || micros / 1_000 !== value) return this.#put(JSON.stringify(value))
    this.#reserve(24)
    const whole = (micros / 1_000) | 0
    this.#decimal(whole)
    let rest = micros - whole * 1_000
    if (rest === 0) return
    this.#bytes[this.#length++] = dot
    for (let unit = 100; rest > 0; unit = (unit / 10) | 0) {
      const digit = (rest / unit) | 0
      this.#bytes[this.#length++] = zero + digit
      rest -= digit * unit
    }
  }

  /** The leaf hash of what was written since the start. */
  hash(): DigestText {
    this.#bytes[0] = 0
    return hash('sha256', this.#bytes.subarray(0, this.#length), 'binary')
  }

  /** Room for it has been made. */
  #decimal(value: number): void {
    const high = value < lowMax ? 0 : Math.floor(value / lowMax)
    let count = this.#takeDigits(value - high * lowMax, 0)
    if (high > 0) {
      while (count < 9) this.#digits[count++] = zero
      count = this.#takeDigits(high, count)
    }
    while (count > 0) this.#bytes[this.#length++] = this.#digits[--count] ?? zero
  }

  /** The lowest first, after the `count` that are there; how many there are then. */
  #takeDigits(value: number, count: number): number {
    const digits = this.#digits
    let rest = value | 0
    let taken = count
    do {
      const quotient = (rest / 10) | 0
      digits[taken++] = zero + rest - quotient * 10
      rest = quotient
    } while (rest > 0)
    return taken
  }

  #put(text: string): void {
    this.#reserve(text.length * 3)
    this.#length += this.#bytes.write(text, this.#length, 'utf8')
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const larger = Buffer.alloc((this.#length + count) * 2)
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
