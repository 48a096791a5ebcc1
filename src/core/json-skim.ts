/**
 * Reads the skeleton of a JSON object from its bytes: that it is well-formed, and where each member of the top lies.
 * What stands inside strings is passed over, so that a long text costs a search for its end and no copy. Strings are
 * checked for their end only: escapes and control characters in them are left to whoever parses the member.
 */
export interface Skim {
  readonly members: readonly SkimmedMember[]
}

/** A member of the top-level object; offsets are bytes. */
export interface SkimmedMember {
  /** Decoded, escapes included. */
  readonly key: string
  readonly keyStart: number
  readonly valueStart: number
  /** Exclusive. */
  readonly valueEnd: number
}

/** Where the bytes cease to be one JSON object. */
export interface SkimFault {
  readonly faultAt: number
  /** The bytes may be well-formed, but are nested deeper than `jsonDepthMax`. */
  readonly isTooDeep?: true
}

const [quote, backslash, comma, colon] = [34, 92, 44, 58]
const [openBrace, closeBrace, openBracket, closeBracket] = [123, 125, 91, 93]
/** Deeper bodies are refused: whoever wrote them anew would need a stack as deep. */
export const jsonDepthMax = 1_000

/** Cost: under a millisecond per megabyte of text; about 1 ns per byte of structure. */
export function skimJsonObject(bytes: Buffer): Skim | SkimFault {
  return new Skimmer(bytes).run()
}

class Skimmer {
  readonly #bytes: Buffer
  readonly #members: SkimmedMember[] = []
  #at = 0
  #isTooDeep = false
  /** Of the containers that are open: true for objects. */
  readonly #isObject: boolean[] = []

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  run(): Skim | SkimFault {
    this.#skipBlanks()
    if (this.#bytes[this.#at] !== openBrace) return { faultAt: this.#at }
    const isWhole = this.#object()
    this.#skipBlanks()
    if (!isWhole || this.#at !== this.#bytes.length) {
      return this.#isTooDeep ? { faultAt: this.#at, isTooDeep: true } : { faultAt: this.#at }
    }
    return { members: this.#members }
  }

  /** The members of the top; false at a fault, with `at` on it. */
  #object(): boolean {
    this.#at++
    this.#skipBlanks()
    if (this.#bytes[this.#at] === closeBrace) {
      this.#at++
      return true
    }
    for (;;) {
      const keyStart = this.#at
      if (!this.#key()) return false
      const keyEnd = this.#at
      if (!this.#colon()) return false
      const valueStart = this.#at
      if (!this.#value()) return false
      const key = decodeKey(this.#bytes, keyStart, keyEnd)
      if (key === undefined) {
        this.#at = keyStart
        return false
      }
      this.#members.push({ key, keyStart, valueStart, valueEnd: this.#at })
      this.#skipBlanks()
      const next = this.#bytes[this.#at]
      if (next !== comma && next !== closeBrace) return false
      this.#at++
      if (next === closeBrace) return true
      this.#skipBlanks()
    }
  }

  /** One value, containers walked without recursion. */
  #value(): boolean {
    const floor = this.#isObject.length
    for (;;) {
      if (!this.#open()) return false
      // A value has just ended: close what ends with it, or go on to the next one.
      for (;;) {
        if (this.#isObject.length === floor) return true
        this.#skipBlanks()
        const next = this.#bytes[this.#at]
        const isObject = this.#isObject[this.#isObject.length - 1] === true
        if (next === (isObject ? closeBrace : closeBracket)) {
          this.#at++
          this.#isObject.pop()
          continue
        }
        if (next !== comma) return false
        this.#at++
        this.#skipBlanks()
        if (isObject && !(this.#key() && this.#colon())) return false
        break
      }
    }
  }

  /** Walks to the end of the first scalar or empty container below `at`, opening containers on the way. */
  #open(): boolean {
    for (;;) {
      const code = this.#bytes[this.#at]
      if (code !== openBrace && code !== openBracket) return this.#scalar(code)
      if (this.#isObject.length >= jsonDepthMax) {
        this.#isTooDeep = true
        return false
      }
      this.#at++
      this.#skipBlanks()
      const isObject = code === openBrace
      if (this.#bytes[this.#at] === (isObject ? closeBrace : closeBracket)) {
        this.#at++
        return true
      }
      this.#isObject.push(isObject)
      if (isObject && !(this.#key() && this.#colon())) return false
    }
  }

  #key(): boolean {
    return this.#bytes[this.#at] === quote && this.#string()
  }

  #colon(): boolean {
    this.#skipBlanks()
    if (this.#bytes[this.#at] !== colon) return false
    this.#at++
    this.#skipBlanks()
    return true
  }

  #scalar(code: number | undefined): boolean {
    if (code === quote) return this.#string()
    const start = this.#at
    let end = start
    while (isWordByte(this.#bytes[end])) end++
    if (!scalarPattern.test(this.#bytes.toString('latin1', start, end))) return false
    this.#at = end
    return true
  }

  /** To the byte after the string that begins here. */
  #string(): boolean {
    const bytes = this.#bytes
    let end = bytes.indexOf(quote, this.#at + 1)
    while (end !== -1) {
      let slashes = 0
      while (bytes[end - 1 - slashes] === backslash) slashes++
      if (slashes % 2 === 0) {
        this.#at = end + 1
        return true
      }
      end = bytes.indexOf(quote, end + 1)
    }
    return false
  }

  #skipBlanks(): void {
    for (;;) {
      const code = this.#bytes[this.#at]
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return
      this.#at++
    }
  }
}

const scalarPattern = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/

/** Letters, digits, plus, minus, dot: all that words and numbers are made of. */
function isWordByte(code: number | undefined): boolean {
  return (
    code !== undefined &&
    ((code >= 97 && code <= 122) ||
      (code >= 48 && code <= 57) ||
      code === 45 ||
      code === 46 ||
      code === 43 ||
      (code >= 65 && code <= 90))
  )
}

function decodeKey(bytes: Buffer, start: number, end: number): string | undefined {
  try {
    const key: unknown = JSON.parse(bytes.toString('utf8', start, end))
    return typeof key === 'string' ? key : undefined
  } catch {
    return undefined
  }
}
