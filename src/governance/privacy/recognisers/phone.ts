import type * as Phones from 'libphonenumber-js/min'
import { loadPackage } from '../../../core/packages.ts'
import { joinGroups, spanOf, type JoinedGroups, type ScannedText, type Span } from '../scanned-text.ts'
import type { Candidate, Recogniser } from './recogniser.ts'

/** Mobile numbers of mainland China: 1, then 3 to 9, eleven digits, with or without 86. */
export const cnMobile: Recogniser = {
  types: ['cn-mobile'],
  *find(text) {
    for (const run of text.digitRuns) {
      for (const joined of joinGroups(text, run, { from: 11, to: 15 })) {
        const candidate = judgeMobile(text, joined)
        if (candidate !== undefined) yield candidate
      }
      yield undefined
    }
    for (const match of text.folded.matchAll(dottedMobile)) {
      const span = spanOf(match)
      const isTold = text.isAmongHan(span) || text.isNear(span, phoneWords)
      yield isTold ? { type: 'cn-mobile', ...span, strength: 2, confidence: 0.9, why: ['form', 'context'] } : undefined
    }
  },
}

const mobileForm = /^(?:0086|86|0)?1[3-9]\d{9}$/
const dottedMobile = /1(?<![\w.+-]1)[3-9]\d\.\d{4}\.\d{4}(?![\w-]|\.\d)/g

