import { createSuffixAutomaton, type SuffixAutomaton } from './suffix-automaton.ts'
import { WordReader } from './words.ts'

/** A text that answers are held against. */
export interface ProtectedText {
  readonly text: string
}

/** A stretch of an answer that stands in a source word by word; case, width and punctuation do not count. */
export interface Overlap {
  /** Index into the sources. */
  readonly source: number
  /** UTF-16 units into the source's text. */
  readonly start: number
  readonly end: number
  /** UTF-16 units into the answer. */
  readonly answerStart: number
  readonly answerEnd: number
  /** Words and marks of punctuation in the stretch of the answer. */
  readonly tokens: number
  /** Characters that are not blank in the stretch of the answer. */
  readonly characters: number
  /** Where in the answer the stretch goes beyond `tokensMax`; `undefined` when it does not. */
  readonly beyondTokens: number | undefined
  /** Where it goes beyond `charactersMax`. */
  readonly beyondCharacters: number | undefined
}

/** Reads an answer as it comes. */
export interface OverlapReader {
  /** What goes on at the end of the text so far; `undefined` when it ends with nothing of any source. */
  readonly current: Overlap | undefined
  /** Reads on. The stretches that have ended in it and are at least as long as asked for. */
  read(text: string): readonly Overlap[]
  /** The stretch that the answer ends with, if it is long enough. */
  end(): readonly Overlap[]
}

export interface OverlapMeter {
  createReader(atLeast: OverlapBounds): OverlapReader
}

/** A stretch counts when it has as many tokens or characters as the least; the most are only told, not enforced. */
export interface OverlapBounds {
  readonly tokensMin: number
  readonly charactersMin: number
  readonly tokensMax: number
  readonly charactersMax: number
}

/** No word: it parts two sources, so that no stretch goes across. */
const border = 0
const none: readonly Overlap[] = []

/** Builds the automaton of the sources: some microseconds for each of their words, once for an answer or a corpus. */
export function createOverlapMeter(sources: readonly ProtectedText[]): OverlapMeter {
  const corpus = readSources(sources)
  const automaton = createSuffixAutomaton(corpus.ids)
  return { createReader: (bounds) => new Reader(automaton, corpus, bounds) }
}

interface Corpus {
  readonly ids: Uint32Array
  /** For each word: its source, and where it stands there. */
  readonly source: Int32Array
  readonly start: Int32Array
  readonly end: Int32Array
  /** Tokens before each word, in all sources together. */
  readonly count: Int32Array
  /** By the low bits of a word: whether any source has one like it. Most words of most answers end here. */
  readonly known: Uint8Array
}

const knownMask = 0xffff

function readSources(sources: readonly ProtectedText[]): Corpus {
  const [ids, source, start, end, count]: [number[], number[], number[], number[], number[]] = [[], [], [], [], []]
  let before = 0
  for (const [index, { text }] of sources.entries()) {
    const reader: WordReader = new WordReader((id, from, to) => {
      // 0 is the border, and a word whose hash is 0 is taken for another one.
      ids.push(id === border ? 1 : id)
      source.push(index)
      start.push(from)
      end.push(to)
      count.push(before + reader.count - 1)
    })
    reader.read(text)
    reader.end()
    before += reader.count
    count.push(before)
    ids.push(border)
    source.push(index)
    start.push(text.length)
    end.push(text.length)
  }
  const known = new Uint8Array(knownMask + 1)
  for (const id of ids) known[id & knownMask] = 1
  return {
    known,
    ids: Uint32Array.from(ids),
    source: Int32Array.from(source),
    start: Int32Array.from(start),
    end: Int32Array.from(end),
    count: Int32Array.from(count),
  }
}

/** How many words of an answer are remembered: a stretch that is longer is still measured, from where it was first seen. */
const ringSize = 4_096
/** Marks at both edges that count as part of a stretch. */
const marksMax = 6

class Reader implements OverlapReader {
  readonly #automaton: SuffixAutomaton
  readonly #corpus: Corpus
  readonly #bounds: OverlapBounds
  readonly #words: WordReader
  /** Of the last words: where they begin and end, and how many tokens and characters stand before them. */
  readonly #starts = new Int32Array(ringSize)
  readonly #ends = new Int32Array(ringSize)
  readonly #counts = new Int32Array(ringSize)
  readonly #characters = new Int32Array(ringSize)
  #read = 0
  #state = 0
  #length = 0
  /** Marks between the word before the first one remembered and that one, by word. */
  readonly #marks = new Int32Array(ringSize)
  #lastEnd = 0
  #lastCount = 0
  #lastCharacters = 0
  #found: readonly Overlap[] = none

