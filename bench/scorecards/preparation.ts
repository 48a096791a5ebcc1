import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configSchema } from '../../src/config/index.ts'
import { createPreparation, toMarkdown, type Preparation } from '../../src/tools/preparation/index.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'
import { readStructure, scoreStructure, type Score, type Share } from '../kit/structure.ts'

/** How much of the structure of documents is read: words, cells of tables, headings, format by format. */
export const scorecard: Scorecard = {
  name: 'preparation',
  purpose: 'documents of each format against the Markdown that is expected of them (docling), each miss listed',
  async run(options): Promise<Measurement> {
    const figures: Record<string, number> = {}
    const unmeasured: string[] = []
    const preparation = createPreparation(configSchema.parse({}).knowledge)
    try {
      for (const format of formats) {
        const scores = await measureFormat(preparation, format, options)
        if (scores.length === 0) unmeasured.push(`${format}.words`)
        else Object.assign(figures, toFigures(format, scores))
      }
    } finally {
      await preparation.close()
    }
    return { figures, promised, unmeasured }
  },
}

const formats = ['docx', 'xlsx', 'pptx', 'html', 'csv', 'pdf'] as const

const bounds = [
  ['words', 0.98],
  ['cells', 0.95],
  ['headings', 0.9],
] as const

const promised: Measurement['promised'] = Object.fromEntries(
  formats.flatMap((format) =>
    bounds
      .filter(([key]) => format !== 'csv' || key !== 'headings')
      .map(([key, bound]) => [`${format}.${key}`, ['>=', bound] as const]),
  ),
)

async function measureFormat(
  preparation: Preparation,
  format: string,
  { dataFolder, print }: ScorecardOptions,
): Promise<readonly Score[]> {
  const folder = join(dataFolder, 'parse/docling', format)
  if (!existsSync(folder)) return []
  const scores: Score[] = []
  for (const name of readdirSync(join(folder, 'sources')).toSorted()) {
    const expected = [`${name}.md`, `${name.replace(/\.\w+$/, '')}.md`]
      .map((each) => join(folder, 'groundtruth', each))
      .find((path) => existsSync(path))
    if (expected === undefined) continue
    const bytes = readFileSync(join(folder, 'sources', name))
    const document = await preparation.parse({ source: name, bytes })
    const score = scoreStructure(readStructure(readFileSync(expected, 'utf8')), readStructure(toMarkdown(document)))
    scores.push(score)
    for (const miss of score.misses) print(`${format}/${name}: ${miss}`)
  }
  return scores
}

/** Shares over all documents of a format; a kind that none of them has is left out. */
function toFigures(format: string, scores: readonly Score[]): Record<string, number> {
  const figures: Record<string, number> = { [`${format}.documents`]: scores.length }
  for (const key of ['words', 'wordsAnywhere', 'cells', 'headings', 'levels'] as const) {
    const shares: readonly Share[] = scores.map((score) => score[key])
    const of = shares.reduce((sum, share) => sum + share.of, 0)
    if (of > 0) figures[`${format}.${key}`] = shares.reduce((sum, share) => sum + share.found, 0) / of
  }
  return figures
}
