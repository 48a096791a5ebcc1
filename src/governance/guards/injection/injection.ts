import type { Folder } from '../fold.ts'
import { createPatternFinder } from '../pattern/index.ts'
import type { Finding } from '../scan.ts'
import { encodedWeight, signs, unseenMin, unseenWeight, type Sign } from './signs.ts'
import { findHidden } from './hidden.ts'

/** What speaks for an attempt to take over a model. */
export interface Suspicion {
  /** 0 to 1; not a probability. */
  readonly score: number
  /** Places of what speaks for it, in order; of what was hidden, the place where it was hidden. */
  readonly findings: readonly Finding[]
}

export interface InjectionDetector {
  inspect(text: string): Suspicion
}

const signLengthMax = 256

function isLatin({ source }: Sign): boolean {
  return !/[\u3400-\u9fff]/.test(source)
}

/** Heuristic: looks for what such texts say, in Chinese and English, also where they hide it. Knows nothing of what they mean. */
export function createInjectionDetector(folder: Folder): InjectionDetector {
  // Apart, because an automaton over both alphabets is as large as their product.
  const [latin, chinese] = [signs.filter(isLatin), signs.filter((sign) => !isLatin(sign))]
  const finders = [latin, chinese].map((some) => createPatternFinder(some, signLengthMax))
  const weights = new Map<string, number>()

  /** The findings of one folded text. Each place stands for a sign; the weight of a kind is that of its strongest. */
  function look(text: string): readonly Finding[] {
    return finders.flatMap((finder) => finder.find(text))
  }

  return {
    inspect(text) {
      const folded = folder.foldText(text)
      const findings: Finding[] = look(folded.text).map(({ start, end, what }) => ({
        start: folded.places[start] ?? 0,
        end: folded.places[end] ?? text.length,
        what,
      }))
      const best = new Map<string, number>()
      for (const { what } of findings) best.set(what, weightOf(weights, what))
      for (const hidden of findHidden(text, folded)) {
        const inside = look(folder.foldText(hidden.text).text)
        if (inside.length === 0) continue
        findings.push({ start: hidden.start, end: hidden.end, what: 'hidden' })
        best.set('hidden', encodedWeight)
        for (const { what } of inside) best.set(what, weightOf(weights, what))
      }
      if (folded.unseen >= unseenMin && folded.unseen * 10 > folded.text.length) best.set('unseen', unseenWeight)
      let innocent = 1
      for (const weight of best.values()) innocent *= 1 - weight
      return { score: 1 - innocent, findings: findings.toSorted((left, right) => left.start - right.start) }
    },
  }
}

/** Of signs of one kind the strongest. */
function weightOf(known: Map<string, number>, what: string): number {
  let weight = known.get(what)
  if (weight === undefined) {
    weight = Math.max(...signs.filter((sign) => sign.what === what).map((sign) => sign.weight))
    known.set(what, weight)
  }
  return weight
}
