import { isTopLevelDomain } from './top-level-domains.ts'
import type { Candidate, Recogniser } from './recogniser.ts'

const localLengthMax = 64
const domainLengthMax = 253

/** E-mail addresses (RFC 5321 as people write it): found from the `@` outwards, so that text around them needs no spaces. */
export const email: Recogniser = {
  types: ['email'],
  *find({ folded }) {
    for (let at = folded.indexOf('@'); at !== -1; at = folded.indexOf('@', at + 1)) {
      yield readAround(folded, at)
    }
  },
}

function readAround(text: string, at: number): Candidate | undefined {
  let start = at
  while (start > 0 && at - start < localLengthMax && localUnit.test(text.charAt(start - 1))) start--
  while (start < at && localEdge.test(text.charAt(start))) start++
  if (start === at || localEdge.test(text.charAt(at - 1))) return undefined
  const host = readHost(text, at + 1)
  if (host.end === undefined) return undefined
  const isKnown = isTopLevelDomain(text.slice(text.lastIndexOf('.', host.end - 1) + 1, host.end))
  const why = isKnown ? ['form', 'top-level domain'] : ['form']
  return { type: 'email', start, end: host.end, strength: 4, confidence: isKnown ? 0.98 : 0.8, why }
}

/** Accented Latin letters are letters here, Han characters are not: they are the text around. */
const localUnit = /[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\-\u00c0-\u024f]/
/** What may stand inside of a local part and is punctuation at its edges. */
const localEdge = /[.!#$%&'*+/=?^`{|}~-]/

export interface Host {
  /** Behind the last label that may be a top-level domain; `undefined` when there is none behind a dot. */
  readonly end: number | undefined
  /** Up to there. */
  readonly labels: number
  /** How far labels and dots go. */
  readonly readTo: number
}

/** Labels from `start` on, the last of them letters; what is punctuation behind them is left out. */
export function readHost(text: string, start: number): Host {
  let labels = 0
  let end = start
  let index = start
  let hostEnd: number | undefined
  let hostLabels = 0
  for (; end - start <= domainLengthMax; index = end + 1) {
    end = readLabel(text, index)
    if (end === index || end - index > 63) break
    labels++
    if (labels > 1 && /^(?:[a-z\u00c0-\u024f]{2,24}|xn--[a-z0-9-]+)$/i.test(text.slice(index, end))) {
      hostEnd = end
      hostLabels = labels
    }
    if (text.charAt(end) !== '.') break
  }
  return { end: hostEnd, labels: hostLabels, readTo: Math.max(end, index) }
}

/** Where the label that begins at `start` ends: letters, digits and hyphens, no hyphen at either edge. */
function readLabel(text: string, start: number): number {
  let end = start
  while (end - start <= 63 && labelUnit.test(text.charAt(end))) end++
  while (end > start && text.charAt(end - 1) === '-') end--
  return text.charAt(start) === '-' ? start : end
}

const labelUnit = /[a-z0-9\-\u00c0-\u024f]/i
