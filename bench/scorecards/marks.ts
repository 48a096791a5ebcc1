import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { createSeededRandom, type Random } from '../../src/core/random.ts'
import { createSystemClock } from '../../src/core/time.ts'
import { createMarkRecord, type MarkRecord } from '../../src/governance/index.ts'
import { createStore } from '../../src/store/index.ts'
import type { Bound, Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'

const editShares = [0, 0.1, 0.3, 0.5] as const
const languages = ['english', 'chinese', 'traditional'] as const
type Language = (typeof languages)[number]

const log = { debug: ignore, info: ignore, warn: ignore, error: ignore }
function ignore(): void {}

/**
 * Texts stand for answers. Of each set the first half was for choosing the bounds in the code and is left out here; of the rest every second
 * text is put on record and asked about after edits, the others were never there. Of these, those that have twelve words in a row in common
 * with a text on record do contain what is on record; they are counted apart (`copying`), and false positives are taken over the others.
 */
export const scorecard: Scorecard = {
  name: 'marks',
  purpose:
    'a generated text given back is known again after 0, 10, 30 and 50 % of its words were changed, and other texts are not taken for it',
  async run(options): Promise<Measurement> {
    const figures: Record<string, number> = {}
    const unmeasured: string[] = []
    const promised: Record<string, Bound> = {}
    for (const language of languages) {
      promised[`${language}.recall.edits0`] = ['>=', 1]
      promised[`${language}.recall.edits10`] = ['>=', 0.99]
      promised[`${language}.recall.edits30`] = ['>=', 0.9]
      promised[`${language}.falsePositives`] = ['<=', 0.01]
      const texts = readTexts(language, options.dataFolder)
      if (texts.length < 40) unmeasured.push(`${language}.recall.edits0`)
      else Object.assign(figures, prefix(language, await measure(texts, options)))
    }
    return { figures, promised, unmeasured }
  },
}

function prefix(name: string, figures: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [`${name}.${key}`, value]))
}

async function measure(texts: readonly string[], options: ScorecardOptions): Promise<Record<string, number>> {
  const random = createSeededRandom(options.seed)
  const folder = mkdtempSync(join(tmpdir(), 'strata-marks-'))
  const clock = createSystemClock()
  const config = {
    url: 'sqlite:',
    folder,
    foldMs: 5,
    foldRowsMax: 2_000,
    journalBytesMax: 67_108_864,
    connectionsMax: 1,
  }
  const store = await createStore({ config, clock, log })
  const secret = Buffer.from(random.bytes(32)).toString('hex')
  const record = createMarkRecord({
    store,
    clock,
    log,
    config: () => ({ wordsMin: 50, days: 400 }),
    secret: () => secret,
  })
  try {
    const own = texts.filter((_, index) => index % 2 === 0)
    const others = texts.filter((_, index) => index % 2 === 1)
    const startedMs = performance.now()
    await keepAll(record, own)
    const keptMs = performance.now() - startedMs
    const figures: Record<string, number> = {
      onRecord: own.length,
      others: others.length,
      keepMsMean: keptMs / own.length,
    }
    for (const share of editShares) {
      const verdicts: string[] = []
      for (const [number, text] of own.entries()) {
        const { verdict, matches } = await record.detect('one', edit(text, share, random))
        verdicts.push(matches[0]?.call === `call_${number}` ? verdict : 'unknown')
      }
      const countOf = (...wanted: readonly string[]): number => verdicts.filter((each) => wanted.includes(each)).length
      figures[`recall.edits${share * 100}`] = countOf('generated') / own.length
      figures[`possible.edits${share * 100}`] = countOf('generated', 'possible') / own.length
    }
    const independent = withoutCopies(others, own)
    const verdicts = await Promise.all(independent.map(async (text) => (await record.detect('one', text)).verdict))
    figures['copying'] = others.length - independent.length
    figures['falsePositives'] = verdicts.filter((verdict) => verdict === 'generated').length / independent.length
    figures['falsePossible'] = verdicts.filter((verdict) => verdict !== 'unknown').length / independent.length
    const { prints } = await store.sql
      .selectFrom('mark')
      .select(({ fn }) => fn.avg<number>('prints').as('prints'))
      .executeTakeFirstOrThrow()
    figures['printsMean'] = Number(prints)
    return figures
  } finally {
    record.close()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function keepAll(record: MarkRecord, texts: readonly string[]): Promise<void> {
  for (const [number, text] of texts.entries()) {
    record.keep({ call: `call_${number}`, tenant: 'one', model: 'm', use_case: null, at_ms: Date.now() }, text)
    if (number % 100 === 99) await record.flush()
  }
  await record.flush()
}

const wordsInCommon = 12

/** Texts that have no stretch of words in common with any of the others. */
function withoutCopies(texts: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others.flatMap(listStretches))
  return texts.filter((text) => !listStretches(text).some((stretch) => known.has(stretch)))
}

function listStretches(text: string): readonly string[] {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/\p{Script=Han}|[\p{L}\p{N}]+/gu) ?? []
  return words.slice(wordsInCommon - 1).map((_, start) => words.slice(start, start + wordsInCommon).join(' '))
}

