import type { Config } from '../../config/index.ts'
import type { Principal } from '../../core/call.ts'
import { assert } from '../../core/assert.ts'
import { PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Clock } from '../../core/time.ts'
import {
  builtInPacks,
  createEngine,
  loadPack,
  tiers,
  toMs,
  type Decision,
  type Pack,
  type PackDecision,
  type PolicyGuard,
  type RegisteredUseCase,
  type Tier,
} from '../policy/index.ts'
import type { NewDocument, Said, UseCaseRegistry } from './registry.ts'
import { signals } from './signals.ts'
import type { UseCase } from './use-case.ts'

/** What may be registered and activated under the packs in force, and how each use case stands. */
export interface UseCaseDesk {
  readonly registry: UseCaseRegistry
  /** The questions of each pack in force, by its id. */
  questions(): Readonly<Record<string, PolicyGuard['policies'][number]['engine']['pack']['facts']>>
  /** Those of the configuration first. */
  list(tenant: string): readonly Standing[]
  /** Rejects with NOT_FOUND. */
  get(tenant: string, name: string): Promise<FullStanding>
  /** Rejects with INVALID_REQUEST naming the answer at fault, CONFLICT for a name the configuration declares. */
  register(principal: Principal, name: string, said: Said): Promise<Standing>
  /** Rejects with INVALID_REQUEST for a slot that no pack has, NOT_FOUND. */
  addDocument(principal: Principal, name: string, document: NewDocument): Promise<Standing>
  /** Rejects with POLICY_REFUSED or POLICY_REVIEW, naming each article, missing answer and missing document. */
  activate(principal: Principal, name: string): Promise<Standing>
  retire(principal: Principal, name: string): Promise<Standing>
}

/** A use case and what the packs make of it. */
export interface Standing {
  readonly name: string
  readonly source: 'config' | 'registry'
  readonly state: 'draft' | 'active' | 'retired'
  /** Absent for those of the configuration. */
  readonly useCase: UseCase | undefined
  readonly decisions: readonly PackDecision[]
  /** The most severe tier of all packs: what is certain, and what may be. */
  readonly tier: Tier | undefined
  readonly tierPossible: Tier | undefined
}

export interface FullStanding extends Standing {
  readonly answers: Readonly<Record<string, JsonObject>>
  readonly slots: readonly Slot[]
  /** What changes by itself: the packs' decisions on days to come, where they differ from the day before. */
  readonly coming: readonly { readonly atMs: number; readonly decisions: readonly PackDecision[] }[]
  readonly signals: readonly SeenSignal[]
}

/** A document that a pack may ask for. */
export interface Slot {
  readonly slot: string
  readonly pack: string
  readonly about: string
  /** Articles of the obligations that ask for it now, or will once every rule applies. */
  readonly articles: readonly string[]
  readonly present: UseCase['documents'][number] | undefined
}

export interface SeenSignal {
  readonly signal: string
  readonly tier: Tier
  readonly count: number
  readonly firstAtMs: number
  readonly lastAtMs: number
}

export interface DeskDeps {
  readonly registry: UseCaseRegistry
  readonly policies: PolicyGuard
  readonly clock: Clock
  readonly config: Pick<Config['governance'], 'useCases' | 'registry'>
}

export function createUseCaseDesk(deps: DeskDeps): UseCaseDesk {
  const { registry, policies, config } = deps
  const packs = policies.policies.map(({ engine }) => engine.pack)
  const now = (): number => Math.trunc(deps.clock.now())

  const toStanding = (useCase: UseCase): Standing =>
    stand({
      name: useCase.name,
      source: 'registry',
      state: useCase.state,
      useCase,
      decisions: judged(policies, useCase, now()),
    })
  const toDeclared = (name: string, tenant: string): Standing =>
    stand({
      name,
      source: 'config',
      state: 'active',
      useCase: undefined,
      decisions: policies.decide(name, { atMs: now(), tenant }),
    })

  const find = (tenant: string, name: string): Standing => {
    if (policies.useCases.includes(name)) return toDeclared(name, tenant)
    return toStanding(need(registry, tenant, name))
  }

  return {
    registry,
    questions: () => Object.fromEntries(packs.map(({ id, facts }) => [id, facts])),
    list: (tenant) => [
      ...policies.useCases.map((name) => toDeclared(name, tenant)),
      ...registry.listOf(tenant).map(toStanding),
    ],
    async get(tenant, name) {
      const standing = find(tenant, name)
      const answers = standing.useCase?.answers ?? (config.useCases[name] as Record<string, JsonObject>) // checked when it was read
      const subject: RegisteredUseCase = standing.useCase ?? toSubject(name, answers)
      const seen = await registry.listSignals(tenant, name)
      return {
        ...standing,
        answers,
        slots: listSlots(policies, { subject, useCase: standing.useCase, nowMs: now() }),
        coming: listComing(policies, subject, now()),
        signals: seen.map(({ signal, count, first_at_ms: firstAtMs, last_at_ms: lastAtMs }) => {
          const tier = signals.find(({ id }) => id === signal)?.tier ?? 'limited'
          return { signal, tier, count, firstAtMs, lastAtMs }
        }),
      }
    },
    async register(principal, name, said) {
      if (Object.hasOwn(config.useCases, name)) {
        throw new PlatformError('CONFLICT', `the configuration declares ${name} already`, { param: 'name' })
      }
      checkAnswers(policies, said.answers)
      return toStanding(await registry.register(principal, name, said))
    },
    async addDocument(principal, name, document) {
      checkSlot(packs, document.slot)
      return toStanding(await registry.addDocument(principal, name, document))
    },
    activate: async (principal, name) => toStanding(await activate(deps, principal, { name, nowMs: now() })),
    async retire(principal, name) {
      return toStanding(await registry.retire(principal, name))
    },
  }
}

