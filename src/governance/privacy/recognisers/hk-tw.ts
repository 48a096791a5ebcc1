import { passesHongKong, passesTaiwan } from '../checksums.ts'
import { spanOf, type ScannedText } from '../scanned-text.ts'
import type { Candidate, Recogniser } from './recogniser.ts'

/** Hong Kong identity cards: letters, six digits and a check character, most often in brackets. */
export const hkId: Recogniser = {
  types: ['hk-id'],
  *find(text) {
    for (const match of text.folded.matchAll(hongKong)) yield judgeHongKong(text, match)
  },
}

function judgeHongKong(text: ScannedText, match: RegExpExecArray): Candidate | undefined {
  const [, letters = '', digits = '', bracketed, bare] = match
  const span = spanOf(match)
  const isNamed = text.isNear(span, hongKongWords)
  const isUpper = letters === letters.toUpperCase()
  const isSingle = isUpper && letters.length === 1
  if (bracketed === undefined && !isNamed && (!isSingle || !text.isAmongHan(span))) return undefined
  const value = (letters + digits + (bracketed ?? bare ?? '')).toUpperCase()
  // Without brackets it may as well be a passport: its failing claims nothing.
  if (bracketed === undefined && !passesHongKong(value)) return undefined
  const confidence = isNamed ? 0.98 : bracketed === undefined ? 0.55 : 0.9
  const why = isNamed ? ['form', 'checksum', 'context'] : ['form', 'checksum']
  return { type: 'hk-id', ...span, strength: 4, confidence: passesHongKong(value) ? confidence : 0, why }
}

const hongKong = /([A-Za-z](?<![0-9A-Za-z-].)[A-Za-z]?)[ -]?(\d{6})(?: ?[([]([0-9Aa])[)\]]|-?([0-9Aa]))(?![0-9A-Za-z])/g
const hongKongWords = /\bhk ?id\b|hong kong|香港|身份证|身份證|\bid (?:card|number|no)/i

/** Taiwan identity cards and resident certificates. */
export const twId: Recogniser = {
  types: ['tw-id'],
  *find(text) {
    for (const match of text.folded.matchAll(taiwan)) {
      const span = spanOf(match)
      const value = match[0].replace(/[ -]/g, '').toUpperCase()
      const isNamed = text.isNear(span, taiwanWords)
      const confidence = passesTaiwan(value) ? (isNamed ? 0.98 : 0.85) : 0
      const why = isNamed ? ['form', 'checksum', 'context'] : ['form', 'checksum']
      const isLikely = isNamed || /^[A-Z]/.test(match[0])
      yield isLikely ? { type: 'tw-id', ...span, strength: 4, confidence, why } : undefined
    }
  },
}

const taiwan = /[A-Za-z](?<![0-9A-Za-z-].)[ -]?[1289A-Da-d]\d{8}(?![0-9A-Za-z-])/g
const taiwanWords = /台湾|臺灣|台灣|taiwan|身分證|身分证|身份证|身份證|居留|統一證號|统一证号/i
