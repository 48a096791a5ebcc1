import type { Config } from '../config/index.ts'
import type { CallFacts } from '../core/call.ts'
import { PlatformError, type ErrorCode } from '../core/errors.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { PolicyRefusal } from '../core/ports-replay.ts'
import { createEngine, readPack, type Decision, type PolicyEngine, type PolicyGuard } from '../governance/index.ts'
import { createPolicyAnswers, isAboutPlaces, type PolicyAnswers } from './backtest.ts'
import type { Standing } from './standing.ts'

/** Refusals that come before the router. What refused a call there refuses it again, unless it is what the scenario changes. */
export const refusedBefore: ReadonlySet<ErrorCode | undefined> = new Set([
  'POLICY_REFUSED',
  'POLICY_REVIEW',
  'REVIEW_PENDING',
  'REVIEW_REFUSED',
  'GUARD_REFUSED',
  'GUARD_FAILED',
  'MODEL_FORBIDDEN',
])

/** Decides on recorded calls under other policies: with the engine that decides on living ones. */
export interface PolicyJudge {
  /** The refusal; `undefined` when they let the call through. */
  judge(root: CallFacts): Promise<PolicyRefusal | undefined>
}

export interface PolicyJudgeDeps {
  readonly audit: Standing['audit']
  readonly answers: PolicyAnswers
  readonly undecided: Config['governance']['reviews']['undecided']
}

const dayMs = 86_400_000
const keptMax = 10_000

export function createJudging(
  standing: Pick<Standing, 'audit' | 'identity' | 'governance'>,
  { governance }: Config,
  policies: PolicyGuard,
): PolicyJudgeDeps {
  const answers = createPolicyAnswers(standing, governance, policies)
  return { audit: standing.audit, answers, undecided: governance.reviews.undecided }
}

/** Each an id or a pack as JSON. Throws NOT_FOUND or INVALID_REQUEST for one that cannot be. */
export function createPolicyJudge(deps: PolicyJudgeDeps, policies: readonly JsonValue[]): PolicyJudge {
  const engines = policies.map((pack) => toEngine(deps, pack))
  const facts = new Map<string, Promise<JsonObject | undefined>>()
  const decisions = new Map<string, Decision>()
  const useCases = new Map<string, Promise<string | undefined>>()

  /** As they were when the call was made, where the record says; else as they are declared now. */
  async function readFacts(root: CallFacts, { pack }: PolicyEngine, useCase: string | undefined) {
    const hash = hashOf(root, pack.id)
    const recorded = hash === undefined ? undefined : await recall(hash)
    const given = recorded ?? (useCase === undefined ? undefined : deps.answers.answersOf(root.tenant, useCase, pack))
    return { key: recorded === undefined ? `now ${useCase ?? ''}` : `${hash}`, given: given ?? {} }
  }

  function recall(hash: string): Promise<JsonObject | undefined> {
    const known = facts.get(hash)
    if (known !== undefined) return known
    const found = deps.audit.findMaterial(hash).then((text) => {
      const value: unknown = text === undefined ? undefined : JSON.parse(text)
      return isJsonObject(value) ? value : undefined
    })
    if (facts.size < keptMax) facts.set(hash, found)
    return found
  }

  function useCaseOf(root: CallFacts): Promise<string | undefined> {
    const name = `${root.tenant} ${root.keyId}`
    const known = useCases.get(name)
    if (known !== undefined) return known
    const found = deps.answers.useCaseOf(root)
    if (useCases.size < keptMax) useCases.set(name, found)
    return found
  }

  async function decide(root: CallFacts, engine: PolicyEngine, useCase: string | undefined): Promise<Decision> {
    const { key, given } = await readFacts(root, engine, useCase)
    const day = Math.floor(root.startedAtMs / dayMs)
    const name = `${engine.pack.hash} ${day} ${root.tenant} ${key}`
    const known = decisions.get(name)
    if (known !== undefined) return known
    // Another version may ask less; what it does not ask decides nothing.
    const asked = Object.entries(given).filter(([fact]) => Object.hasOwn(engine.pack.facts, fact))
    const decision = engine.decide(engine.read(Object.fromEntries(asked)), root.startedAtMs)
    if (decisions.size < keptMax) decisions.set(name, decision)
    return decision
  }

  return {
    async judge(root) {
      const said = root.detail?.['use_case']
      const useCase = typeof said === 'string' ? said : await useCaseOf(root)
      const made: Decision[] = []
      for (const engine of engines) made.push(await decide(root, engine, useCase))
      return toRefusal(made, useCase, deps.undecided)
    },
  }
}

function toEngine({ answers }: PolicyJudgeDeps, given: JsonValue): PolicyEngine {
  const engine = typeof given === 'string' ? answers.findEngine(given) : createEngine(readPack(given))
  if (!isAboutPlaces(engine.pack)) return engine
  const message = `${engine.pack.id} decides on places, not on use cases; use allowedRegions, or strata policy backtest`
  throw new PlatformError('INVALID_REQUEST', message, { param: 'policies' })
}

/** By which facts a pack decided then. */
function hashOf({ detail }: CallFacts, pack: string): string | undefined {
  const policies = detail?.['policies']
  if (!Array.isArray(policies)) return undefined
  const own = policies.find((each) => isJsonObject(each) && each['pack'] === pack)
  const hash = isJsonObject(own) ? own['facts'] : undefined
  return typeof hash === 'string' ? hash : undefined
}

function toRefusal(
  decisions: readonly Decision[],
  useCase: string | undefined,
  undecided: PolicyJudgeDeps['undecided'],
): PolicyRefusal | undefined {
  const worst = decisions.some(({ decision }) => decision === 'deny')
    ? 'deny'
    : decisions.some(({ decision }) => decision === 'review')
      ? 'review'
      : undefined
  // What is held for people is refused by nobody yet.
  if (worst === undefined || (worst === 'review' && undecided === 'hold')) return undefined
  const own = decisions.filter(({ decision }) => decision === worst)
  const effects = own.flatMap((each) => each.effects.filter(({ decision }) => decision === worst))
  return {
    useCase,
    decision: worst,
    packs: own.map(({ pack }) => `${pack.id}@${pack.version}`),
    articles: [...new Set(effects.map(({ article }) => article))],
    reasons: [...new Set(effects.map(({ reason }) => reason))],
    missing: [...new Set(effects.flatMap(({ missing }) => missing))],
  }
}