  constructor(automaton: SuffixAutomaton, corpus: Corpus, bounds: OverlapBounds) {
    this.#automaton = automaton
    this.#corpus = corpus
    this.#bounds = bounds
    this.#words = new WordReader((id, start, end) => this.#onWord(id, start, end))
  }

  get current(): Overlap | undefined {
    return this.#length === 0 ? undefined : this.#describe()
  }

  read(text: string): readonly Overlap[] {
    this.#found = none
    this.#words.read(text)
    return this.#found
  }

  end(): readonly Overlap[] {
    this.#found = none
    this.#words.end()
    if (this.#length > 0) this.#close(this.#words.count)
    return this.#found
  }

  #onWord(hash: number, start: number, end: number): void {
    const id = hash === border ? 1 : hash
    const { count, characters } = this.#words
    let state = this.#state
    let length = this.#length
    let next = this.#corpus.known[id & knownMask] === 1 ? this.#automaton.step(state, id) : -1
    if (next === -1) {
      if (length > 0) this.#close(count - 1)
      if (this.#corpus.known[id & knownMask] === 1) {
        while (next === -1 && state !== 0) {
          state = this.#automaton.linkOf(state)
          length = this.#automaton.lengthOf(state)
          next = this.#automaton.step(state, id)
        }
      }
    }
    const slot = this.#read++ % ringSize
    this.#starts[slot] = start
    this.#ends[slot] = end
    this.#counts[slot] = count - 1
    this.#marks[slot] = count - 1 - this.#lastCount
    this.#characters[slot] = characters - (end - start)
    this.#lastEnd = end
    this.#lastCount = count
    this.#lastCharacters = characters
    this.#state = next === -1 ? 0 : next
    this.#length = next === -1 ? 0 : length + 1
  }

  /** The stretch up to the last word has ended, `count` tokens into the answer: the next word does not go on with it. */
  #close(count: number): void {
    const first = (this.#read - Math.min(this.#length, ringSize)) % ringSize
    const tokens = this.#lastCount - (this.#counts[first] ?? 0)
    const characters = this.#lastCharacters - (this.#characters[first] ?? 0)
    const { tokensMin, charactersMin } = this.#bounds
    // Marks at the edges add a few; most stretches are so short that they need not be counted.
    if (tokens + marksMax < tokensMin && characters < charactersMin) return
    const overlap = { ...this.#describe(), tokens: tokens + Math.min(marksMax, this.#marksAround(count)) }
    if (overlap.tokens >= tokensMin || characters >= charactersMin) this.#found = [...this.#found, overlap]
  }

  /** Marks at both edges of the stretch that stand in the answer and in the source. */
  #marksAround(count: number): number {
    const { count: counts } = this.#corpus
    const last = this.#automaton.endOf(this.#state)
    const first = last - this.#length + 1
    const words = Math.min(this.#length, ringSize)
    const leading = this.#marks[(this.#read - words) % ringSize] ?? 0
    const leadingThere = (counts[first] ?? 0) - (first === 0 ? 0 : (counts[first - 1] ?? 0) + 1)
    const trailingThere = (counts[last + 1] ?? 0) - (counts[last] ?? 0) - 1
    return Math.min(leading, Math.max(0, leadingThere)) + Math.min(count - this.#lastCount, Math.max(0, trailingThere))
  }

  #describe(): Overlap {
    const words = Math.min(this.#length, ringSize)
    const first = (this.#read - words) % ringSize
    const last = this.#automaton.endOf(this.#state)
    return {
      source: this.#corpus.source[last] ?? 0,
      start: this.#corpus.start[last - this.#length + 1] ?? 0,
      end: this.#corpus.end[last] ?? 0,
      answerStart: this.#starts[first] ?? 0,
      answerEnd: this.#lastEnd,
      tokens: this.#lastCount - (this.#counts[first] ?? 0),
      characters: this.#lastCharacters - (this.#characters[first] ?? 0),
      beyondTokens: this.#findBeyond(this.#counts, words, this.#bounds.tokensMax),
      beyondCharacters: this.#findBeyond(this.#characters, words, this.#bounds.charactersMax),
    }
  }

  /** Where the last word of the stretch ends with which it has at most so much of what is counted. */
  #findBeyond(counts: Int32Array, words: number, most: number): number | undefined {
    const first = (this.#read - words) % ringSize
    const total = (counts === this.#counts ? this.#lastCount : this.#lastCharacters) - (counts[first] ?? 0)
    if (total <= most) return undefined
    for (let word = 1; word < words; word++) {
      const slot = (this.#read - words + word) % ringSize
      const own = counts === this.#counts ? 1 : (this.#ends[slot] ?? 0) - (this.#starts[slot] ?? 0)
      if ((counts[slot] ?? 0) - (counts[first] ?? 0) + own > most) {
        return this.#ends[(this.#read - words + word - 1) % ringSize]
      }
    }
    return this.#lastEnd
  }
}
