import { toCanonicalJson } from '../../core/canonical-json.ts'
import type { Pack } from './pack.ts'

/** What differs between two versions of a pack. */
export interface PackDifference {
  readonly part: 'rule' | 'definition' | 'obligation' | 'fact' | 'head'
  readonly name: string
  readonly change: 'added' | 'removed' | 'changed'
  /** Which fields changed. */
  readonly fields: readonly string[]
}

/** In the order of the packs: what is new or changed in `after`, then what is gone. */
export function diffPacks(before: Pack, after: Pack): readonly PackDifference[] {
  const head = (pack: Pack): Parts => {
    const { version, corpus, verifiedOn, staleAfterDays, default: fallback } = pack
    return { pack: { version, corpus, verifiedOn, staleAfterDays, default: fallback } }
  }
  return [
    ...diffParts('head', head(before), head(after)),
    ...diffParts('rule', byId(before), byId(after)),
    ...diffParts('definition', Object.fromEntries(before.definitions), Object.fromEntries(after.definitions)),
    ...diffParts('obligation', before.obligations, after.obligations),
    ...diffParts('fact', before.facts, after.facts),
  ]
}

type Parts = Readonly<Record<string, object>>

function byId({ rules }: Pack): Parts {
  return Object.fromEntries(rules.map((rule) => [rule.id, rule]))
}

function diffParts(part: PackDifference['part'], before: Parts, after: Parts): readonly PackDifference[] {
  const changes = Object.entries(after).flatMap(([name, now]): readonly PackDifference[] => {
    const was = Object.hasOwn(before, name) ? before[name] : undefined
    if (was === undefined) return [{ part, name, change: 'added', fields: [] }]
    const fields = changedFields(was, now)
    return fields.length === 0 ? [] : [{ part, name, change: 'changed', fields }]
  })
  const removed = Object.keys(before).filter((name) => !Object.hasOwn(after, name))
  return [...changes, ...removed.map((name) => ({ part, name, change: 'removed' as const, fields: [] }))]
}

function changedFields(was: object, now: object): readonly string[] {
  const fields = (value: object): Readonly<Record<string, unknown>> => ({ ...value })
  const names = new Set([...Object.keys(was), ...Object.keys(now)])
  return [...names].filter((name) => toText(fields(was)[name]) !== toText(fields(now)[name]))
}

function toText(value: unknown): string {
  return value === undefined ? '' : toCanonicalJson(value)
}
