import { passesLuhn } from '../checksums.ts'
import { joinGroups, type JoinedGroups, type ScannedText, type Span } from '../scanned-text.ts'
import type { Candidate, Recogniser } from './recogniser.ts'

/** Payment cards: 12 to 19 digits of a known issuer with their check digit; those of Chinese banks as a type of their own. */
export const card: Recogniser = {
  types: ['card', 'cn-bank-card'],
  *find(text) {
    for (const run of text.digitRuns) {
      for (const joined of joinGroups(text, run, { from: 12, to: 19 })) {
        const candidate = isCardGrouping(joined) ? judge(text, joined) : undefined
        if (candidate !== undefined) yield candidate
      }
      yield undefined
    }
  },
}

function judge(text: ScannedText, { value, start, end }: JoinedGroups): Candidate | undefined {
  if (text.folded.charAt(start - 1) === '+' || /^\/\d/.test(text.folded.slice(end, end + 2)) || /^(\d)\1+$/.test(value))
    return undefined
  const span = { start, end }
  const issuer = findIssuer(value)
  const passes = passesLuhn(value)
  // Short ones have the form of a telephone number as well: their failing says nothing.
  if (!passes && (issuer === undefined || value.length < 14)) return undefined
  const isNamed = text.isNear(span, cardWords)
  // Fours out of a row of numbers are cells of a table rather.
  if (!isNamed && end - start > value.length && isAmongNumbers(text, span)) return undefined
  const isChinese = issuer === 'UnionPay' || (issuer === undefined && text.isNear(span, chineseCardWords))
  if (!isNamed && (issuer === undefined || isRareLength(issuer, value.length))) return undefined
  const type = isChinese ? 'cn-bank-card' : 'card'
  if (!passes) return { type, ...span, strength: 3, confidence: 0, why: ['form', 'issuer'] }
  const why = ['form', ...(issuer === undefined ? [] : ['issuer']), 'checksum', ...(isNamed ? ['context'] : [])]
  if (isNamed) return { type, ...span, strength: 3, confidence: issuer === undefined ? 0.8 : 0.99, why }
  // An identity number whose own check fails is no card because another check passes by chance.
  if (value.length === 18 && looksLikeIdentity(value)) return undefined
  return { type, ...span, strength: 3, confidence: value.length < 15 ? 0.75 : 0.9, why }
}

const cardWords =
  /\bcards?\b|credit|debit|\bvisa\b|master ?card|\bamex\b|american express|discover|diners|maestro|\bjcb\b|union ?pay|\bpan\b|\bcc\b|payment|银行卡|卡号|储蓄卡|借记卡|信用卡|贷记卡|银联|账号|账户|帐号|开户|打款|收款|卡$|銀行卡|卡號|信用卡|帳號/i
const chineseCardWords =
  /银行卡|卡号|储蓄卡|借记卡|信用卡|贷记卡|银联|账号|账户|帐号|开户|打款|收款|卡$|銀行卡|卡號|帳號/

/** Four more numbers and blanks alone between them: a month, a year and a code behind a card are not as many. */
function isAmongNumbers({ folded }: ScannedText, { start, end }: Span): boolean {
  if (folded.slice(start, end).includes('-')) return false
  const before = /(?:\d+ )*$/.exec(folded.slice(Math.max(0, start - rowMax), start))?.[0] ?? ''
  const behind = /^(?: \d+)*/.exec(folded.slice(end, end + rowMax))?.[0] ?? ''
  return (before + behind).split(/ +/).filter((group) => group !== '').length > 3
}

const rowMax = 32

function looksLikeIdentity(value: string): boolean {
  return /^[1-8]\d{5}(?:19|20)\d{2}/.test(value)
}

/** Alone, in fours with a rest, or as American Express and Diners Club print them. */
function isCardGrouping(joined: JoinedGroups): boolean {
  const { value, start, end } = joined
  const partings = end - start - value.length
  if (partings === 0) return true
  if (value.length === 17 || value.length === 18) return false // nobody prints these in groups: sixteen, and a month
  if (partings > 4) return false
  const { sizes } = joined
  const last = sizes.at(-1) ?? 0
  if (sizes.slice(0, -1).every((size) => size === 4) && last <= 7) return true
  const form = sizes.join('-')
  return form === '4-6-5' || form === '4-6-4' || /^6-(?:[6-9]|1[0-3])$/.test(form) || form === '8-8' || form === '8-11'
}

/** The network by the first digits (ISO/IEC 7812) and the lengths it gives out. */
function findIssuer(value: string): string | undefined {
  return issuers.find(({ start, lengths }) => lengths.includes(value.length) && start.test(value))?.name
}

/**
 * Thirteen digits are the form of article numbers too (EAN-13), eighteen and nineteen that of numbers that computers give out: of
 * issuers that print none of them today it takes a word.
 */
function isRareLength(issuer: string, length: number): boolean {
  return length < 14 || length === 17 || length === 18 || (length === 19 && issuer !== 'UnionPay')
}

const any = [12, 13, 14, 15, 16, 17, 18, 19]
const issuers: readonly { readonly name: string; readonly start: RegExp; readonly lengths: readonly number[] }[] = [
  { name: 'Visa', start: /^4/, lengths: [13, 16, 19] },
  { name: 'Mastercard', start: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] },
  { name: 'American Express', start: /^3[47]/, lengths: [15] },
  { name: 'Diners Club', start: /^(?:30[0-5]|3095|36|3[89])/, lengths: [14, 16] },
  { name: 'Discover', start: /^(?:6011|64[4-9]|65)/, lengths: [16, 19] },
  { name: 'JCB', start: /^35(?:2[89]|[3-8])/, lengths: [16, 17, 18, 19] },
  { name: 'JCB', start: /^(?:1800|2131)/, lengths: [15] },
  { name: 'UnionPay', start: /^(?:62|81|9558[08]|60326|60310|69075)/, lengths: [16, 17, 18, 19] },
  { name: 'Maestro', start: /^(?:50|5[678]|6304|67|0604|6390)/, lengths: any }, // Dankort and Verve are within 50
  { name: 'Mir', start: /^220[0-4]/, lengths: [16, 17, 18, 19] },
  { name: 'RuPay', start: /^(?:508[5-9]|606[1-9]|607|608|817[2-9]|81[89]|820[01])/, lengths: [16] },
  { name: 'InterPayment', start: /^636/, lengths: [16, 17, 18, 19] },
  { name: 'Troy', start: /^9792/, lengths: [16] },
  { name: 'UzCard', start: /^(?:8600|5614)/, lengths: [16] },
  { name: 'Humo', start: /^9860/, lengths: [16] },
]