async function activate(
  { registry, policies, config }: DeskDeps,
  principal: Principal,
  { name, nowMs }: { readonly name: string; readonly nowMs: number },
): Promise<UseCase> {
  const useCase = need(registry, principal.tenant, name)
  const latest = (await registry.listVersions(principal.tenant, name)).at(-1)
  assert(latest !== undefined, 'what is registered has a version')
  const days = listDays(config.registry.activation, policies, nowMs)
  refuseUnready(policies, { ...useCase, answers: latest.answers }, days)
  return registry.activate(principal, name, latest.version)
}

function need(registry: UseCaseRegistry, tenant: string, name: string): UseCase {
  const useCase = registry.find(tenant, name)
  if (useCase === undefined) throw new PlatformError('NOT_FOUND', `no use case ${name.slice(0, 64)} is registered`)
  return useCase
}

/** What the packs make of it; nothing where its answers no longer fit them, and requests are refused then. */
function judged(policies: PolicyGuard, useCase: RegisteredUseCase, atMs: number): readonly PackDecision[] {
  try {
    return policies.judge(useCase, atMs)
  } catch {
    return []
  }
}

function stand(known: Omit<Standing, 'tier' | 'tierPossible'>): Standing {
  const worst = (of: (decision: Decision) => Tier | undefined): Tier | undefined => {
    const places = known.decisions.map(({ decision }) => tiers.indexOf(of(decision) ?? 'minimal'))
    return places.length === 0 ? undefined : tiers[Math.max(...places)]
  }
  return { ...known, tier: worst(({ tier }) => tier), tierPossible: worst(({ tierPossible }) => tierPossible) }
}

function toSubject(name: string, answers: Readonly<Record<string, JsonObject>>): RegisteredUseCase {
  const evidence = Object.values(answers).flatMap((each) => {
    const given = each['evidence']
    return Array.isArray(given) ? given.map(String) : []
  })
  return { name, answers, evidence, isActive: true, isRaised: false }
}

/** Every answer must be one of its pack; which documents exist is not answered but put on record. */
function checkAnswers(policies: PolicyGuard, answers: Said['answers']): void {
  for (const [id, given] of Object.entries(answers)) {
    const param = `answers.${id}`
    if (Object.hasOwn(given, 'evidence')) {
      const message = `${param}.evidence is not answered: put each document on record with its hash`
      throw new PlatformError('INVALID_REQUEST', message, { param: `${param}.evidence` })
    }
    const inForce = policies.policies.find(({ engine }) => engine.pack.id === id)?.engine
    if (inForce === undefined && !builtInPacks.some((pack) => pack === id)) {
      throw new PlatformError('INVALID_REQUEST', `there is no pack ${id.slice(0, 64)}`, { param })
    }
    try {
      ;(inForce ?? createEngine(loadPack(id))).read(given)
    } catch (thrown) {
      if (!(thrown instanceof PlatformError)) throw thrown
      throw new PlatformError('INVALID_REQUEST', `${param}: ${thrown.message}`, { param, cause: thrown })
    }
  }
}

