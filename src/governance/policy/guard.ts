import { createHash } from 'node:crypto'
import type { Config } from '../../config/index.ts'
import type { PolicyLabel } from '../../core/call.ts'
import { toCanonicalJson } from '../../core/canonical-json.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { findSimilar } from '../../core/similar.ts'
import type { Clock } from '../../core/time.ts'
import { loadPack } from './catalogue.ts'
import { createPolicyEngine, type Decision, type PolicyEngine } from './engine.ts'
import type { Facts } from './facts.ts'

/** The packs in force, asked about the use case of each request. */
export interface PolicyGuard {
  readonly policies: readonly PolicyInForce[]
  /** Every declared use case, by name. */
  readonly useCases: readonly string[]
  /**
   * What the packs decide today on a use case; `undefined` when no pack is in force. The same object for equal questions
   * on one day. Throws INVALID_REQUEST for a use case that is not declared. Cost: two look-ups.
   */
  label(useCase: string | undefined): PolicyLabel | undefined
  /** What decisions are made from: each pack, and the facts of each use case for it, as canonical JSON by hash. */
  readonly materials: readonly PolicyMaterial[]
  /** Decisions of each pack on a use case at an instant, with their explanations. Throws as `label`. */
  decide(useCase: string | undefined, atMs: number): readonly PackDecision[]
}

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

export interface PolicyGuardDeps {
  readonly config: Pick<Config['governance'], 'policies' | 'useCases' | 'defaultUseCase'>
  readonly clock: Clock
  /** Where relative paths of packs start. */
  readonly toPath: (path: string) => string
}

const dayMs = 86_400_000

/** Throws CONFIG_INVALID naming the key of a pack that cannot be read or of facts that it does not ask for. */
export function createPolicyGuard({ config, clock, toPath }: PolicyGuardDeps): PolicyGuard {
  const policies = config.policies.map(({ pack, mode }, index) =>
    at(`governance.policies[${index}].pack`, () => ({
      mode,
      engine: createPolicyEngine(loadPack(/[./\\]/.test(pack) ? toPath(pack) : pack)),
    })),
  )
  const factsOf = readUseCases(config, policies)
  const { defaultUseCase } = config
  if (defaultUseCase !== undefined && !factsOf.has(defaultUseCase)) {
    throw fault('governance.defaultUseCase', undeclared(defaultUseCase, [...factsOf.keys()]))
  }
  const nothingKnown = policies.map(({ engine }) => engine.read({}))
  const labels = new Map<string | undefined, PolicyLabel>()
  let day = Number.NaN

  function decide(useCase: string | undefined, atMs: number): readonly PackDecision[] {
    const named = useCase ?? defaultUseCase
    const facts = named === undefined ? nothingKnown : factsOf.get(named)
    if (facts === undefined) {
      throw new PlatformError('INVALID_REQUEST', undeclared(named ?? '', [...factsOf.keys()]), {
        param: 'strata.useCase',
      })
    }
    return policies.map(({ mode, engine }, index) => ({
      mode,
      decision: engine.decide(facts[index] ?? engine.read({}), atMs),
    }))
  }

  return {
    policies,
    useCases: [...factsOf.keys()],
    materials: listMaterials(config, policies),
    decide,
    label(useCase) {
      if (policies.length === 0) return undefined
      const nowMs = clock.now()
      const today = Math.floor(nowMs / dayMs)
      if (today !== day) {
        day = today
        labels.clear()
      }
      const known = labels.get(useCase)
      if (known !== undefined) return known
      const named = useCase ?? defaultUseCase
      const decisions = decide(useCase, nowMs)
      const label = toLabel({
        useCase: named,
        decisions,
        facts: named === undefined ? {} : (config.useCases[named] ?? {}),
      })
      labels.set(useCase, label) // Declared use cases are few, and no other name gets here.
      return label
    },
  }
}

function listMaterials(
  config: PolicyGuardDeps['config'],
  policies: readonly PolicyInForce[],
): readonly PolicyMaterial[] {
  const facts = Object.values(config.useCases).flatMap((byPack) =>
    policies.map(({ engine }) => toFactsMaterial(byPack[engine.pack.id] ?? {})),
  )
  const packs = policies.map(({ engine: { pack } }) => ({ kind: 'pack' as const, hash: pack.hash, text: pack.text }))
  return policies.length === 0 ? [] : [...packs, toFactsMaterial({}), ...facts]
}

function toFactsMaterial(given: unknown): PolicyMaterial {
  const text = toCanonicalJson(given)
  return { kind: 'facts', hash: createHash('sha256').update(text).digest('hex'), text }
}

/** The facts of each declared use case, for each policy in turn. */
function readUseCases(
  config: PolicyGuardDeps['config'],
  policies: readonly PolicyInForce[],
): ReadonlyMap<string, readonly Facts[]> {
  const ids = policies.map(({ engine }) => engine.pack.id)
  return new Map(
    Object.entries(config.useCases).map(([name, byPack]) => {
      const path = `governance.useCases.${name}`
      // A pack that is not in force may have its answers already; one that does not exist is a mistake.
      for (const pack of Object.keys(byPack)) {
        if (!ids.includes(pack))
          at(`${path}.${pack}`, () => createPolicyEngine(loadPack(pack)).read(byPack[pack] ?? {}))
      }
      const facts = policies.map(({ engine }) =>
        at(`${path}.${engine.pack.id}`, () => engine.read(byPack[engine.pack.id] ?? {})),
      )
      return [name, facts]
    }),
  )
}

interface Decided {
  readonly useCase: string | undefined
  readonly decisions: readonly PackDecision[]
  readonly facts: Readonly<Record<string, unknown>>
}

const severity = { allow: 0, review: 1, deny: 2 } as const

function toLabel({ useCase, decisions, facts }: Decided): PolicyLabel {
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

function at<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    throw fault(path, toPlatformError(thrown).message, thrown)
  }
}

function fault(path: string, message: string, cause?: unknown): PlatformError {
  return new PlatformError('CONFIG_INVALID', `${path}: ${message}`, { param: path, cause })
}

function undeclared(name: string, known: readonly string[]): string {
  const similar = findSimilar(name, known)
  const advice = similar.length === 0 ? 'declare it under governance.useCases' : `did you mean ${similar.join(' or ')}?`
  return `there is no use case ${name.slice(0, 64)}; ${advice}`
}
