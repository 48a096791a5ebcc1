import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs'
import { PlatformError } from '../../../core/errors.ts'
import type { JsonValue } from '../../../core/json.ts'
import { loadPackage } from '../../../core/packages.ts'
import { toMs, type Decision, type Effect, type PolicyEngine } from '../engine.ts'
import { createFactPlaces, type Facts } from '../facts.ts'
import { isUnknown } from '../language.ts'
import type { Pack } from '../pack.ts'
import { readAnswers, type FactValue } from '../vocabulary.ts'

const dayMs = 86_400_000

/** One policy of the pack. */
interface Policy {
  readonly id: string
  readonly text: string
  readonly effect: 'allow' | 'deny'
  readonly article: string
  readonly reason: string
}

/**
 * A pack whose policies are written in Cedar (https://www.cedarpolicy.com), decided by the engine of that language. What it cannot
 * evaluate, a fact that is not known among it, denies. Throws INVALID_REQUEST for policies that are none, CONFIG_INVALID where the
 * engine is not installed. Cost: some hundred microseconds a decision.
 */
export function createCedarEngine(pack: Pack): PolicyEngine {
  const cedar = loadCedar()
  const policies = readPolicies(cedar, pack)
  const places = createFactPlaces(pack.facts)
  const contexts = new WeakMap<Facts, Readonly<Record<string, JsonValue>>>()
  const encode = (answers: ReadonlyMap<string, FactValue>): Facts => {
    const facts = places.encode(answers)
    contexts.set(facts, toContext(answers))
    return facts
  }
  const identity = Object.freeze({ id: pack.id, version: pack.version, hash: pack.hash })
  const staticPolicies = Object.fromEntries(policies.map(({ id, text }) => [id, text]))
  return {
    pack,
    read: (given) => encode(readAnswers(given, pack.facts)),
    encode,
    decide(facts, atMs): Decision {
      const answer = cedar.isAuthorized({
        principal: { type: 'Strata::UseCase', id: 'declared' },
        action: { type: 'Strata::Action', id: 'use' },
        resource: { type: 'Strata::Server', id: 'here' },
        context: { ...contexts.get(facts), today: new Date(atMs).toISOString().slice(0, 10) },
        policies: { staticPolicies },
        entities: [],
      })
      const effects = toEffects(answer, policies)
      return {
        decision: effects.some(({ decision }) => decision === 'deny') ? 'deny' : 'allow',
        tier: undefined,
        tierPossible: undefined,
        effects,
        obligations: [],
        pack: identity,
        isStale: atMs >= toMs(pack.verifiedOn) + pack.staleAfterDays * dayMs,
      }
    },
    test: () => isUnknown, // its policies are no conditions of ours
  }
}

function loadCedar(): typeof Cedar {
  try {
    return loadPackage<typeof Cedar>('@cedar-policy/cedar-wasm/nodejs')
  } catch (cause) {
    const message = 'a pack in Cedar needs its engine: npm install @cedar-policy/cedar-wasm@4'
    throw new PlatformError('CONFIG_INVALID', message, { cause })
  }
}

function readPolicies(cedar: typeof Cedar, { policies: text = '' }: Pack): readonly Policy[] {
  const parts = cedar.policySetTextToParts(text)
  if (parts.type === 'failure') throw refuse(parts.errors.map(({ message }) => message).join('; '))
  if (parts.policy_templates.length > 0) throw refuse('templates are not taken')
  const read = parts.policies.map((policy, index): Policy => {
    const json = cedar.policyToJson(policy)
    if (json.type === 'failure') throw refuse(json.errors.map(({ message }) => message).join('; '))
    const { effect, annotations = {} } = json.json
    const id = annotations['id'] ?? `policy-${index + 1}`
    const { article = id, reason = `${effect} ${id}` } = annotations as { article?: string; reason?: string } // what is annotated is text
    return { id, text: policy, effect: effect === 'permit' ? 'allow' : 'deny', article, reason }
  })
  const twice = read.find(({ id }, index) => read.findIndex((each) => each.id === id) !== index)
  if (twice !== undefined) throw refuse(`the id ${twice.id.slice(0, 100)} stands twice`)
  if (!read.some(({ effect }) => effect === 'allow')) throw refuse('nothing permits anything')
  return read
}

function toEffects(answer: Cedar.AuthorizationAnswer, policies: readonly Policy[]): readonly Effect[] {
  const find = (id: string): Pick<Policy, 'id' | 'effect' | 'article' | 'reason'> =>
    policies.find((policy) => policy.id === id) ?? { id, effect: 'deny', article: id, reason: id }
  if (answer.type === 'failure') {
    return [toDenial({ id: 'request', article: 'request', reason: 'the engine could not be asked' }, 'unknown')]
  }
  const { decision, diagnostics } = answer.response
  const failed = diagnostics.errors.map(({ policyId }) =>
    toDenial({ ...find(policyId), reason: `${find(policyId).reason}: cannot be told from what is known` }, 'unknown'),
  )
  const spoken = diagnostics.reason.map((id): Effect => {
    const { article, effect, reason } = find(id)
    const own = effect === 'deny' ? 'deny' : 'allow'
    return { rule: id, article, effect, truth: 'holds', decision: own, reason, tier: undefined, missing: [] }
  })
  const all = [...failed, ...spoken]
  if (decision === 'allow' || all.some((effect) => effect.decision === 'deny')) return all
  return [...all, toDenial({ id: 'default', article: 'default', reason: 'no policy permits it' }, 'holds')]
}

function toDenial({ id, article, reason }: Pick<Policy, 'id' | 'article' | 'reason'>, truth: Effect['truth']): Effect {
  return { rule: id, article, effect: 'deny', truth, decision: 'deny', reason, tier: undefined, missing: [] }
}

/** Facts as attributes of the context: yes-no is Bool, one answer and dates are String, several a Set, whole numbers Long. */
function toContext(answers: ReadonlyMap<string, FactValue>): Readonly<Record<string, JsonValue>> {
  const known = [...answers].filter(([, value]) => typeof value !== 'number' || Number.isSafeInteger(value))
  return Object.fromEntries(known.map(([name, value]) => [name, value as JsonValue])) // an answer is JSON
}

function refuse(why: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', `policies: ${why}`, { param: 'policies' })
}
