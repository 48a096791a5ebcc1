import type { PolicyLabel } from '../../core/call.ts'
import { toPlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { toFactsMaterial, toLabel, type PackDecision, type PolicyInForce, type PolicyMaterial } from './label.ts'
import type { Pack } from './pack.ts'

/** A use case that a tenant has registered. The same object as long as nothing of it changes. */
export interface RegisteredUseCase {
  readonly name: string
  /** By pack, the answers to its questions. */
  readonly answers: Readonly<Record<string, JsonObject>>
  /** Which documents exist: what the packs' fact `evidence` is made of. */
  readonly evidence: readonly string[]
  readonly isActive: boolean
  /** Content of its requests hints at what was not declared, often enough that people have to look. */
  readonly isRaised: boolean
}

/** The packs in force, asked about use cases that tenants have registered. */
export interface RegisteredPolicies {
  /** Throws INVALID_REQUEST naming the fact at fault. */
  judge(useCase: RegisteredUseCase, atMs: number): readonly PackDecision[]
  /** The same object for the same use case on one day. */
  label(useCase: RegisteredUseCase, nowMs: number): PolicyLabel
  /** What decisions on it are made from. */
  materialsOf(useCase: RegisteredUseCase): readonly PolicyMaterial[]
}

const dayMs = 86_400_000

export function createRegisteredPolicies(policies: readonly PolicyInForce[]): RegisteredPolicies {
  let labels = new WeakMap<RegisteredUseCase, PolicyLabel>()
  let day = Number.NaN
  const judge = (useCase: RegisteredUseCase, atMs: number): readonly PackDecision[] =>
    policies.map(({ mode, engine }) => ({
      mode,
      decision: engine.decide(engine.read(toGiven(useCase, engine.pack)), atMs),
    }))

  function decide(useCase: RegisteredUseCase, nowMs: number): PolicyLabel {
    if (!useCase.isActive) return refuse(useCase, 'it is not active')
    try {
      const facts = Object.fromEntries(policies.map(({ engine: { pack } }) => [pack.id, toGiven(useCase, pack)]))
      const label = toLabel({ useCase: useCase.name, decisions: judge(useCase, nowMs), facts })
      return useCase.isRaised && label.decision === 'allow' ? raise(label) : label
    } catch (thrown) {
      return refuse(useCase, `its answers do not fit the packs in force: ${toPlatformError(thrown).message}`)
    }
  }

  return {
    judge,
    materialsOf: (useCase) => policies.map(({ engine }) => toFactsMaterial(toGiven(useCase, engine.pack))),
    label(useCase, nowMs) {
      const today = Math.floor(nowMs / dayMs)
      if (today !== day) {
        day = today
        labels = new WeakMap()
      }
      let label = labels.get(useCase)
      if (label === undefined) {
        label = decide(useCase, nowMs)
        labels.set(useCase, label)
      }
      return label
    },
  }
}

/** The answers for a pack, and those of its documents that exist. */
export function toGiven({ answers, evidence }: RegisteredUseCase, pack: Pack): JsonObject {
  const given = answers[pack.id] ?? {}
  const documents = pack.facts['evidence']
  if (documents === undefined || !('values' in documents)) return given
  return { ...given, evidence: evidence.filter((document) => Object.hasOwn(documents.values, document)) }
}

function refuse({ name }: RegisteredUseCase, refusal: string): PolicyLabel {
  return Object.freeze({
    useCase: name,
    decision: 'deny',
    obligations: [],
    oversight: { request: 0, answer: 0 },
    refusal,
    record: Object.freeze({ use_case: name, policies: [], refused: refusal }),
  })
}

function raise(label: PolicyLabel): PolicyLabel {
  const refusal = 'content of its requests hints at what was not declared; GET /v1/use-cases/{name} names it'
  return Object.freeze({ ...label, decision: 'review', refusal, record: { ...label.record, raised: true } })
}
