import { findDates } from '../../core/dates.ts'
import { createSimplifier } from '../../core/han.ts'

/** What a statement says that can be looked up letter by letter. */
interface Facts {
  /** `20240305`. */
  readonly dates: readonly string[]
  /** Without thousands separators, full width or the zeros behind a point; numerals of Chinese as digits. */
  readonly numbers: readonly string[]
  /** Capitalised words inside a sentence, abbreviations, titles in 《》 or 「」. */
  readonly names: readonly string[]
}

/** The facts of a statement that none of the texts has. */
export function findMissing(statement: string, texts: readonly string[]): readonly string[] {
  const { dates, numbers, names } = readFacts(statement)
  if (dates.length + numbers.length + names.length === 0) return []
  const evidence = texts.map((text) => ({ ...readEvidence(text), folded: fold(text) }))
  const hasLatin = evidence.some(({ folded }) => /[a-z]{3}/.test(folded))
  const isIn = (kind: 'dates' | 'numbers', fact: string) => evidence.some((text) => text[kind].has(fact))
  return [
    ...dates.filter((date) => !isIn('dates', date)),
    ...numbers.filter((number) => !isIn('numbers', number)),
    // A name in another script than the source's cannot be looked up.
    ...names.filter((name) => {
      const folded = fold(name)
      return (hasLatin || !/[a-z]/.test(folded)) && !evidence.some((text) => text.folded.includes(folded))
    }),
  ]
}

/** A list mark, `1.` or `2)`, at the beginning of a line is no fact. */
const listMark = /^[ \t]*(?:\d{1,3}[.)、]|[-*•])[ \t]+/gm
const numberForm = /(?<![\p{L}\d.])\d+(?:\.\d+)?/gu
const hanNumberForm = /[零〇一二三四五六七八九十百千万亿两]+(?:点[零〇一二三四五六七八九]+)?/g
const nameForm =
  /(?<=[\p{L}\p{N},;:'"”)]\s)\p{Lu}[\p{Ll}\p{M}]{2,}(?:\s\p{Lu}[\p{Ll}\p{M}]+)*|(?<![\p{L}\p{N}])\p{Lu}{2,}(?![\p{L}])/gu
const titleForm = /[《「『]([^》」』\n]{2,60})[》」』]/g

function readFacts(statement: string): Facts {
  const text = plain(statement.replace(listMark, ''))
  const dates = findDates(text)
  const rest = dates.reduce(
    (left, { start, end }) => left.slice(0, start) + ' '.repeat(end - start) + left.slice(end),
    text,
  )
  const han = Array.from(rest.matchAll(hanNumberForm), ([numeral]) => numeral)
  return {
    dates: unique(dates.map(({ date }) => date)),
    numbers: unique([
      ...Array.from(rest.matchAll(numberForm), ([number]) => toNumber(number)),
      // One numeral alone is as often a word as a number: 一个, 一样.
      ...han.filter((numeral) => numeral.length > 1).flatMap((numeral) => toDigits(numeral) ?? []),
    ]),
    names: unique([
      ...Array.from(rest.matchAll(nameForm), ([name]) => name),
      ...Array.from(rest.matchAll(titleForm), ([, title = '']) => title),
    ]),
  }
}

function readEvidence(given: string): { readonly dates: ReadonlySet<string>; readonly numbers: ReadonlySet<string> } {
  const text = plain(given)
  const numbers = Array.from(text.matchAll(/\d+(?:\.\d+)?/g), ([number]) => toNumber(number))
  const han = Array.from(text.matchAll(hanNumberForm), ([numeral]) => toDigits(numeral)).filter(
    (digits) => digits !== undefined,
  )
  const words = Array.from(text.toLowerCase().matchAll(/[a-z]+(?:-[a-z]+)?/g), ([word]) => toWordNumber(word))
  return {
    dates: new Set(findDates(text).map(({ date }) => date)),
    numbers: new Set([...numbers, ...han, ...words.filter((number) => number !== undefined)]),
  }
}

function plain(text: string): string {
  return text.normalize('NFKC').replace(/(\d),(?=\d{3}(?!\d))/g, '$1')
}

function toNumber(written: string): string {
  const whole = written.replace(/^0+(?=\d)/, '')
  return whole.includes('.') ? whole.replace(/\.?0+$/, '') : whole
}

const hanDigits = '零一二三四五六七八九'
const hanUnits: Readonly<Record<string, number>> = { 十: 10, 百: 100, 千: 1_000, 万: 10_000, 亿: 100_000_000 }

/** `二十五` as 25, `二〇二四` as 2024, `三点五` as 3.5; `undefined` when it is no numeral. */
function toDigits(numeral: string): string | undefined {
  const [whole = '', fraction] = numeral.replaceAll('〇', '零').replaceAll('两', '二').split('点')
  const tail = fraction === undefined ? '' : `.${Array.from(fraction, (digit) => hanDigits.indexOf(digit)).join('')}`
  if (!/[十百千万亿]/.test(whole)) {
    const digits = Array.from(whole, (digit) => hanDigits.indexOf(digit)).join('')
    return digits === '' ? undefined : toNumber(digits + tail)
  }
  let [total, section, digit] = [0, 0, 0]
  for (const character of whole) {
    const unit = hanUnits[character]
    if (unit === undefined) digit = hanDigits.indexOf(character)
    else if (unit < 10_000) {
      section += (digit === 0 ? 1 : digit) * unit
      digit = 0
    } else {
      total = (total + section + digit) * unit
      section = 0
      digit = 0
    }
  }
  return toNumber(`${total + section + digit}${tail}`)
}

const units =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  )
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')

function toWordNumber(word: string): string | undefined {
  const [first = '', second] = word.split('-')
  const ten = tens.indexOf(first)
  if (ten >= 0) return `${(ten + 2) * 10 + (second === undefined ? 0 : Math.max(0, units.indexOf(second)))}`
  return second === undefined && units.includes(first) ? `${units.indexOf(first)}` : undefined
}

function fold(text: string): string {
  const simplify = createSimplifier()
  return Array.from(text.normalize('NFKC').toLowerCase(), (character) => simplify(character))
    .join('')
    .replace(/\s+/g, ' ')
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)]
}
