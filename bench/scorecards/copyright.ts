import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { createSeededRandom, type Random } from '../../src/core/random.ts'
import { pick } from '../../src/core/testing.ts'
import type { Clock } from '../../src/core/time.ts'
import { createOverlapMeter } from '../../src/governance/index.ts'
import { median, type Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'

const plants = 2_000
const sourcesPerAnswer = 8
const bounds = { tokensMin: 50, charactersMin: 280, tokensMax: 100, charactersMax: 150 }

/** Whether stretches of sources that are planted in answers are found while the answer streams, and what that costs. */
export const scorecard: Scorecard = {
  name: 'copyright',
  purpose: `${plants} stretches of 50 to 200 tokens, planted in answers that stream in random pieces, are found at their exact place in each language`,
  async run(options): Promise<Measurement> {
    const figures: Record<string, number> = {}
    const unmeasured: string[] = []
    for (const language of ['english', 'chinese'] as const) {
      const texts = readTexts(language, options.dataFolder)
      if (texts.length < 100) unmeasured.push(`${language}.foundShare`, `${language}.microsecondsPerToken`)
      else for (const [key, value] of Object.entries(measure(texts, options))) figures[`${language}.${key}`] = value
    }
    return {
      figures,
      promised: {
        'english.foundShare': ['=', 1],
        'chinese.foundShare': ['=', 1],
        'english.foundWrong': ['=', 0],
        'chinese.foundWrong': ['=', 0],
        'english.microsecondsPerToken': ['<=', 0.2],
        'chinese.microsecondsPerToken': ['<=', 0.2],
      },
      unmeasured,
    }
  },
}

/** Half of the texts are sources, the other half is what answers are made of. */
function measure(texts: readonly string[], options: ScorecardOptions): Record<string, number> {
  const random = createSeededRandom(options.seed)
  const sources = texts.filter((_, index) => index % 2 === 0)
  const others = texts.filter((_, index) => index % 2 === 1)
  let planted = 0
  let found = 0
  let wrong = 0
  for (let round = 0; round < plants; round++) {
    const given = Array.from({ length: sourcesPerAnswer }, () => pick(random, sources))
    const stretch = cutStretch(pick(random, given), random)
    if (stretch === undefined) continue
    planted++
    const before = `${pick(random, others)}\n`
    const answer = `${before}${stretch.text}\n${pick(random, others)}`
    const overlaps = stream(createOverlapMeter(given.map((text) => ({ text }))), answer, random)
    const [start, end] = [before.length + stretch.firstWord, before.length + stretch.lastWord]
    // The words around may by chance be those of the source as well: the stretch must be covered.
    if (overlaps.some(({ answerStart, answerEnd }) => answerStart <= start && answerEnd >= end)) found++
    else options.print(`  not found: ${JSON.stringify(stretch.text.slice(0, 60))} (${stretch.tokens} tokens)`)
    for (const overlap of overlaps) {
      const there = (given[overlap.source] ?? '').slice(overlap.start, overlap.end)
      if (wordsOf(there) !== wordsOf(answer.slice(overlap.answerStart, overlap.answerEnd))) wrong++
    }
  }
  return { planted, foundShare: found / planted, foundWrong: wrong, ...measureSpeed(sources, others, options.clock) }
}

function stream(meter: ReturnType<typeof createOverlapMeter>, answer: string, random: Random) {
  const reader = meter.createReader(bounds)
  const overlaps = []
  for (let at = 0; at < answer.length; ) {
    const size = 1 + Math.floor(random.next() * 12)
    overlaps.push(...reader.read(answer.slice(at, at + size)))
    at += size
  }
  return [...overlaps, ...reader.end()]
}

/** Between 50 and 200 words and marks of a text, from a word on; as written there. */
function cutStretch(text: string, random: Random): Stretch | undefined {
  const tokens = [...text.matchAll(/[\u3400-\u9fff\u3040-\u30ff]|[\p{L}\p{N}\p{M}_]+|[^\s\p{L}\p{N}\p{M}]/gu)]
  const count = 50 + Math.floor(random.next() * 150)
  if (tokens.length < count) return undefined
  const first = Math.floor(random.next() * (tokens.length - count + 1))
  const [start, last] = [tokens[first], tokens[first + count - 1]]
  if (start === undefined || last === undefined) return undefined
  const words = tokens.slice(first, first + count).filter(([token]) => /[\p{L}\p{N}\p{M}_]/u.test(token))
  const [firstWord, lastWord] = [words[0], words.at(-1)]
  if (firstWord === undefined || lastWord === undefined) return undefined
  return {
    text: text.slice(start.index, last.index + last[0].length),
    tokens: count,
    firstWord: firstWord.index - start.index,
    lastWord: lastWord.index + lastWord[0].length - start.index,
  }
}

interface Stretch {
  readonly text: string
  readonly tokens: number
  /** Where its first word begins, and its last one ends. */
  readonly firstWord: number
  readonly lastWord: number
}

/** The words of a text alone, to compare stretches by. */
function wordsOf(text: string): string {
  const folded = text.replaceAll(/[\uff01-\uff5e]/g, (mark) => String.fromCharCode(mark.charCodeAt(0) - 0xfee0))
  return (folded.match(/[\u3400-\u9fff\u3040-\u30ff]|[\p{L}\p{N}\p{M}_]+/gu) ?? []).join(' ').toLowerCase()
}

/** Of an answer that shares nothing with its sources, and of one that is nothing but them; the dearer one is reported. */
function measureSpeed(sources: readonly string[], others: readonly string[], clock: Clock): Record<string, number> {
  const given = sources.slice(0, sourcesPerAnswer).map((text) => ({ text }))
  const builds: number[] = []
  const strange: number[] = []
  const copied: number[] = []
  for (let round = 0; round < 40; round++) {
    const startedMs = clock.monotonicMs()
    const meter = createOverlapMeter(given)
    builds.push(clock.monotonicMs() - startedMs)
    strange.push(timePerToken(meter, others.slice(0, 200).join('\n'), clock))
    copied.push(
      timePerToken(
        meter,
        given
          .map(({ text }) => text)
          .join('\n')
          .repeat(20),
        clock,
      ),
    )
  }
  // The least of the rounds is what it costs; the median tells what else the machine was doing.
  return {
    buildMs: median(builds) ?? Number.NaN,
    'microsecondsPerToken.strange': Math.min(...strange),
    'microsecondsPerToken.copied': Math.min(...copied),
    'microsecondsPerToken.median': Math.max(median(strange) ?? Number.NaN, median(copied) ?? Number.NaN),
    microsecondsPerToken: Math.max(Math.min(...strange), Math.min(...copied)),
  }
}

function timePerToken(meter: ReturnType<typeof createOverlapMeter>, answer: string, clock: Clock): number {
  const reader = meter.createReader(bounds)
  const pieces = answer.match(/[^]{1,16}/g) ?? []
  const startedMs = clock.monotonicMs()
  for (const piece of pieces) reader.read(piece)
  reader.end()
  return ((clock.monotonicMs() - startedMs) * 1_000) / countTokens(answer)
}

function countTokens(text: string): number {
  return [...text.matchAll(/[\u3400-\u9fff\u3040-\u30ff]|[\p{L}\p{N}\p{M}_]+|[^\s\p{L}\p{N}\p{M}]/gu)].length
}

const squad = z.looseObject({
  data: z.array(z.looseObject({ paragraphs: z.array(z.looseObject({ context: z.string() })) })),
})

/** Chinese paragraphs, and pieces of English texts that do not repeat themselves. */
function readTexts(language: 'english' | 'chinese', dataFolder: string): readonly string[] {
  if (language === 'chinese') {
    const path = join(dataFolder, 'retrieval/cmrc2018/cmrc2018_dev.json')
    if (!existsSync(path)) return []
    const { data } = squad.parse(JSON.parse(readFileSync(path, 'utf8')))
    return [...new Set(data.flatMap(({ paragraphs }) => paragraphs.map(({ context }) => context)))]
  }
  const folder = join(dataFolder, 'retrieval/chunking_eval')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^(?:pubmed|wikitexts|state_of_the_union)\.md$/.test(name))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').match(/[^]{1,1600}/g) ?? [])
    .filter((piece) => !piece.includes('==== Front'))
}
