import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject } from '../../../core/json.ts'
import type { PersonalDataScanner, PersonalDatum } from '../../../core/ports-privacy.ts'

export type NameType = 'name' | 'address'

/** What a model says is a name or an address: exact words of a text, never a place in it. */
export interface Quote {
  readonly type: NameType
  readonly words: string
}

const members = { name: 'names', address: 'addresses' } as const
/** A longer quote is no name, no address: it would hide the text itself. */
const charactersMax: Readonly<Record<NameType, number>> = { name: 80, address: 240 }
const quotesMax = 500
/** What a model says is not certain: no check digit speaks for it. */
const confidence = 0.6

/** The quotes of an answer; not yet known to stand anywhere. Throws UPSTREAM_INVALID for anything but the JSON that was asked for. */
export function readQuotes(said: string, types: readonly NameType[]): readonly Quote[] {
  const value = readObject(said)
  const quotes = types.flatMap((type) => {
    const list: unknown = value[members[type]]
    if (!Array.isArray(list) || !list.every((each) => typeof each === 'string')) {
      throw new PlatformError('UPSTREAM_INVALID', `the recogniser gave no list "${members[type]}"`)
    }
    return list.map((each): Quote => ({ type, words: each.trim() }))
  })
  if (quotes.length > quotesMax) throw new PlatformError('UPSTREAM_INVALID', `over ${quotesMax} quotes from one text`)
  return quotes.filter(({ type, words }) => words.length <= charactersMax[type] && isNameable(words))
}

function readObject(said: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(said.slice(said.indexOf('{'), said.lastIndexOf('}') + 1))
    if (isJsonObject(value)) return value
  } catch {
    // An answer that was cut, or none at all.
  }
  throw new PlatformError('UPSTREAM_INVALID', 'the recogniser did not answer with JSON')
}

/** At least two letters, one of them a capital where the script has capitals: `a` or `the` hide everything and nobody. */
function isNameable(words: string): boolean {
  const letters = words.match(/\p{L}/gu) ?? []
  return letters.length >= 2 && /[\p{Lu}\p{Lt}\p{Lo}\p{N}]/u.test(words)
}

/** Every place where the words stand, blanks of any kind alike; not inside of a longer word. */
function* findPlaces(text: string, words: string): Generator<{ readonly start: number; readonly end: number }> {
  const pattern = words
    .split(/\s+/u)
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`))
    .join(String.raw`\s+`)
  for (const match of text.matchAll(new RegExp(pattern, 'gu'))) {
    const [start, end] = [match.index, match.index + match[0].length]
    if (isApart(text, start) && isApart(text, end)) yield { start, end }
  }
}

/** Whether a word can end here: not between two letters or digits of a script that has blanks between words. */
function isApart(text: string, at: number): boolean {
  return !(isOfWord(text.slice(0, at).at(-1)) && isOfWord(text[at]))
}

function isOfWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character) && !unspaced.test(character)
}

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u

/** The places of all quotes in a text, in its order; of those that overlap the longest stands. */
export function locateQuotes(text: string, quotes: readonly Quote[]): readonly PersonalDatum[] {
  const places = quotes.flatMap(({ type, words }) => [...findPlaces(text, words)].map((place) => ({ type, ...place })))
  places.sort((left, right) => left.start - right.start || right.end - left.end)
  const data: PersonalDatum[] = []
  let line = 1
  let at = text.indexOf('\n')
  let covered = 0
  for (const { type, start, end } of places) {
    if (start < covered) {
      // What goes on behind the one before is part of it: nothing that was quoted is left to be seen.
      const last = data.at(-1)
      if (last !== undefined && end > covered) data[data.length - 1] = { ...last, end }
      covered = Math.max(covered, end)
      continue
    }
    for (; at !== -1 && at < start; at = text.indexOf('\n', at + 1)) line++
    data.push({ type, start, end, line, confidence, why: ['model'] })
    covered = end
  }
  return data
}

/** What has a form, and what a model found beside it; of an overlap what the forms leave, so that nothing found is left to be seen. */
export function mergeFindings(
  byForm: readonly PersonalDatum[],
  byModel: readonly PersonalDatum[],
): readonly PersonalDatum[] {
  const whole = byModel.filter(({ start, end }) => byForm.every((form) => !(form.start <= start && end <= form.end)))
  const kept = byForm.filter(({ start, end }) => whole.every((named) => !(named.start <= start && end <= named.end)))
  const trimmed = whole.map((named) => {
    let { start, end } = named
    for (const form of kept) {
      if (form.start <= start && start < form.end) start = form.end
      if (form.start < end && end <= form.end) end = form.start
    }
    return { ...named, start, end }
  })
  return [...kept, ...trimmed.filter(({ start, end }) => start < end)].toSorted((a, b) => a.start - b.start)
}

/** The scanner, but for texts of which a model has said more. Its types are those that it finds by form. */
export function informScanner(
  scanner: PersonalDataScanner,
  { texts, found }: { readonly texts: readonly string[]; readonly found: readonly (readonly PersonalDatum[])[] },
): PersonalDataScanner {
  const named = new Map(texts.map((text, index) => [text, found[index] ?? []]))
  return {
    types: scanner.types,
    scan: (text, options) => mergeFindings(scanner.scan(text, options), named.get(text) ?? []),
    scanInTurns: async (text, options, signal) =>
      mergeFindings(await scanner.scanInTurns(text, options, signal), named.get(text) ?? []),
  }
}