/** Each word, or Chinese character, is replaced, left out or followed by another with the given chance, from the words of the text. */
function edit(text: string, share: number, random: Random): string {
  const words = text.match(/\p{Script=Han}|[\p{L}\p{N}'’-]+|[^\p{L}\p{N}]+/gu) ?? []
  const choices = words.filter((word) => /[\p{L}\p{N}]/u.test(word))
  const draw = (): string => choices[Math.floor(random.next() * choices.length)] ?? ''
  return words
    .map((word) => {
      if (!/[\p{L}\p{N}]/u.test(word) || random.next() >= share) return word
      const kind = random.next()
      return kind < 1 / 3 ? draw() : kind < 2 / 3 ? '' : `${word} ${draw()}`
    })
    .join('')
}

const squad = z.looseObject({
  data: z.array(z.looseObject({ paragraphs: z.array(z.looseObject({ context: z.string() })) })),
})

/** Texts long enough to be marked, without the half of each set that the bounds were chosen on. */
function readTexts(language: Language, dataFolder: string): readonly string[] {
  const texts = readAll(language, dataFolder).filter(
    (text) => (text.match(/\p{Script=Han}|[\p{L}\p{N}]+/gu) ?? []).length >= 150,
  )
  const half = Math.floor(texts.length / 2)
  return texts.slice(half, half + 1_000)
}

function readAll(language: Language, dataFolder: string): readonly string[] {
  if (language === 'english') {
    const folder = join(dataFolder, 'retrieval/chunking_eval')
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .filter((name) => name.endsWith('.md') && name !== 'finance.md')
      .flatMap((name) => toPieces(readFileSync(join(folder, name), 'utf8')))
  }
  const file = language === 'chinese' ? 'retrieval/cmrc2018/cmrc2018_dev.json' : 'retrieval/drcd/DRCD_test.json'
  const path = join(dataFolder, file)
  if (!existsSync(path)) return []
  const { data } = squad.parse(JSON.parse(readFileSync(path, 'utf8')))
  return [...new Set(data.flatMap(({ paragraphs }) => paragraphs.map(({ context }) => context)))]
}

/** Pieces of 1,200 to 2,400 characters that end with a sentence. */
function toPieces(text: string): readonly string[] {
  const pieces: string[] = []
  let piece = ''
  for (const sentence of text.split(/(?<=[.!?]\s)/)) {
    piece += sentence
    if (piece.length < 1_200) continue
    if (piece.length <= 2_400 && !piece.includes('==== Front')) pieces.push(piece.trim())
    piece = ''
  }
  return pieces
}