/** The instants at which a use case is judged before it is activated: now, and each day on which a rule begins or ends. */
function listDays(activation: 'all-dates' | 'now', { policies }: PolicyGuard, nowMs: number): readonly number[] {
  if (activation === 'now') return [nowMs]
  const dates = policies.flatMap(({ engine }) =>
    engine.pack.rules.flatMap(({ from, until }) => (until === undefined ? [from] : [from, until])),
  )
  const coming = [...new Set(dates.map(toMs))].filter((atMs) => atMs > nowMs)
  return [nowMs, ...coming.toSorted((left, right) => left - right)]
}

function refuseUnready(policies: PolicyGuard, useCase: RegisteredUseCase, days: readonly number[]): void {
  const faults = new Map<string, 'deny' | 'review'>()
  for (const atMs of days) {
    for (const { mode, decision } of policies.judge(useCase, atMs)) {
      if (mode === 'shadow' || decision.decision === 'allow') continue
      for (const fault of listFaults(decision, atMs)) faults.set(fault, decision.decision)
    }
  }
  if (faults.size === 0) return
  const code = [...faults.values()].includes('deny') ? 'POLICY_REFUSED' : 'POLICY_REVIEW'
  throw new PlatformError(code, `${useCase.name} cannot be activated: ${[...faults.keys()].join(' ')}`, {
    details: { faults: [...faults.keys()] },
  })
}

/** What stands in the way, in one sentence each. */
function listFaults(decision: Decision, atMs: number): readonly string[] {
  const { effects, obligations, pack } = decision
  const missing = obligations.filter(({ isFulfilled }) => isFulfilled === false)
  return effects.flatMap((effect) => {
    if (effect.decision !== decision.decision) return []
    const from = new Date(atMs).toISOString().slice(0, 10)
    const documents = missing
      .filter(({ rules }) => rules.includes(effect.rule))
      .map(({ document, article }) => `${document} (${article})`)
    const lacks = [
      ...(effect.missing.length === 0 ? [] : [`not answered: ${effect.missing.join(', ')}`]),
      ...(documents.length === 0 ? [] : [`no document yet: ${documents.join(', ')}`]),
    ]
    return [
      `${pack.id}, ${from}, ${effect.article}: ${effect.reason}${lacks.length === 0 ? '' : ` ${lacks.join('; ')}.`}`,
    ]
  })
}

function checkSlot(packs: readonly Pack[], slot: string): void {
  const known = [...packs, ...builtInPacks.map((id) => loadPack(id))].flatMap(slotsOf)
  if (known.includes(slot)) return
  throw new PlatformError('INVALID_REQUEST', `no pack asks for a document ${slot.slice(0, 64)}`, { param: 'slot' })
}

function slotsOf({ facts }: { readonly facts: Readonly<Record<string, object>> }): readonly string[] {
  const evidence = facts['evidence']
  return evidence !== undefined && 'values' in evidence ? Object.keys(evidence.values as object) : []
}

interface SlotQuestion {
  readonly subject: RegisteredUseCase
  readonly useCase: UseCase | undefined
  readonly nowMs: number
}

function listSlots(policies: PolicyGuard, { subject, useCase, nowMs }: SlotQuestion): readonly Slot[] {
  const asked = new Map<string, Set<string>>()
  for (const atMs of listDays('all-dates', policies, nowMs)) {
    for (const { decision } of judged(policies, subject, atMs)) {
      for (const { document, article } of decision.obligations) {
        if (document === undefined) continue
        const key = `${decision.pack.id} ${document}`
        asked.set(key, (asked.get(key) ?? new Set()).add(article))
      }
    }
  }
  return policies.policies.flatMap(({ engine: { pack } }) => {
    const evidence = pack.facts['evidence']
    if (evidence === undefined || !('values' in evidence)) return []
    return Object.entries(evidence.values).map(([slot, about]): Slot => {
      const articles = [...(asked.get(`${pack.id} ${slot}`) ?? [])]
      const present = useCase?.documents.find((document) => document.slot === slot)
      return { slot, pack: pack.id, about, articles, present }
    })
  })
}

function listComing(policies: PolicyGuard, subject: RegisteredUseCase, nowMs: number): FullStanding['coming'] {
  const coming: { atMs: number; decisions: readonly PackDecision[] }[] = []
  const say = (decisions: readonly PackDecision[]): string =>
    JSON.stringify(decisions.map(({ decision: { decision, tier, tierPossible } }) => [decision, tier, tierPossible]))
  let last = say(judged(policies, subject, nowMs))
  for (const atMs of listDays('all-dates', policies, nowMs).slice(1)) {
    const decisions = judged(policies, subject, atMs)
    if (say(decisions) === last) continue
    last = say(decisions)
    coming.push({ atMs, decisions })
  }
  return coming
}
