import { findSignals, signals } from '../../src/governance/use-cases/index.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'
import { lawHarmless } from './hints/harmless.ts'
import { lawHints } from './hints/law.ts'
import { harmless, hints, type Hints } from './hints/phrases.ts'

type Language = 'en' | 'zh'

/** `phrases` were written by who had read the patterns, `law` from the wording of the law before its rules. */
const sets = { phrases: { hints, harmless }, law: { hints: lawHints, harmless: lawHarmless } }

/** How many requests that hint at an undeclared use are noticed, and how many that hint at none are. */
export const scorecard: Scorecard = {
  name: 'hints',
  purpose:
    'hints in the words of requests at uses that have to be declared: how many are noticed, in English and Chinese',
  run({ print }): Promise<Measurement> {
    const figures: Record<string, number> = {}
    for (const [name, set] of Object.entries(sets)) {
      for (const language of ['en', 'zh'] as const) {
        for (const half of ['mended', 'reported'] as const) {
          const { found, all, missed } = count(set.hints, { language, half })
          figures[`${name}.${language}.${half}.recall`] = found / all
          figures[`${name}.${language}.${half}.phrases`] = all
          // Of the other half nothing is shown but the number: who mends must not see it.
          if (half === 'mended') for (const phrase of missed) print(`not noticed: ${phrase}`)
        }
        const wrong = set.harmless[language].filter((phrase) => findSignals(phrase).length > 0)
        for (const phrase of wrong) print(`noticed: ${findSignals(phrase).join()}: ${phrase}`)
        figures[`${name}.${language}.harmlessNoticed`] = wrong.length
        figures[`${name}.${language}.harmless`] = set.harmless[language].length
      }
    }
    return Promise.resolve({ figures: { signals: signals.length, ...figures }, promised: {}, unmeasured: [] })
  },
}

function count(all: Hints, { language, half }: { readonly language: Language; readonly half: 'mended' | 'reported' }) {
  const missed: string[] = []
  let phrasesCount = 0
  for (const [id, phrases] of Object.entries(all)) {
    for (const [index, phrase] of phrases[language].entries()) {
      if ((index % 2 === 0) !== (half === 'mended')) continue
      phrasesCount += 1
      if (!findSignals(phrase).includes(id)) missed.push(`${id}: ${phrase}`)
    }
  }
  return { found: phrasesCount - missed.length, all: phrasesCount, missed }
}
