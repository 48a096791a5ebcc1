import type { Call, CallFacts } from './call.ts'
import { isJsonObject, type JsonObject } from './json.ts'

/**
 * Whether a tree has answered with less than was asked for: a node says in its detail that its budget or its time was
 * spent, or that what it needed failed (`cut`), or that its answer did not pass its check (`verify.failed`).
 */
export function isShort({ facts, notes }: Pick<Call, 'facts' | 'notes'>): boolean {
  return saysShort(notes) || facts.some(saysShortOf)
}

/** The same of what a node was answered, by the facts of those below it. Cost: O(facts). */
export function isShortBelow({ id, facts }: Pick<Call, 'id' | 'facts'>): boolean {
  const below = new Set([id])
  // A node ends after those below it, so that backwards it comes before them.
  for (const fact of facts.toReversed()) {
    if (fact.parentId === undefined || !below.has(fact.parentId)) continue
    if (saysShortOf(fact)) return true
    below.add(fact.id)
  }
  return false
}

const saysShortOf = ({ kind, detail }: CallFacts): boolean => kind === 'model' && saysShort(detail)

function saysShort(detail: JsonObject | undefined): boolean {
  const verify = detail?.['verify']
  return detail?.['cut'] !== undefined || (isJsonObject(verify) && verify['failed'] !== undefined)
}
