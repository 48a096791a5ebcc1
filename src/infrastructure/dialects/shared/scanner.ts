/**
 * Reads the few things a relayed event is asked for straight from its bytes: how much text it carries, and whether it
 * holds a usage, an error or an end, in which case it is worth parsing. Half the cost of parsing every event, and no garbage.
 */

/** What to do where a key of this name stands before a value. */
export type ScanKey =
  /** Adds the length of its string value to a slot. */
  | { readonly name: string; readonly type: 'length'; readonly slot: number; readonly depth?: number }
  /** Raises a flag when the value is an object, a string, or anything but null. */
  | {
      readonly name: string
      readonly type: 'flag'
      readonly flag: number
      readonly when: 'object' | 'string' | 'present'
      readonly depth?: number
    }
  /** Keeps where its string value stands. */
  | { readonly name: string; readonly type: 'place'; readonly depth?: number }

export interface Scanner {
  /** False when the bytes are not one JSON object by their brackets and quotes. */
  scan(buffer: Buffer, start: number, end: number): boolean
  /** Of the last scan. */
  readonly flags: number
  /** Of the last scan: UTF-16 units per slot. */
  readonly units: readonly number[]
  /** Of the last scan: of `units`, those of scripts that take more tokens per character (U+3000 and above). */
  readonly wide: readonly number[]
  /** Of the last scan: the value of the last key of type `place`, empty when there was none. */
  place(buffer: Buffer): string
  /** Of the last scan: the length of that value in bytes; known without making a string of it. */
  readonly placeBytes: number
}

const quote = 34
const backslash = 92
const openBrace = 123
const closeBrace = 125
const openBracket = 91
const closeBracket = 93
const colonSign = 58
const letterN = 110
const letterU = 117

/** An event as the events of a stream are: all alike but for one string. Offsets into its bytes. */
interface Template {
  readonly bytes: Buffer
  /** Where the string begins, behind its quote. */
  readonly head: number
  /** Where its closing quote stands. */
  readonly tail: number
  readonly slot: number
  readonly flags: number
  readonly placeStart: number
  readonly placeEnd: number
}

/** Some vendors put chance into every event: then looking for likeness only costs. */
const unlikeMax = 8

interface CompiledKey {
  readonly key: ScanKey
  readonly bytes: Buffer
}

/** `slots` is the number of slots that keys of type `length` name. */
export function createScanner(keys: readonly ScanKey[], slots: number): Scanner {
  return new ByteScanner(keys, slots)
}

/** A class for speed: it stands under every relayed event. */
class ByteScanner implements Scanner {
  readonly units: number[]
  readonly wide: number[]
  flags = 0
  readonly #byLength: (readonly CompiledKey[] | undefined)[] = []
  #placeStart = 0
  #placeEnd = 0
  /** Strings counted in the last scan, and where the first of them stood. */
  #counted = 0
  #countedStart = 0
  #countedEnd = 0
  #countedSlot = 0
  #template: Template | undefined
  /** Events in a row that were not like the template; from a few on nobody looks any more. */
  #unlike = 0

  constructor(keys: readonly ScanKey[], slots: number) {
    this.units = Array.from({ length: slots }, () => 0)
    this.wide = Array.from({ length: slots }, () => 0)
    for (const key of keys) {
      const bytes = Buffer.from(key.name)
      this.#byLength[bytes.length] = [...(this.#byLength[bytes.length] ?? []), { key, bytes }]
    }
  }

  get placeBytes(): number {
    return this.#placeEnd - this.#placeStart
  }

  place(buffer: Buffer): string {
    return this.#placeEnd === this.#placeStart ? '' : buffer.toString('latin1', this.#placeStart, this.#placeEnd)
  }

  scan(buffer: Buffer, start: number, end: number): boolean {
    if (this.#unlike >= unlikeMax) return this.#walk(buffer, start, end)
    if (this.#template !== undefined && this.#follows(this.#template, buffer, { start, end })) {
      this.#unlike = 0
      return true
    }
    this.#unlike++
    const isObject = this.#walk(buffer, start, end)
    this.#template = isObject && this.#counted === 1 ? this.#toTemplate(buffer, start, end) : undefined
    return isObject
  }

  #clear(): void {
    this.units.fill(0)
    this.wide.fill(0)
    this.flags = 0
    this.#placeStart = 0
    this.#placeEnd = 0
    this.#counted = 0
  }

