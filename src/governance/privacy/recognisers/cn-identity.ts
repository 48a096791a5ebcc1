import { passesMod11, passesMod31 } from '../checksums.ts'
import { joinGroups, readGrouped, spanOf, type JoinedGroups, type ScannedText } from '../scanned-text.ts'
import type { Candidate, Instant, Recogniser } from './recogniser.ts'

/** Resident identity numbers (GB 11643): region, date of birth, order, and the check character of MOD 11-2. */
export const cnResidentId: Recogniser = {
  types: ['cn-resident-id'],
  *find(text, now) {
    for (const run of text.digitRuns) {
      for (const joined of joinGroups(text, run, { from: 15, to: 18 })) {
        const candidate = judgeResident(text, joined, now)
        if (candidate !== undefined) yield candidate
      }
      yield undefined
    }
    for (const match of text.folded.matchAll(endsWithX)) {
      const value = match[0].replace(/[ -]/g, '').toUpperCase()
      const span = spanOf(match)
      yield value.length === 18 ? judgeEighteen(value, span, now) : undefined
    }
  },
}

const endsWithX = /\d(?<![0-9A-Za-z]\d)(?:[ -]?\d){16}[ -]?[Xx](?![0-9A-Za-z])/g

function judgeResident(text: ScannedText, joined: JoinedGroups, now: Instant): Candidate | undefined {
  const { length } = joined.value
  const span = { start: joined.start, end: joined.end }
  if (length === 18) return judgeEighteen(joined.value, span, now)
  if (length !== 15 || joined.end - joined.start > length) return undefined
  // Numbers given out before 1999 have no check character: the words around must say what they are.
  if (!isRegion(joined.value) || !isDate(`19${joined.value.slice(6, 12)}`, now)) return undefined
  if (!text.isNear(span, identityWords)) return undefined
  const why = ['form', 'region', 'date', 'context']
  return { type: 'cn-resident-id', ...span, strength: 4, confidence: 0.85, why }
}

const identityWords = /身份证|身分证|身分證|公民身份|证件号|證件號|identity card|\bid (?:card|number|no)/i

function judgeEighteen(
  value: string,
  span: { readonly start: number; readonly end: number },
  now: Instant,
): Candidate | undefined {
  const isForeigner = value.startsWith('9') // permanent residents, card of 2023: 9, region, nationality
  if (!(isForeigner ? provinces.has(value.slice(1, 3)) : isRegion(value))) return undefined
  if (!isDate(value.slice(6, 14), now)) return undefined
  const confidence = passesMod11(value) ? 0.99 : 0
  return { type: 'cn-resident-id', ...span, strength: 4, confidence, why: ['form', 'region', 'date', 'checksum'] }
}

/** GB/T 2260: the first two digits of a region. 81 to 83 are residence permits of Hong Kong, Macao and Taiwan people. */
const provinces = new Set(
  '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83'.split(' '),
)

function isRegion(value: string): boolean {
  return provinces.has(value.slice(0, 2))
}

/** YYYYMMDD of a day that was, from 1900 on. */
function isDate(digits: string, now: Instant): boolean {
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6, 8)].map(Number)
  if (year === undefined || month === undefined || day === undefined || year < 1900 || day < 1) return false
  if (month < 1 || month > 12 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return false
  return Date.UTC(year, month - 1, day) <= now.atMs + dayMs // it may be tomorrow already where it was given out
}

const dayMs = 86_400_000

/** Unified social credit codes (GB 32100): registrar, kind, region, body, and the check character of MOD 31. */
export const cnUscc: Recogniser = {
  types: ['cn-uscc'],
  *find(text) {
    for (const match of text.folded.matchAll(usccStart)) yield judgeUscc(text, match.index)
  },
}

function judgeUscc(text: ScannedText, start: number): Candidate | undefined {
  const grouped = readGrouped(text.folded, start, 18)
  if (grouped === undefined) return undefined
  const value = grouped.value.toUpperCase()
  const isDigits = /^\d+$/.test(value)
  if (!usccForm.test(value) || !(provinces.has(value.slice(2, 4)) || value.startsWith('10', 2))) return undefined
  const passes = passesMod31(value)
  // Digits alone may be another number, and groups may be a number and the words behind it: no claim without a check.
  const isWhole = grouped.end - start === 18
  const isNamed = text.isNear({ start, end: grouped.end }, usccWords)
  const isWritten = isWhole ? /[A-Z]/.test(value) : value === grouped.value
  const isLikely = isNamed || /[A-Z]/.test(value) || usualStart.test(value)
  if (!(passes ? isLikely && (isWritten || isDigits) : isWritten && (isWhole || isNamed))) return undefined
  const why = ['form', 'region', 'checksum']
  return { type: 'cn-uscc', start, end: grouped.end, strength: 4, confidence: passes ? 0.97 : 0, why }
}

const usccWords = /信用代码|信用代碼|税号|稅號|纳税人|机构代码|\bcredit ?code/i
/** Of codes that are digits alone: institutions, associations, enterprises (GB 32100, table 1). Others need a word. */
const usualStart = /^(?:1[129]|3[1-5]|5[1239]|9[123])/
const usccStart =
  /[1-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy](?<![0-9A-Za-z].)[ -]?[1-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy](?:[ -]?\d){6}/g
const usccForm = /^[1-9A-HJ-NPQRTUWXY][1-9A-HJ-NPQRTUWXY]\d{6}[0-9A-HJ-NPQRTUWXY]{10}$/
