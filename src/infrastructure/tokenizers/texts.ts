import type { TextKeeper } from '../../core/generated.ts'
import type { CountingTurn } from './counting-turn.ts'
import type { TokenCounter } from './counter.ts'

/** The texts of an answer that is under way, to be counted when it breaks off. */
export interface GeneratedTexts extends TextKeeper {
  /** `undefined` where they cannot be counted: the tokenizer is not there yet, or too much is counted in this turn already. */
  count(): GeneratedTokens | undefined
}

export interface GeneratedTokens {
  readonly all: TokensOfTexts
  /** Of them, what was there when the endpoint last reported. */
  readonly marked: TokensOfTexts
}

export interface TokensOfTexts {
  readonly tokens: number
  /** Tool calls, whose marks are in no text. */
  readonly calls: number
}

/** Units of a channel that are kept; what comes before is counted by and by, and let go. */
const keptUnits = 16_384
/** Units of an answer that are kept where they cannot be counted yet. */
const keptUnitsMax = 262_144
/** Pieces are put together when they have come to so many units, so that they are no list of many small things. */
const joinedUnits = 1_024
/** A character has four bytes at most, and each token one at least: the last one has the text. */
const unseenMax = 3
/** Of the channel that a tool call has its name in. */
const nameSuffix = '/name'
/** Behind a part that is counted by itself a word ends, if one does within so many units. */
const wordUnits = 256

export interface GeneratedTextsParts {
  /** `undefined` while it is not loaded. */
  readonly findCounter: () => TokenCounter | undefined
  readonly turn: CountingTurn
}

export function createGeneratedTexts(parts: GeneratedTextsParts): GeneratedTexts {
  return new Texts(parts)
}

/** A class, because one is made for every stream of such an endpoint. */
class Texts implements GeneratedTexts {
  readonly #parts: GeneratedTextsParts
  readonly #channels = new Map<string, Channel>()
  #kept = 0
  #isIncomplete = false
  /** Tokens since the last text whose character is not whole yet. */
  #unseen = 0
  #calls = 0
  #markedCalls = 0

  constructor(parts: GeneratedTextsParts) {
    this.#parts = parts
  }

  keep(channel: string, text: string): void {
    if (text === '') return
    this.#unseen = 0
    let own = this.#channels.get(channel)
    if (own === undefined) {
      this.#channels.set(channel, (own = new Channel()))
      if (channel.endsWith(nameSuffix)) this.#calls += 1
    }
    own.add(text)
    this.#kept += text.length
    if (own.kept < 2 * keptUnits) return
    const counter = this.#parts.findCounter()
    if (counter === undefined) {
      if (this.#kept <= keptUnitsMax) return
      this.#isIncomplete = true
      this.#kept -= own.drop()
    } else this.#kept -= own.count(counter)
  }

  keepNothing(): void {
    if (this.#channels.size > 0) this.#unseen = Math.min(unseenMax, this.#unseen + 1)
  }

  mark(): void {
    for (const channel of this.#channels.values()) channel.mark()
    this.#markedCalls = this.#calls
  }

  restart(): void {
    this.#channels.clear()
    this.#kept = 0
    this.#unseen = 0
    this.#calls = 0
    this.#markedCalls = 0
    this.#isIncomplete = false
  }

  count(): GeneratedTokens | undefined {
    const counter = this.#parts.findCounter()
    if (counter === undefined || this.#isIncomplete) return undefined
    if (!this.#parts.turn.take(this.#kept)) return undefined
    let all = this.#unseen
    let marked = 0
    for (const channel of this.#channels.values()) {
      const tokens = channel.tokens(counter)
      all += tokens.all
      marked += tokens.marked
    }
    return { all: { tokens: all, calls: this.#calls }, marked: { tokens: marked, calls: this.#markedCalls } }
  }
}

/** Text that is one text. */
class Channel {
  /** Units that are kept. */
  kept = 0
  #parts: string[] = []
  #last = ''
  /** Tokens of what was let go. */
  #counted = 0
  /** Where the last report stands in what is kept; before it, what it was in tokens. */
  #markedUnits = 0
  #markedTokens = 0

  add(text: string): void {
    this.kept += text.length
    this.#last += text
    if (this.#last.length < joinedUnits) return
    this.#last.charCodeAt(0) // makes one flat string of the many
    this.#parts.push(this.#last)
    this.#last = ''
  }

  mark(): void {
    this.#markedUnits = this.kept
    this.#markedTokens = 0
  }

  /** Counts the first part of what is kept and lets it go; gives the units of it. */
  count(counter: TokenCounter): number {
    const text = this.#text()
    const cut = findWordEnd(text, keptUnits)
    const counted = this.#counted
    this.#counted += counter.count(text.slice(0, cut))
    if (this.#markedUnits > cut) this.#markedUnits -= cut
    else if (this.#markedUnits > 0) {
      this.#markedTokens = counted + counter.count(text.slice(0, this.#markedUnits))
      this.#markedUnits = 0
    }
    this.#keepOnly(text.slice(cut))
    return cut
  }

  /** Lets all go uncounted; gives the units of it. */
  drop(): number {
    const { kept } = this
    this.#keepOnly('')
    return kept
  }

  tokens(counter: TokenCounter): { readonly all: number; readonly marked: number } {
    const text = this.#text()
    const marked =
      this.#markedUnits === 0 ? this.#markedTokens : this.#counted + counter.count(text.slice(0, this.#markedUnits))
    return { all: this.#counted + counter.count(text), marked }
  }

  #keepOnly(text: string): void {
    this.kept = text.length
    this.#parts = text === '' ? [] : [text]
    this.#last = ''
  }

  #text(): string {
    return this.#parts.join('') + this.#last
  }
}

/** Where a word ends before a blank, at most so many units in; where none does, at that many. */
function findWordEnd(text: string, most: number): number {
  for (let at = most; at > most - wordUnits; at--) {
    if (/\s/.test(text.charAt(at)) && /\S/.test(text.charAt(at - 1))) return at
  }
  const isHalf = (text.charCodeAt(most) & 0xfc00) === 0xdc00
  return isHalf ? most - 1 : most
}
