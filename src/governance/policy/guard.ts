import type { Config } from '../../config/index.ts'
import type { PolicyLabel } from '../../core/call.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import { findSimilar } from '../../core/similar.ts'
import type { Clock } from '../../core/time.ts'
import { loadPack } from './catalogue.ts'
import { createEngine } from './engines.ts'
import type { Facts } from './facts.ts'
import { toFactsMaterial, toLabel, type PackDecision, type PolicyInForce, type PolicyMaterial } from './label.ts'
import { createRegisteredPolicies, type RegisteredPolicies, type RegisteredUseCase } from './registered.ts'

/** The packs in force, asked about the use case of each request. */
export interface PolicyGuard {
  readonly policies: readonly PolicyInForce[]
  /** Every declared use case, by name. */
  readonly useCases: readonly string[]
  /**
   * What the packs decide today on a use case; `undefined` when no pack is in force. The same object for equal questions
   * on one day. Throws INVALID_REQUEST for a use case that is neither declared nor registered by the tenant. Cost: a few look-ups.
   */
  label(useCase: string | undefined, tenant: string): PolicyLabel | undefined
  /** What decisions are made from: each pack, and the facts of each use case for it, as canonical JSON by hash. */
  readonly materials: readonly PolicyMaterial[]
  /** Decisions of each pack on a use case at an instant, with their explanations. Throws as `label`. */
  decide(useCase: string | undefined, question: PolicyQuestion): readonly PackDecision[]
  /** The same for answers that may not be registered yet. Throws INVALID_REQUEST naming the fact at fault. */
  readonly judge: RegisteredPolicies['judge']
  readonly materialsOf: RegisteredPolicies['materialsOf']
}

export interface PolicyQuestion {
  readonly atMs: number
  readonly tenant: string
}

export interface UseCaseLookup {
  find(tenant: string, name: string): RegisteredUseCase | undefined
  /** Of every tenant. */
  list(): readonly RegisteredUseCase[]
}

export interface PolicyGuardDeps {
  readonly config: Pick<Config['governance'], 'policies' | 'useCases' | 'defaultUseCase'>
  readonly clock: Clock
  /** Where relative paths of packs start. */
  readonly toPath: (path: string) => string
  /** Use cases that tenants have registered; those of the configuration go before. */
  readonly registered?: UseCaseLookup | undefined
}

const dayMs = 86_400_000

/** Throws CONFIG_INVALID naming the key of a pack that cannot be read or of facts that it does not ask for. */
export function createPolicyGuard({ config, clock, toPath, registered }: PolicyGuardDeps): PolicyGuard {
  const policies = config.policies.map(({ pack, mode }, index) =>
    at(`governance.policies[${index}].pack`, () => ({
      mode,
      engine: createEngine(loadPack(/[./\\]/.test(pack) ? toPath(pack) : pack)),
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

  const registrations = createRegisteredPolicies(policies)
  const findRegistered = (name: string | undefined, tenant: string): RegisteredUseCase | undefined =>
    name === undefined || factsOf.has(name) ? undefined : registered?.find(tenant, name)

  function decide(useCase: string | undefined, { atMs, tenant }: PolicyQuestion): readonly PackDecision[] {
    const named = useCase ?? defaultUseCase
    const registration = findRegistered(named, tenant)
    if (registration !== undefined) return registrations.judge(registration, atMs)
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
    get materials() {
      const made = (registered?.list() ?? []).flatMap((each) => registrations.materialsOf(each))
      return [...listMaterials(config, policies), ...made]
    },
    ...registrations,
    decide,
    label(useCase, tenant) {
      const nowMs = clock.now()
      const named = useCase ?? defaultUseCase
      const registration = findRegistered(named, tenant)
      if (policies.length === 0 && registration === undefined) return undefined
      if (registration !== undefined) return registrations.label(registration, nowMs)
      const today = Math.floor(nowMs / dayMs)
      if (today !== day) {
        day = today
        labels.clear()
      }
      const known = labels.get(useCase)
      if (known !== undefined) return known
      const decisions = decide(useCase, { atMs: nowMs, tenant })
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
        if (!ids.includes(pack)) at(`${path}.${pack}`, () => createEngine(loadPack(pack)).read(byPack[pack] ?? {}))
      }
      const facts = policies.map(({ engine }) =>
        at(`${path}.${engine.pack.id}`, () => engine.read(byPack[engine.pack.id] ?? {})),
      )
      return [name, facts]
    }),
  )
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
