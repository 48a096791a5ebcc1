import { createHash } from 'node:crypto'
import type { PolicyLabel } from '../../core/call.ts'
import { toCanonicalJson } from '../../core/canonical-json.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Decision, PolicyEngine } from './engine.ts'

export interface PolicyInForce {
  readonly mode: 'enforce' | 'shadow'
  readonly engine: PolicyEngine
}

export interface PolicyMaterial {
  readonly kind: 'pack' | 'facts'
  readonly hash: string
  readonly text: string
}

export interface PackDecision {
  readonly mode: 'enforce' | 'shadow'
  readonly decision: Decision
}

/** What decisions of packs on a use case come to. */
export interface Decided {
  readonly useCase: string | undefined
  readonly decisions: readonly PackDecision[]
  readonly facts: Readonly<Record<string, unknown>>
}

const severity = { allow: 0, review: 1, deny: 2 } as const

/** The most restrictive of what is enforced, and what stands of all of it on record. */
export function toLabel({ useCase, decisions, facts }: Decided): PolicyLabel {
  const enforced = decisions.filter(({ mode }) => mode === 'enforce').map(({ decision }) => decision)
  const worst = enforced.reduce<Decision['decision']>(
    (most, { decision }) => (severity[decision] > severity[most] ? decision : most),
    'allow',
  )
  return Object.freeze({
    useCase,
    decision: worst,
    obligations: Object.freeze([...new Set(enforced.flatMap(({ obligations }) => obligations.map(({ id }) => id)))]),
    oversight: toOversight(enforced),
    refusal:
      worst === 'allow'
        ? ''
        : enforced
            .filter(({ decision }) => decision === worst)
            .map(explain)
            .join('; '),
    record: Object.freeze({
      ...(useCase === undefined ? {} : { use_case: useCase }),
      policies: decisions.map(({ mode, decision }): JsonObject => {
        const { pack } = decision
        const { hash } = toFactsMaterial(facts[pack.id] ?? {})
        return { pack: pack.id, version: pack.version, hash: pack.hash, facts: hash, mode, decision: decision.decision }
      }),
    }),
  })
}

/** The most that any obligation asks for. */
function toOversight(decisions: readonly Decision[]): PolicyLabel['oversight'] {
  const holds = decisions.flatMap(({ obligations }) => obligations.flatMap(({ hold }) => hold ?? []))
  const personsFor = (what: 'request' | 'answer'): number =>
    Math.max(0, ...holds.filter(({ of }) => of === what).map(({ persons }) => persons))
  return Object.freeze({ request: personsFor('request'), answer: personsFor('answer') })
}

function explain(decision: Decision): string {
  const reasons = decision.effects
    .filter((effect) => effect.decision === decision.decision)
    .map(({ article, reason, missing }) => {
      const unknown = missing.length === 0 ? '' : ` Not known: ${missing.join(', ')}.`
      return `${article}: ${reason}${unknown}`
    })
  return `${decision.pack.id}: ${reasons.join(' ')}`
}

/** Facts by the hash that records name them by. */
export function toFactsMaterial(given: unknown): PolicyMaterial {
  const text = toCanonicalJson(given)
  return { kind: 'facts', hash: createHash('sha256').update(text).digest('hex'), text }
}
