import type { Citation } from '../../../core/chat.ts'

/** A citation as a URL: `strata:collection/document#start-end`. */
export function toCitationUrl(citation: Citation): string {
  const path = `${encodeURIComponent(citation.collection)}/${encodeURIComponent(citation.document)}`
  return `strata:${path}#${citation.start}-${citation.end}`
}

/** Where in the answer the citation stands; the whole text so far when it says nothing. */
export function toAnswerSpan(citation: Citation, textLength: number): { readonly start: number; readonly end: number } {
  return { start: citation.answerStart ?? 0, end: citation.answerEnd ?? textLength }
}
