import type { CompleteAnswer } from '../../core/answer.ts'
import { toCanonicalJson } from './canonical-json.ts'
import { findFinalAnswer, toWords } from './final-answer.ts'

/** What two answers are compared by; `semantic` is compared by vectors instead. */
export type KeyKind = 'answer' | 'json' | 'exact' | 'semantic'

/**
 * Answers with the same key say the same. `undefined` for an answer that says nothing: it is empty, or it is not JSON
 * where JSON is compared. Tool calls are compared by their names and arguments, before any text.
 */
export function toAnswerKey(answer: CompleteAnswer, kind: Exclude<KeyKind, 'semantic'>): string | undefined {
  if (answer.toolCalls.length > 0) {
    const calls = answer.toolCalls.map((call) => [call.name, toCanonicalJson(call.arguments) ?? call.arguments])
    return `calls ${JSON.stringify(calls)}`
  }
  if (answer.refusal !== undefined && answer.text === '') return 'refusal'
  switch (kind) {
    case 'answer':
      return toFinalKey(answer.text)
    case 'json': {
      const json = toCanonicalJson(answer.text)
      return json === undefined ? undefined : `json ${json}`
    }
    case 'exact': {
      const words = toWords(answer.text)
      return words === '' ? undefined : `text ${words}`
    }
  }
}

/** JSON is compared as such also where a final answer is looked for: its last number would say little. */
function toFinalKey(text: string): string | undefined {
  const json = toCanonicalJson(text)
  if (json !== undefined && /^[[{]/.test(json)) return `json ${json}`
  const answer = findFinalAnswer(text)
  return answer === undefined ? undefined : `answer ${answer}`
}
