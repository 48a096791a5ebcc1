import { readUsage } from '../signals/content-usage.ts'
import { readHtmlHead, readRobotsTag } from '../signals/html-head.ts'
import { readLicence, type Licence } from '../signals/licences.ts'
import { parseRobots, readRobots } from '../signals/robots.ts'
import { readRsl } from '../signals/rsl.ts'
import {
  purposes,
  stateAll,
  toRaw,
  type Contract,
  type Purpose,
  type RightsSources,
  type Signal,
  type Statement,
} from '../signals/signal.ts'
import { readTdmrep, toReservation } from '../signals/tdmrep.ts'

/** Whether a work may be used for a purpose, and whose word decided. */
export interface Verdict {
  readonly permits: boolean
  /** The kind of the signal that decided; `default` when nobody said anything. */
  readonly by: Signal['kind'] | 'default'
  /** What the permission asks for, when that is why it is none: `purchase`. */
  readonly condition?: string | undefined
}

export type Verdicts = Readonly<Record<Purpose, Verdict>>

export interface Rights {
  readonly signals: readonly Signal[]
  readonly licence: Licence | undefined
  readonly verdicts: Verdicts
}

export interface RightsDefaults {
  /** What holds where nobody has said anything, by purpose. */
  readonly permits: Readonly<Record<Purpose, boolean>>
  /** Whether what is done here is commercial: licences that forbid that permit nothing then. */
  readonly isCommercial: boolean
}

/** Everything that was said of a document, read, and the verdict for each purpose. Pure. */
export function decideRights(sources: RightsSources, defaults: RightsDefaults): Rights {
  const head = sources.html === undefined ? undefined : readHtmlHead(sources.html)
  const named = sources.licence ?? head?.licence
  const licence = named === undefined || named.trim() === '' ? undefined : readLicence(named)
  const signals = [
    ...readContract(sources.contract),
    ...readLicenceSignal(licence, defaults),
    ...readSignals(sources),
    ...(head?.signals ?? []),
  ]
  const verdicts = Object.fromEntries(
    purposes.map((purpose) => [purpose, decide(signals, purpose, defaults.permits[purpose])]),
  ) as Record<Purpose, Verdict> // one entry for each purpose, see above
  return { signals, licence, verdicts }
}

function readContract(contract: Contract | undefined): readonly Signal[] {
  if (contract === undefined) return []
  const statements = purposes.map((purpose): Statement => ({ purpose, permits: contract.permits.includes(purpose) }))
  return [{ kind: 'contract', scope: 'document', raw: toRaw(contract.id), statements }]
}

/** An open licence permits what is asked; one that forbids commerce forbids it where commerce is done; others say nothing. */
function readLicenceSignal(licence: Licence | undefined, { isCommercial }: RightsDefaults): readonly Signal[] {
  if (licence?.permitsCopies !== true) return []
  const isForbidden = licence.isNonCommercial && isCommercial
  return [{ kind: 'licence', scope: 'document', raw: toRaw(licence.id), statements: stateAll(purposes, !isForbidden) }]
}

function readSignals(sources: RightsSources): readonly Signal[] {
  const { headers = {}, robotsTxt, tdmrepJson, aiTxt, rslXml } = sources
  const path = toPath(sources.url)
  const robotsTag = headers['x-robots-tag']
  const usage = headers['content-usage']
  return [
    ...toReservation(headers['tdm-reservation'], headers['tdm-policy'], 'document'),
    ...(usage === undefined ? [] : readUsage(usage, 'document')),
    ...(robotsTag === undefined ? [] : readRobotsTag(robotsTag, 'x-robots-tag')),
    ...(robotsTxt === undefined ? [] : readRobots(robotsTxt, path)),
    ...(tdmrepJson === undefined ? [] : readTdmrep(tdmrepJson, path)),
    ...(rslXml === undefined ? [] : readRsl(rslXml, path)),
    ...(aiTxt === undefined ? [] : readAiTxt(aiTxt, path)),
  ]
}

function toPath(url: string | undefined): string {
  if (url === undefined || !URL.canParse(url)) return '/'
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** `ai.txt` (Spawning): rules in the form of robots.txt, of training, by path or by the ending of files. */
function readAiTxt(text: string, path: string): readonly Signal[] {
  const rules = parseRobots(text)
    .filter(({ agents }) => agents.includes('*'))
    .flatMap((group) => group.rules)
  const matching = rules.filter((rule) => rule.path === '/' || rule.path === '*' || isMatch(rule.path, path))
  const [rule] = matching.toSorted((left, right) => right.path.length - left.path.length)
  if (rule === undefined) return []
  const scope = rule.path === '/' || rule.path === '*' ? 'site' : 'path'
  const raw = toRaw(`${rule.allows ? 'allow' : 'disallow'}: ${rule.path}`)
  return [{ kind: 'ai-txt', scope, raw, statements: stateAll(['train'], rule.allows) }]
}

function isMatch(rule: string, path: string): boolean {
  if (rule.startsWith('*.')) return path.toLowerCase().endsWith(rule.slice(1).toLowerCase())
  return rule !== '' && path.startsWith(rule)
}

/**
 * A contract goes before everything; then what is said of the document, its licence included, then of its path, then of the site.
 * Among those that count alike the stricter one stands.
 */
function decide(signals: readonly Signal[], purpose: Purpose, otherwise: boolean): Verdict {
  const said = signals.flatMap((signal) =>
    signal.statements
      .filter((statement) => statement.purpose === purpose)
      .map((statement) => ({ rank: rankOf(signal), by: signal.kind, statement })),
  )
  const best = Math.min(...said.map(({ rank }) => rank))
  const counting = said.filter(({ rank }) => rank === best)
  const [verdict] = counting.toSorted((left, right) => strictness(right.statement) - strictness(left.statement))
  if (verdict === undefined) return { permits: otherwise, by: 'default' }
  const { permits, condition } = verdict.statement
  if (condition !== undefined) return { permits: false, by: verdict.by, condition }
  return { permits, by: verdict.by }
}

function rankOf({ kind, scope }: Signal): number {
  if (kind === 'contract') return 0
  return scope === 'document' ? 1 : scope === 'path' ? 2 : 3
}

function strictness({ permits, condition }: Statement): number {
  return permits ? (condition === undefined ? 0 : 1) : 2
}
