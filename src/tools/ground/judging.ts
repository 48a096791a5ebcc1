import type { AnswerEvent } from '../../core/chat.ts'
import { findMissing } from './facts.ts'
import type { StatementSpan } from './statements.ts'

/** Judges each statement of an answer once nothing more is cited for it. */
export interface Judge {
  /** A citation for a statement: the sentences it points at. Gives the verdict on the statement before, if there was one. */
  cite(span: StatementSpan | undefined, text: string, evidence: string): Iterable<AnswerEvent>
  /** A quote for a statement that stands nowhere. */
  drop(span: StatementSpan | undefined, text: string): Iterable<AnswerEvent>
  /** The verdict on the last statement. */
  flush(): Iterable<AnswerEvent>
}

interface Open {
  readonly span: StatementSpan
  readonly text: string
  readonly evidence: string[]
}

export function createJudge(): Judge {
  let open: Open | undefined
  const flush = (): readonly AnswerEvent[] => {
    const judged = open
    open = undefined
    if (judged === undefined) return []
    const missing = judged.evidence.length === 0 ? [] : findMissing(judged.text, judged.evidence)
    if (judged.evidence.length > 0 && missing.length === 0) return []
    const reason = judged.evidence.length === 0 ? 'quote-not-found' : 'facts-missing'
    const { start: answerStart, end: answerEnd } = judged.span
    return [{ type: 'unsupported', statement: { answerStart, answerEnd, reason, missing } }]
  }
  const turnTo = (span: StatementSpan, text: string): readonly AnswerEvent[] => {
    if (open?.span.start === span.start) return []
    const events = flush()
    open = { span, text, evidence: [] }
    return events
  }
  return {
    cite(span, text, evidence) {
      if (span === undefined) return []
      const events = turnTo(span, text)
      open?.evidence.push(evidence)
      return events
    },
    drop: (span, text) => (span === undefined ? [] : turnTo(span, text)),
    flush,
  }
}
