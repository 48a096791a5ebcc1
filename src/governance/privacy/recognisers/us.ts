import { spanOf, type ScannedText, type Span } from '../scanned-text.ts'
import type { Candidate, Recogniser } from './recogniser.ts'

/** United States social security and taxpayer numbers. They have no check digit; the parts that are never given out count. */
export const usTax: Recogniser = {
  types: ['us-ssn', 'us-itin'],
  *find(text) {
    for (const match of text.folded.matchAll(taxForm)) yield judgeTax(text, match)
  },
}

const taxForm = /(\d(?<![\w-]\d)\d{2})([- .]?)(\d{2})\2(\d{4})(?![\w]|-\d)/g
const taxWords = /\bssn\b|social|\bsecurity n|taxpayer|\bitin\b|\btin\b|\bss ?#|社会安全|社安/i

function judgeTax(text: ScannedText, match: RegExpExecArray): Candidate | undefined {
  const [, area = '', separator = '', group = '', serial = ''] = match
  const span = spanOf(match)
  const type = typeOf(area, group, serial)
  if (type === undefined) return undefined
  const isNamed = text.isNear(span, taxWords)
  if (separator !== '-' && !isNamed) return undefined
  const why = isNamed ? ['form', 'ranges', 'context'] : ['form', 'ranges']
  return { type, ...span, strength: separator === '-' ? 3 : 2, confidence: isNamed ? 0.95 : 0.8, why }
}

function typeOf(area: string, group: string, serial: string): string | undefined {
  if (group === '00' || serial === '0000' || area === '000' || area === '666') return undefined
  if (!area.startsWith('9')) return `${area}${group}${serial}` === '078051120' ? undefined : 'us-ssn'
  const second = Number(group)
  return (second >= 50 && second <= 65) || (second >= 70 && second !== 89 && second !== 93) ? 'us-itin' : undefined
}

/** Numbers that have no form of their own, so that the words before them are what tells: licences, passports. */
export const namedNumbers: Recogniser = {
  types: ['us-driver-license', 'passport'],
  *find(text) {
    yield* findNamed(text, licence, 'us-driver-license')
    yield* findNamed(text, passport, 'passport')
  },
}

const licence =
  /\b(?:driver'?s?|driving)['\u2019]?s?\s+licen[cs]e(?:\s+(?:number|no\.?|num|id|#))?(?:\s+(?:is|was))?\s*[:#=]?\s*(?:no\.?\s*)?/gi
const passport = /\bpassport(?:\s+(?:number|no\.?|num|id|#))?(?:\s+(?:is|was))?\s*[:#=]?\s*(?:no\.?\s*)?/gi
const namedValue = /[A-Z]{0,3}\d(?:[ -]?[A-Z\d]){4,17}(?![\w-])/iy

function* findNamed(text: ScannedText, words: RegExp, type: string): Generator<Candidate | undefined> {
  for (const match of text.folded.matchAll(words)) {
    const span = readNamed(text, match.index + match[0].length)
    yield span === undefined ? undefined : { type, ...span, strength: 2, confidence: 0.8, why: ['form', 'context'] }
  }
}

function readNamed({ folded }: ScannedText, at: number): Span | undefined {
  const value = new RegExp(namedValue)
  value.lastIndex = at
  const found = value.exec(folded)
  if (found === null) return undefined
  const span: Span = { start: found.index, end: found.index + trimWords(found[0]).length }
  return folded.slice(span.start, span.end).replace(/\D/g, '').length < 5 ? undefined : span
}

/** Groups from the first one without a digit on are the words that follow. */
function trimWords(value: string): string {
  const groups = value.split(' ')
  const end = groups.findIndex((group) => !/\d/.test(group))
  return end === -1 ? value : groups.slice(0, end).join(' ')
}
