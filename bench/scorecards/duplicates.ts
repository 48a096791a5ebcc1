import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { createSeededRandom, type Random } from '../../src/core/random.ts'
import { createDuplicateIndex } from '../../src/tools/index.ts'
import type { Bound, Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'

const editShares = [0.01, 0.03, 0.05, 0.1] as const

/** Whether texts that say the same are found, and no others. */
export const scorecard: Scorecard = {
  name: 'duplicates',
  purpose:
    'a paragraph with some of its characters changed, left out or added is found as a duplicate of the one it was made from, ' +
    'and no two different paragraphs are taken for one',
  async run(options): Promise<Measurement> {
    const figures: Record<string, number> = {}
    const unmeasured: string[] = []
    const promised: Record<string, Bound> = {}
    for (const language of ['chinese', 'traditional', 'english'] as const) {
      promised[`${language}.recall.edits5`] = ['>=', 0.99]
      promised[`${language}.falsePairsPer50000`] = ['<=', 1]
    }
    for (const language of ['chinese', 'traditional', 'english', 'reports'] as const) {
      const texts = readTexts(language, options.dataFolder)
      if (texts.length === 0) unmeasured.push(`${language}.docsPerSecond`)
      else for (const [key, value] of Object.entries(measure(texts, options))) figures[`${language}.${key}`] = value
    }
    return { figures, promised, unmeasured }
  },
}

function measure(texts: readonly string[], { seed, clock, print }: ScorecardOptions): Record<string, number> {
  const figures: Record<string, number> = { documents: texts.length }
  const startedMs = clock.monotonicMs()
  const index = createDuplicateIndex()
  const pairsFound: string[] = []
  for (const [number, text] of texts.entries()) {
    for (const pair of index.add({ id: `${number}`, text }))
      pairsFound.push(`${pair.id} and ${number}: ${pair.jaccard.toFixed(2)}`)
  }
  figures['docsPerSecond'] = (texts.length * 1_000) / (clock.monotonicMs() - startedMs)
  for (const line of pairsFound.slice(0, 20)) print(`  taken for one: ${line}`)
  const pairs = (texts.length * (texts.length - 1)) / 2
  figures['pairs'] = pairs
  figures['falsePairs'] = pairsFound.length
  figures['falsePairsPer50000'] = (pairsFound.length * 50_000) / pairs
  const random = createSeededRandom(seed)
  for (const share of editShares) {
    let found = 0
    for (const [number, text] of texts.entries()) {
      const pairsOfEdited = index.add({ id: 'edited', text: edit(text, share, random) })
      if (pairsOfEdited.some(({ id }) => id === `${number}`)) found++
    }
    index.remove('edited')
    figures[`recall.edits${share * 100}`] = found / texts.length
  }
  return figures
}

/** Each character is changed, left out or followed by another with the given chance, from the characters of the text. */
function edit(text: string, share: number, random: Random): string {
  const characters = Array.from(text)
  const draw = (): string => characters[Math.floor(random.next() * characters.length)] ?? ''
  return characters
    .map((character) => {
      if (random.next() >= share) return character
      const kind = random.next()
      return kind < 1 / 3 ? draw() : kind < 2 / 3 ? '' : character + draw()
    })
    .join('')
}

const squad = z.looseObject({
  data: z.array(z.looseObject({ paragraphs: z.array(z.looseObject({ context: z.string() })) })),
})

type Texts = 'chinese' | 'traditional' | 'english' | 'reports'

/**
 * The yearly reports of companies repeat themselves, so what is found among them is no error: they are a set apart. The
 * mastheads of articles are left out, for they are the same licence with another title.
 */
function readTexts(texts: Texts, dataFolder: string): readonly string[] {
  if (texts === 'chinese' || texts === 'traditional') {
    const file = texts === 'chinese' ? 'retrieval/cmrc2018/cmrc2018_dev.json' : 'retrieval/drcd/DRCD_test.json'
    const path = join(dataFolder, file)
    if (!existsSync(path)) return []
    const { data } = squad.parse(JSON.parse(readFileSync(path, 'utf8')))
    return [...new Set(data.flatMap(({ paragraphs }) => paragraphs.map(({ context }) => context)))]
  }
  const folder = join(dataFolder, 'retrieval/chunking_eval')
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter(
    (name) => name.endsWith('.md') && (name === 'finance.md') === (texts === 'reports'),
  )
  return [...new Set(files.flatMap((name) => toParagraphs(readFileSync(join(folder, name), 'utf8'))))].slice(0, 1_000)
}

/** Pieces of 600 to 1,200 characters that end with a sentence. */
function toParagraphs(text: string): readonly string[] {
  const pieces: string[] = []
  let piece = ''
  for (const sentence of text.split(/(?<=[.!?]\s)/)) {
    piece += sentence
    if (piece.length < 600) continue
    if (piece.length <= 1_200 && !piece.includes('==== Front')) pieces.push(piece.trim())
    piece = ''
  }
  return pieces
}