  /**
   * Whether the bytes are those of the template but for the string that is counted: then all else is known, and they are
   * compared a word at a time. What is the same up to a string leaves the reader at the same place, and so does what follows.
   */
  #follows(
    template: Template,
    buffer: Buffer,
    { start, end }: { readonly start: number; readonly end: number },
  ): boolean {
    const { bytes, head, tail, slot } = template
    const [valueStart, valueEnd] = [start + head, end - (bytes.length - tail)]
    if (valueEnd < valueStart) return false
    if (buffer.compare(bytes, 0, head, start, valueStart) !== 0) return false
    if (buffer.compare(bytes, tail, bytes.length, valueEnd, end) !== 0) return false
    this.#clear()
    if (this.#count(buffer, valueStart, slot) !== valueEnd) return false
    const shift = template.placeStart < head ? start : valueEnd - tail
    this.flags = template.flags
    this.#placeStart = template.placeStart + shift
    this.#placeEnd = template.placeEnd + shift
    return true
  }

  #toTemplate(buffer: Buffer, start: number, end: number): Template {
    return {
      bytes: Buffer.from(buffer.subarray(start, end)), // a copy: what it was cut from is let go
      head: this.#countedStart - start,
      tail: this.#countedEnd - start,
      slot: this.#countedSlot,
      flags: this.flags,
      placeStart: this.#placeStart - start,
      placeEnd: this.#placeEnd - start,
    }
  }

  #walk(buffer: Buffer, start: number, end: number): boolean {
    this.#clear()
    let depth = 0
    let at = skipBlanks(buffer, start, end)
    if (buffer[at] !== openBrace) return false
    while (at < end) {
      const byte = buffer[at] ?? 0
      if (byte === quote) {
        const from = at + 1
        const to = stringEnd(buffer, from)
        if (to >= end) return false
        at = to + 1
        if (buffer[at] !== colonSign) {
          if ((buffer[at] ?? 0) > 32) continue
          at = skipBlanks(buffer, at, end)
          if (buffer[at] !== colonSign) continue
        }
        at = skipBlanks(buffer, at + 1, end)
        const key = this.#find(buffer, from, { to, depth })
        if (key !== undefined) at = this.#act(buffer, at, key)
        continue
      }
      if (byte === openBrace || byte === openBracket) depth++
      else if (byte === closeBrace || byte === closeBracket) {
        depth--
        if (depth === 0) return skipBlanks(buffer, at + 1, end) === end
      }
      at++
    }
    return false
  }

  #find(buffer: Buffer, from: number, span: { readonly to: number; readonly depth: number }): ScanKey | undefined {
    const candidates = this.#byLength[span.to - from]
    if (candidates === undefined) return undefined
    for (const { key, bytes } of candidates) {
      if (key.depth !== undefined && key.depth !== span.depth) continue
      let same = 0
      while (same < bytes.length && buffer[from + same] === bytes[same]) same++
      if (same === bytes.length) return key
    }
    return undefined
  }

  /** Acts on a key whose value begins at `at`; answers with the offset to go on from. */
  #act(buffer: Buffer, at: number, key: ScanKey): number {
    const value = buffer[at]
    switch (key.type) {
      case 'length':
        return value === quote ? this.#count(buffer, at + 1, key.slot) + 1 : at
      case 'flag':
        if (isRaised(key.when, value)) this.flags |= key.flag
        return at
      case 'place':
        if (value !== quote) return at
        this.#placeStart = at + 1
        this.#placeEnd = stringEnd(buffer, at + 1)
        return this.#placeEnd + 1
    }
  }

  /** Counts the string whose first unit stands at `from`; answers with the offset of its closing quote. */
  #count(buffer: Buffer, from: number, slot: number): number {
    let units = 0
    let wide = 0
    let at = from
    const end = buffer.length
    for (; at < end; at++) {
      const byte = buffer[at] ?? 0
      if (byte === quote) break
      if (byte === backslash) {
        at++
        units++
        if (buffer[at] !== letterU) continue
        if ((buffer[at + 1] ?? 0) >= digitThree) wide++
        at += 4
      } else if (byte < 0x80) units++
      else if (byte >= leadOfFour) units += 2
      else if (byte >= leadOfTwo) {
        units++
        if (byte >= leadOfWide) wide++
      }
    }
    this.units[slot] = (this.units[slot] ?? 0) + units
    this.wide[slot] = (this.wide[slot] ?? 0) + wide
    if (this.#counted++ === 0) {
      this.#countedStart = from
      this.#countedEnd = at
      this.#countedSlot = slot
    }
    return at
  }
}

/** Lead bytes of UTF-8: of two bytes, of U+3000 and above, of four bytes (a pair in UTF-16). */
const leadOfTwo = 0xc0
const leadOfWide = 0xe3
const leadOfFour = 0xf0
/** The first digit of an escape of U+3000 and above. */
const digitThree = 51

function isRaised(when: 'object' | 'string' | 'present', value: number | undefined): boolean {
  switch (when) {
    case 'object':
      return value === openBrace
    case 'string':
      return value === quote
    case 'present':
      return value !== letterN
  }
}

function stringEnd(buffer: Buffer, from: number): number {
  const end = buffer.length
  let at = from
  for (; at < end; at++) {
    const byte = buffer[at]
    if (byte === quote) break
    if (byte === backslash) at++
  }
  return at
}

function skipBlanks(buffer: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && (buffer[at] ?? 0) <= 32) at++
  return at
}
