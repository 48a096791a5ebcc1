import type { Config } from '../../config/index.ts'
import type { EventLog, Place, RegionGate, RegionVerdict } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import { createPolicyEngine, loadPack, type Decision } from '../policy/index.ts'
import type { RegionLattice } from './gate.ts'
import { toPlaceFacts } from './place-facts.ts'

export interface SovereignGateDeps {
  readonly lattice: RegionLattice
  readonly rules: Config['governance']['sovereignty']
  readonly clock: Pick<Clock, 'now'>
  readonly log: EventLog
}

const dayMs = 86_400_000
const pass: RegionVerdict = Object.freeze({ type: 'pass' })

/**
 * The gate of everything that leaves: regions first, then, where `governance.sovereignty` says so, the pack `eu-sovereignty` on
 * what is known of the place. Unknown is not allowed; evidence that has expired leaves unknown what it showed. What it decides on
 * a place holds for the day.
 */
export function createSovereignGate({ lattice, rules, clock, log }: SovereignGateDeps): RegionGate {
  if (rules === undefined) return lattice
  const engine = createPolicyEngine(loadPack('eu-sovereignty'))
  const told = new Set<string>()
  return {
    validUntilMs: (atMs) => (Math.floor(atMs / dayMs) + 1) * dayMs,
    decide(place, allowedRegions) {
      const verdict = lattice.decide(place, allowedRegions)
      if (verdict.type === 'deny') return verdict
      const atMs = clock.now()
      const facts = engine.encode(toPlaceFacts(lattice, { place, allowedRegions, rules, atMs }))
      const decision = engine.decide(facts, atMs)
      if (decision.decision !== 'deny') return pass
      const reason = explain(decision)
      if (rules.mode === 'enforce') return { type: 'deny', reason }
      const key = describePlace(place, reason)
      if (told.size < toldMax && !told.has(key)) {
        told.add(key)
        log.warn({ processing: [...(place.processing ?? [])], reason }, 'a place would be refused')
      }
      return pass
    },
  }
}

const toldMax = 1_000

function describePlace({ processing = [], storage = [] }: Place, reason: string): string {
  return `${processing.join(' ')} · ${storage.join(' ')} · ${reason}`
}

function explain({ effects, pack }: Decision): string {
  const reasons = effects
    .filter(({ decision }) => decision === 'deny')
    .map(({ article, reason, missing }) => {
      const unknown = missing.length === 0 ? '' : ` (not known: ${missing.join(', ')})`
      return `${article}: ${reason}${unknown}`
    })
  return `${pack.id}: ${reasons.join(' ')}`
}
