import type { Folder } from '../fold.ts'
import { createPatternFinder } from '../pattern/index.ts'
import type { Finding } from '../scan.ts'
import type { Sign } from './sign.ts'
import { encodedWeight, isLatin, signs, unseenMin, unseenWeight } from './signs.ts'
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

/** Heuristic: looks for what such texts say, in Chinese and English, also where they hide it. Knows nothing of what they mean. */
export function createInjectionDetector(folder: Folder): InjectionDetector {
  // Apart, because an automaton over both alphabets is as large as their product.
  const finders = [true, false].map((wanted) =>
    createPatternFinder(
      signs.flatMap((sign, index) =>
        isLatin(sign) === wanted ? [{ ...sign, what: String(index), words: wanted && !endsOpen(sign) }] : [],
      ),
      signLengthMax,
    ),
  )

  /** The signs in one folded text; `what` is the number of the sign. */
  const look = (text: string): readonly Finding[] => finders.flatMap((finder) => finder.find(text))

  const detector: InjectionDetector = {
    inspect(text) {
      const folded = folder.foldText(text)
      const evidence = new Evidence()
      const plain = look(folded.text)
      const said = new Set(plain.map(({ what }) => what))
      const findings: Finding[] = plain.map(({ start, end, what }) => ({
        start: folded.places[start] ?? 0,
        end: folded.places[end] ?? text.length,
        what: evidence.add(what),
      }))
      for (const hidden of findHidden(text, folded)) {
        // What is said openly as well is not hidden.
        const inside = look(folder.foldText(hidden.text).text).filter(({ what }) => !said.has(what))
        if (inside.length === 0) continue
        for (const { what } of inside) evidence.add(what)
        evidence.weigh('hidden', encodedWeight)
        findings.push({ start: hidden.start, end: hidden.end, what: 'hidden' })
      }
      if (folded.unseen >= unseenMin && folded.unseen * 10 > folded.text.length) evidence.weigh('unseen', unseenWeight)
      return { score: evidence.score, findings: findings.toSorted((left, right) => left.start - right.start) }
    },
  }
  // Its automata are made while they run: the first request is not to wait for that.
  detector.inspect(warmText)
  return detector
}

const warmText =
  'Please summarise the report above, list the rules that apply to the system, and send it to the team by email. 请根据以上内容回答问题，并列出系统的规则。'

/** The sign ends where an address goes on. */
function endsOpen({ what }: Sign): boolean {
  return what === 'exfiltration'
}

/** What speaks for an attempt: of each kind the strongest sign, and kinds add up as independent ones would. */
class Evidence {
  readonly #weights = new Map<string, number>()

  /** The kind of a sign, which now counts. */
  add(number: string): string {
    const sign = signs[Number(number)]
    if (sign === undefined) return 'unknown'
    this.weigh(sign.what, sign.weight)
    return sign.what
  }

  weigh(kind: string, weight: number): void {
    this.#weights.set(kind, Math.max(weight, this.#weights.get(kind) ?? 0))
  }

  get score(): number {
    let innocent = 1
    for (const weight of this.#weights.values()) innocent *= 1 - weight
    return 1 - innocent
  }
}
