import { tiers, type Rule } from './pack.ts'
import { toBitset, type RuleIndex } from './rule-index.ts'

/** What is the same of many rules, so that it is decided 32 at a time. */
interface MaskedRule {
  readonly rule: Pick<Rule, 'effect'>
  readonly tier: number
  readonly documents: number
  readonly unknown: 0 | 1 | 2
}

/** Rules that say alike, 32 to a word. */
export interface Masks {
  /** That deny, that ask for documents, that allow; all others than those that allow. */
  readonly denying: Int32Array
  readonly documented: Int32Array
  readonly allowing: Int32Array
  readonly ruling: Int32Array
  /** That make of the unknown an allowance, a review, a denial. */
  readonly unknown: readonly [Int32Array, Int32Array, Int32Array]
  /** Of each tier. */
  readonly tiers: readonly Int32Array[]
}

export function toMasks(rules: readonly MaskedRule[]): Masks {
  const words = (rules.length + 31) >>> 5
  const of = (isMeant: (rule: MaskedRule) => boolean): Int32Array =>
    toBitset(
      words,
      rules.flatMap((rule, index) => (isMeant(rule) ? [index] : [])),
    )
  const isAllowing = ({ rule }: MaskedRule): boolean => rule.effect === 'allow'
  return {
    denying: of(({ rule }) => rule.effect === 'deny'),
    documented: of((rule) => !isAllowing(rule) && rule.rule.effect !== 'deny' && rule.documents !== 0),
    allowing: of(isAllowing),
    ruling: of((rule) => !isAllowing(rule)),
    unknown: [
      of(({ unknown }) => unknown === 0),
      of(({ unknown }) => unknown === 1),
      of(({ unknown }) => unknown === 2),
    ],
    tiers: tiers.map((_, tier) => of((rule) => rule.tier === tier)),
  }
}

/** The most severe tier of the rules that hold, or of those too that may. */
export function findTier(masks: readonly Int32Array[], { possible, open }: RuleIndex, isPossible: boolean): number {
  for (let tier = masks.length - 1; tier > 0; tier--) {
    const mask = masks[tier]
    for (let word = 0; word < possible.length; word++) {
      const fired = isPossible ? (possible[word] ?? 0) : (possible[word] ?? 0) & ~(open[word] ?? 0)
      if ((fired & (mask?.[word] ?? 0)) !== 0) return tier
    }
  }
  return 0
}
