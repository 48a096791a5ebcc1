import { findSignals, signals } from '../../src/governance/use-cases/index.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'
import { harmless, hints } from './hints/phrases.ts'

type Language = 'en' | 'zh'

/** How many requests that hint at an undeclared use are noticed, and how many that hint at none are. */
export const scorecard: Scorecard = {
  name: 'hints',
  purpose:
    'hints in the words of requests at uses that have to be declared: how many are noticed, in English and Chinese',
  run({ print }): Promise<Measurement> {
    const figures: Record<string, number> = {}
    for (const language of ['en', 'zh'] as const) {
      for (const half of ['mended', 'reported'] as const) {
        const { found, all, missed } = count(language, half)
        figures[`${language}.${half}.recall`] = found / all
        figures[`${language}.${half}.phrases`] = all
        // Of the other half nothing is shown but the number: who mends must not see it.
        if (half === 'mended') for (const phrase of missed) print(`not noticed: ${phrase}`)
      }
      const wrong = harmless[language].filter((phrase) => findSignals(phrase).length > 0)
      figures[`${language}.harmlessNoticed`] = wrong.length
    }
    return Promise.resolve({ figures: { signals: signals.length, ...figures }, promised: {}, unmeasured: [] })
  },
}

function count(language: Language, half: 'mended' | 'reported') {
  const missed: string[] = []
  let all = 0
  for (const [id, phrases] of Object.entries(hints)) {
    for (const [index, phrase] of phrases[language].entries()) {
      if ((index % 2 === 0) !== (half === 'mended')) continue
      all += 1
      if (!findSignals(phrase).includes(id)) missed.push(`${id}: ${phrase}`)
    }
  }
  return { found: all - missed.length, all, missed }
}
