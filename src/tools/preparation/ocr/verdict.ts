import type { PageVerdict } from '../canonical/index.ts'
import type { PageText } from './page-reader.ts'

/** From here on a page that was read from a picture counts as read well. */
const okAt = 0.85

/** The state of a page that was read from a picture. One on which nothing stands is degraded, since nobody can be sure. */
export function toOcrVerdict(outcome: PageText): PageVerdict {
  if (outcome.type === 'failed') return { state: 'failed', reason: outcome.reason }
  const { paragraphs, confidence } = outcome.recognition
  if (paragraphs.length === 0) return { state: 'degraded', reason: 'no-text' }
  const rounded = Math.round(confidence * 100) / 100
  return { state: confidence >= okAt ? 'ok' : 'degraded', reason: 'ocr', confidence: rounded }
}