function judgeMobile(text: ScannedText, joined: JoinedGroups): Candidate | undefined {
  const { value } = joined
  if (!mobileForm.test(value)) return undefined
  const { sizes } = joined
  const hasCode = value.length > 12
  const plus = hasCode ? /\+ ?\(?$/.exec(text.folded.slice(Math.max(0, joined.start - 3), joined.start)) : null
  const span = { start: joined.start - (plus?.[0].length ?? 0), end: joined.end }
  const form = (sizes.join('-').startsWith(`${value.length - 11}-`) ? sizes.slice(1) : sizes).join('-')
  const isNatural = /^(?:1[1-5]|3-4-4|3-8|7-4|4-4-3|4-3-4|[457]-4-4|5-8|3-3-5)$/.test(form)
  const isNamed = text.isNear(span, phoneWords)
  const isSure = isNamed || plus !== null || (text.isAmongHan(span) && (joined.isWhole || sizes.length === 1))
  // One digit in front is another country's trunk: 1-800-829-4933.
  if (isSure ? !isNatural && (!isNamed || /^[12]-/.test(form)) : !joined.isWhole || !/^(?:11|3-4-4)$/.test(form))
    return undefined
  if (value.startsWith('01') && !isSure) return undefined
  const why = isNamed ? ['form', 'context'] : ['form']
  return { type: 'cn-mobile', ...span, strength: 2, confidence: isSure ? 0.95 : 0.6, why }
}

/** Telephone numbers: international ones anywhere; national ones where their form or the words around tell. */
export const phone: Recogniser = {
  types: ['phone'],
  *find(text) {
    for (const match of text.folded.matchAll(phoneForm)) {
      const form = match[0]
      const span = spanOf(match)
      const digits = form.replace(/(?:x|ext\.?|转|分机|#).*$/i, '').replace(/\D/g, '')
      const isNone = digits.length < 6 || digits.length > 17 || isNoNumber(form, digits)
      yield isNone ? undefined : judgePhone(text, { form, digits, span })
    }
  },
}

const phoneWords =
  /phone|\btel\b|\btel[.:]|mobile|\bcell ?(?:phone|no|num|:)|\bfax\b|\bcall(?:ing|ed|s)?\b|\bdial|\bdesk\b|\boffice\b|\bsms\b|\btext me|whats ?app|messages? to|answering at|reach (?:me|us|him|her|them)|contact|hotline|extension|电话|手机|联系|传真|热线|致电|拨打|来电|座机|短信|電話|手機|聯絡|傳真|行動/i

/** What has to stand right before digits that have no form of their own. */
const phoneWordsBefore =
  /(?:phone|\btel\b|\btel[.:]|mobile|\bcell ?(?:phone|no|num|:)|\bfax|\bcall|messages? to|answering at|\bdesk:|\boffice:|电话|手机|联系方式|传真|热线|致电|拨打|座机|電話|手機|傳真|行動)[^\d\n]{0,16}$/i

/** Digits with spaces, hyphens, dots and brackets between them, as telephone numbers are written. */
const phoneForm =
  /[+(\d](?<![0-9A-Za-z_.+-].)\+?(?:[ .()-]{0,3}\d){5,17}(?: ?(?:x|ext\.? ?|转|分机|#) ?\d{1,6})?(?![0-9A-Za-z_@]|[.,-]\d)/g

interface Written {
  readonly form: string
  readonly digits: string
  readonly span: Span
}

function judgePhone(text: ScannedText, written: Written): Candidate | undefined {
  const { form, digits, span } = written
  const isNamed = text.isNear(span, phoneWords)
  const phoneOf = (confidence: number, why: readonly string[]): Candidate => ({
    type: 'phone',
    ...span,
    strength: form.startsWith('+') ? 2 : 1,
    confidence,
    why: isNamed ? [...why, 'context'] : why,
  })
  if (/^\(?\+/.test(form) || /^00[1-9]/.test(digits)) {
    const parsed = parseNumber(`+${digits.replace(/^00/, '')}`)
    const isValid = parsed?.isValid() === true
    if (isValid && (isNamed || hasPlus.test(form) || digits.length >= 11)) {
      return phoneOf(0.95, ['form', 'numbering plan'])
    }
    // Two noughts, or a plus with a blank behind it, stand before many a number that is none of a telephone.
    const isSure = isNamed || hasPlus.test(form)
    if (parsed !== undefined && isSure && digits.length >= 8) return phoneOf(0.7, ['form', 'country code'])
  }
  if (chinese.test(form) && (isNamed || (text.isAmongHan(span) && isChineseForm(text, written)))) {
    return phoneOf(0.85, ['form', 'area code'])
  }
  if (digits.length > 15) return undefined
  if (northAmerican.test(form)) {
    const isValid = isValidIn(digits, 'US')
    if (isValid || isNamed) return phoneOf(isValid ? 0.85 : 0.75, isValid ? ['form', 'numbering plan'] : ['form'])
    return phoneOf(0.55, ['form'])
  }
  if (isLabelled(text, span) && digits.length >= 7 && isGrouped(form)) return phoneOf(0.75, ['form'])
  if (text.isAfter(span, phoneWordsBefore) || isLabelledBehind(text, span)) return phoneOf(0.7, ['form'])
  if (isNationalForm(form, digits) && !touchesNumbers(text, written)) return phoneOf(0.55, ['form'])
  return undefined
}

/** `(602)272-9781`, `618-226-1460`, `259.735.7502x459`, `1-518-640-0854`; blanks alone could be anything. */
const northAmerican = /^(?:1[ .-]?)?(?:\(\d{3}\) ?\d{3}[ .-]\d{4}|\d{3}([.-])\d{3}\1\d{4}|\d{3} \d{3}-\d{4})(?:\D|$)/

/** Landlines with their area code, and service numbers. */
const chinese =
  /^(?:(?:\(?0|(?:00)?86[ -]\(?0?)(?:10|2\d|[3-9]\d{2})\)?[ -]?[2-8]\d{2,3}[ -]?\d{4}(?:[ -]\d{1,5})?|[48]00[ -]?\d{3}[ -]?\d{4}|[48]00-?\d{4}-?\d{3})(?:\D|$)/

/** Without words around: digits alone have to be of the plan, and blanks alone between them no row of numbers. */
function isChineseForm(text: ScannedText, written: Written): boolean {
  if (/^\d+$/.test(written.form)) return isValidIn(written.digits, 'CN')
  return !touchesNumbers(text, written)
}

/** Blanks alone part its digits, and blanks alone part it from others. */
function touchesNumbers({ folded }: ScannedText, { form, span: { start, end } }: Written): boolean {
  if (!/^[\d ]+$/.test(form)) return false
  return (
    /\d[ \t]{1,2}$/.test(folded.slice(Math.max(0, start - 3), start)) ||
    /^[ \t]{1,2}\d/.test(folded.slice(end, end + 3))
  )
}

const hasPlus = /^\(?\+\(?\d/

/** A trunk 0 and two or more groups behind it: `0490 75 40 81`, `(08) 8747 6301`; with dots all of two digits. */
function isNationalForm(form: string, digits: string): boolean {
  const groups = form.split(/[^\d]+/).filter((group) => group !== '')
  const isParted = !form.includes('.') || groups.every((group) => group.length === 2)
  return /^\(?0[1-9]/.test(form) && isParted && digits.length >= 9 && digits.length <= 12 && groups.length >= 3
}

/** What the words say stands close by: before the number, or as a label right behind it. */
function isLabelled({ folded }: Pick<ScannedText, 'folded'>, { start, end }: Span): boolean {
  return phoneWords.test(folded.slice(Math.max(0, start - 32), start)) || isLabelledBehind({ folded }, { end })
}

function isLabelledBehind({ folded }: Pick<ScannedText, 'folded'>, { end }: Pick<Span, 'end'>): boolean {
  return phoneLabels.test(folded.slice(end, end + 12))
}

const phoneLabels = /^[ \t\-(:]*(?:office|desk|fax|mobile|home|work|cell|phone|tel|手机|电话|传真)/i

/** Two to six groups, and no amount with dots between its thousands. */
function isGrouped(form: string): boolean {
  const groups = form.split(/[^\d]+/).filter((group) => group !== '')
  const isAmount = /^\d{1,3}(?:\.\d{3})+$/.test(form)
  if (/^(?:19|20)\d{2} /.test(form)) return false // a year, and numbers behind it
  return groups.length > 1 && groups.length <= 6 && groups.every((group) => group.length <= 8) && !isAmount
}

function isValidIn(digits: string, country: Phones.CountryCode): boolean {
  return parseNumber(digits, country)?.isValid() === true
}

function parseNumber(digits: string, country?: Phones.CountryCode): Phones.PhoneNumber | undefined {
  const library = loadPackage<typeof Phones>('libphonenumber-js/min')
  return library.parsePhoneNumberFromString(digits, country)
}

/** Dates, spans of years, binary digits, brackets of the sentence. */
function isNoNumber(form: string, digits: string): boolean {
  return looksLikeDate(form) || /^[01]+$/.test(digits) || isUnbalanced(form)
}

function looksLikeDate(form: string): boolean {
  return (
    /^(?:19|20)\d{2}[-. ](?:0?[1-9]|1[0-2])[-. ](?:0?[1-9]|[12]\d|3[01])(?:\D|$)/.test(form) ||
    /^(?:0?[1-9]|[12]\d|3[01])[-. ](?:0?[1-9]|1[0-2])[-. ](?:19|20)\d{2}(?:\D|$)/.test(form) ||
    /^(?:19|20)\d{2} ?- ?(?:19|20)\d{2}$/.test(form) ||
    /^\d{3} ?- ?\d{3}$/.test(form) // from … to …
  )
}

function isUnbalanced(form: string): boolean {
  let depth = 0
  for (const character of form) {
    if (character === '(') depth++
    if (character === ')' && --depth < 0) return true
  }
  return depth !== 0
}
