import { z } from 'zod'
import { toDollars } from '../../core/money.ts'
import { placeOf } from '../../core/places.ts'
import type { Passage } from '../../core/ports.ts'
import { toIso } from '../../core/time.ts'
import type {
  ComparedQuestion,
  ContextView,
  GenerationComparison,
  ScoreComparison,
  VersionLineage,
} from '../../tools/index.ts'

/** The stages of a version in their order; a duration is `null` where it was not measured apart. */
export function toLineageJson({ version, stages }: VersionLineage): object {
  return {
    version,
    stages: stages.map(({ durationMs, isReused, version: made, ...stage }) => ({
      ...stage,
      version: made,
      duration_ms: durationMs ?? null,
      reused: isReused,
    })),
  }
}

/** A passage as it is given out, with where in its file the best of it stands. */
export function toPassageJson({ places = [], ...passage }: Passage): object {
  return { ...passage, ...placeOf(places, passage.why?.best ?? passage) }
}

const expectation = z
  .strictObject({
    document: z.string().min(1).max(1_024).describe('External id of a document that answers.'),
    start: z.int().min(0).optional().describe('With `end` the span of its current version that answers, UTF-16 units.'),
    end: z.int().min(1).optional(),
  })
  .refine(({ start, end }) => (start === undefined) === (end === undefined), 'start and end go together')

/** A question with what answers it. */
export const comparedQuestion = z.strictObject({
  query: z.string().min(1).max(4_096),
  expected: z.array(expectation).min(1).max(100).describe('Documents, or spans of them.'),
})

export function toComparedQuestion({ query, expected }: z.infer<typeof comparedQuestion>): ComparedQuestion {
  return {
    query,
    expected: expected.map(({ document, start, end }) => ({
      document,
      span: start === undefined || end === undefined ? undefined : { start, end },
    })),
  }
}

/** A comparison as it is given out. */
export function toGenerationComparisonJson({ first, second, ...rest }: GenerationComparison): object {
  return {
    object: 'comparison',
    ...rest,
    first: { ...first, generation: first.generation ?? null },
    second: { ...second, generation: second.generation ?? null },
  }
}

/** A plan as it is given out. */
export function toContextJson(view: ContextView): object {
  return {
    object: 'contexts',
    model: view.model,
    state: view.state,
    passages: view.passages,
    written: view.written,
    waiting: view.waiting,
    degraded: view.degraded,
    fault: view.fault ?? null,
    cost: { usd: toDollars(view.cost), unpriced: view.unpriced },
    asked: view.asked,
    tokens: { input: view.inputTokens, input_cached: view.cachedTokens, output: view.outputTokens },
    created_at: toIso(view.createdAtMs),
  }
}

/** A comparison as it is given out. */
export function toContextComparisonJson({ first, second, ...rest }: ScoreComparison): object {
  return { object: 'comparison', ...rest, with: first, without: second }
}
