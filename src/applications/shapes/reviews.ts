import type { JsonObject, JsonValue } from '../../core/json.ts'
import { toIso } from '../../core/time.ts'
import type { Review, ReviewFile } from '../../governance/index.ts'

export function toReviewJson(review: Review): JsonObject {
  return {
    object: 'review',
    id: review.id,
    stage: review.stage,
    state: review.state,
    call: review.call,
    key: review.keyId,
    asked_for: [...review.askers],
    use_case: review.useCase ?? null,
    model: review.model,
    reason: review.reason,
    request_hash: review.requestHash,
    answer_hash: review.answerHash ?? null,
    persons: review.persons,
    version: review.version,
    created_at: toIso(review.createdAtMs),
    deadline: toIso(review.deadlineMs),
    ended_at: toTime(review.endedAtMs),
    used_at: toTime(review.usedAtMs),
    used_call: review.usedCall ?? null,
  }
}

export function toReviewFileJson({ review, decisions, request, answer, override }: ReviewFile): JsonObject {
  return {
    ...toReviewJson(review),
    decisions: decisions.map(({ person, keyId, decision, reason, version, atMs }) => {
      return { person, key: keyId, decision, reason, version, at: toIso(atMs) }
    }),
    request: fromJson(request),
    answer: fromJson(answer),
    override: override ?? null,
  }
}

/** Words that were erased are null. */
function fromJson(text: string | undefined): JsonValue {
  return text === undefined ? null : (JSON.parse(text) as JsonValue) // written as JSON
}

function toTime(ms: number | undefined): string | null {
  return ms === undefined ? null : toIso(ms)
}
