import { sliceBytes, type ByteList } from './byte-list.ts'

/**
 * Reads the skeleton of a JSON object from its bytes, as they arrived: that it is well-formed, and where each member of the top lies.
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
export function skimJsonObject(list: ByteList): Skim | SkimFault {
  const skimmer = new Skimmer(list)
  for (const chunk of list.chunks) if (!skimmer.push(chunk)) break
  return skimmer.end()
}

/** What may come next. */
type Expectation = 'start' | 'key' | 'key-or-end' | 'colon' | 'value' | 'value-or-end' | 'comma-or-end' | 'nothing'

/** Goes through the pieces one after the other; a string or a number may lie across them. */
class Skimmer {
  readonly #list: ByteList
  readonly #members: SkimmedMember[] = []
  /** Of the containers that are open: true for objects. */
  readonly #isObject: boolean[] = []
  #expected: Expectation = 'start'
  #isInString = false
  #isKey = false
  /** Backslashes at the end of the piece before, inside a string. */
  #slashes = 0
  #scalar: string | undefined
  /** Bytes in the pieces before this one. */
  #offset = 0
  #keyStart = 0
  #keyEnd = 0
  #valueStart = 0
  #faultAt: number | undefined
  #isTooDeep = false

  constructor(list: ByteList) {
    this.#list = list
  }

  /** False once a fault is found. */
  push(chunk: Buffer): boolean {
    let at = 0
    while (at < chunk.length) {
      if (this.#isInString) at = this.#string(chunk, at)
      else if (this.#scalar !== undefined) at = this.#word(chunk, at)
      else at = this.#structure(chunk, at)
      if (at === -1) return false
    }
    this.#offset += chunk.length
    return true
  }

  end(): Skim | SkimFault {
    if (this.#isTooDeep) return { faultAt: this.#faultAt ?? 0, isTooDeep: true }
    if (this.#faultAt !== undefined) return { faultAt: this.#faultAt }
    if (this.#expected !== 'nothing') return { faultAt: this.#list.length }
    return { members: this.#members }
  }

  /** One byte of structure; returns where to go on. */
  #structure(chunk: Buffer, at: number): number {
    const code = chunk[at] ?? 0
    if (code === 32 || code === 10 || code === 13 || code === 9) return at + 1
    switch (this.#expected) {
      case 'start':
        return code === openBrace ? this.#open(true, at) : this.#fault(at)
      case 'key':
      case 'key-or-end':
        if (code === quote) return this.#beginKey(at)
        return code === closeBrace && this.#expected === 'key-or-end' ? this.#close(at) : this.#fault(at)
      case 'colon':
        if (code !== colon) return this.#fault(at)
        this.#expected = 'value'
        return at + 1
      case 'value':
      case 'value-or-end':
        if (code === closeBracket && this.#expected === 'value-or-end') return this.#close(at)
        return this.#beginValue(code, at)
      case 'comma-or-end':
        return this.#commaOrEnd(code, at)
      case 'nothing':
        return this.#fault(at)
    }
  }

  #commaOrEnd(code: number, at: number): number {
    const isObject = this.#isObject[this.#isObject.length - 1] === true
    if (code === (isObject ? closeBrace : closeBracket)) return this.#close(at)
    if (code !== comma) return this.#fault(at)
    this.#expected = isObject ? 'key' : 'value'
    return at + 1
  }

  #beginKey(at: number): number {
    this.#isInString = true
    this.#isKey = true
    this.#slashes = 0
    if (this.#isObject.length === 1) this.#keyStart = this.#offset + at
    return at + 1
  }

  #beginValue(code: number, at: number): number {
    if (this.#isObject.length === 1) this.#valueStart = this.#offset + at
    if (code === quote) {
      this.#isInString = true
      this.#isKey = false
      this.#slashes = 0
      return at + 1
    }
    if (code === openBrace || code === openBracket) return this.#open(code === openBrace, at)
    if (!isWordByte(code)) return this.#fault(at)
    this.#scalar = ''
    return at
  }

  #open(isObject: boolean, at: number): number {
    // The object at the top is no level.
    if (this.#isObject.length > jsonDepthMax) {
      this.#isTooDeep = true
      return this.#fault(at)
    }
    this.#isObject.push(isObject)
    this.#expected = isObject ? 'key-or-end' : 'value-or-end'
    return at + 1
  }

  #close(at: number): number {
    this.#isObject.pop()
    return this.#isObject.length === 0 ? this.#finish(at + 1) : this.#endValue(at + 1)
  }

  #finish(at: number): number {
    this.#expected = 'nothing'
    return at
  }

  /** A value has ended just before `at`. */
  #endValue(at: number): number {
    this.#expected = 'comma-or-end'
    if (this.#isObject.length > 1) return at
    const key = decodeKey(sliceBytes(this.#list, this.#keyStart, this.#keyEnd))
    if (key === undefined) {
      this.#faultAt = this.#keyStart
      return -1
    }
    const valueEnd = this.#offset + at
    this.#members.push({ key, keyStart: this.#keyStart, valueStart: this.#valueStart, valueEnd })
    return at
  }

  /** To the byte after the string, or to the end of the piece. */
  #string(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(quote, from)
    let slashes = 0
    const last = end === -1 ? chunk.length : end
    while (last - 1 - slashes >= from && chunk[last - 1 - slashes] === backslash) slashes++
    if (slashes === last - from) slashes += this.#slashes
    if (end === -1) {
      this.#slashes = slashes
      return chunk.length
    }
    this.#slashes = 0
    if (slashes % 2 === 1) return end + 1
    this.#isInString = false
    if (!this.#isKey) return this.#endValue(end + 1)
    if (this.#isObject.length === 1) this.#keyEnd = this.#offset + end + 1
    this.#expected = 'colon'
    return end + 1
  }

  /** To the byte after the word or number, or to the end of the piece. */
  #word(chunk: Buffer, from: number): number {
    let end = from
    while (end < chunk.length && isWordByte(chunk[end])) end++
    const scalar = (this.#scalar ?? '') + chunk.toString('latin1', from, end)
    this.#scalar = scalar
    if (end === chunk.length && scalar.length <= scalarLengthMax) return end
    this.#scalar = undefined
    return scalarPattern.test(scalar) ? this.#endValue(end) : this.#fault(from)
  }

  #fault(at: number): number {
    this.#faultAt = this.#offset + at
    return -1
  }
}

const scalarLengthMax = 4_096
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

function decodeKey(bytes: Buffer): string | undefined {
  try {
    const key: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof key === 'string' ? key : undefined
  } catch {
    return undefined
  }
}
