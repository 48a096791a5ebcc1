import { join } from 'node:path'
import type { Passage } from '../../src/core/ports.ts'
import { createSeededRandom, type Random } from '../../src/core/random.ts'
import { createExtractor } from '../../src/infrastructure/edge/index.ts'
import { isReported, readSpanSet, readSquadSet, type Question, type QuestionSet } from '../kit/question-sets.ts'
import { median, type Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'

/** Does the built-in `extract` model quote the answer when the passages hold it, and refuse when they do not? */
export const scorecard: Scorecard = {
  name: 'extract',
  purpose: 'whether the top quote holds the answer among five passages, and whether it refuses without the answer',
  run: async (options) => measure(options),
}

const promised: Measurement['promised'] = {
  'drcd.near.right': ['>=', 0.75],
  'drcd.near.refusedAbsent': ['>=', 0.8],
  'drcd.random.refusedAbsent': ['>=', 0.97],
  'cmrc2018.near.right': ['>=', 0.7],
  'cmrc2018.near.refusedAbsent': ['>=', 0.8],
  'cmrc2018.random.refusedAbsent': ['>=', 0.97],
  'english.near.right': ['>=', 0.3],
  'english.near.refusedAbsent': ['>=', 0.7],
  'english.random.refusedAbsent': ['>=', 0.95],
  'eightPassages.ms.p50': ['<=', 2],
}

const distractorCount = 4
const distractorKinds = ['near', 'random'] as const

function measure(options: ScorecardOptions): Measurement {
  const { dataFolder, seed, clock } = options
  const folder = join(dataFolder, 'retrieval')
  const sets = {
    drcd: readSquadSet('drcd', join(folder, 'drcd', 'DRCD_test.json')),
    cmrc2018: readSquadSet('cmrc2018', join(folder, 'cmrc2018', 'cmrc2018_dev.json')),
    english: readSpanSet('english', join(folder, 'chunking_eval')),
  }
  const figures: Record<string, number> = {}
  const durationsMs: number[] = []
  for (const [name, set] of Object.entries(sets)) {
    if (set === undefined) {
      options.print(`${name}: no data, not measured`)
      continue
    }
    const questions = set.questions.filter((question) => isReported(question.text))
    figures[`${name}.questions`] = questions.length
    const deck = createDeck(set, createSeededRandom(seed))
    for (const kind of distractorKinds) {
      const tally = { right: 0, anyRight: 0, answered: 0, refusedAbsent: 0 }
      for (const question of questions) judge(question, { set, distractors: deck[kind](question), tally })
      figures[`${name}.${kind}.right`] = tally.right / questions.length
      figures[`${name}.${kind}.anyQuoteRight`] = tally.anyRight / questions.length
      figures[`${name}.${kind}.answered`] = tally.answered / questions.length
      figures[`${name}.${kind}.rightOfAnswered`] = tally.right / tally.answered
      figures[`${name}.${kind}.refusedAbsent`] = tally.refusedAbsent / questions.length
    }
    const extractor = createExtractor()
    for (const question of questions) {
      const passages = [question.paragraph, ...deck.near(question, 7)].map((index) => toPassage(set, index))
      const startedMs = clock.monotonicMs()
      extractor.extract(question.text, passages)
      durationsMs.push(clock.monotonicMs() - startedMs)
    }
  }
  const middle = median(durationsMs)
  if (middle !== undefined) figures['eightPassages.ms.p50'] = middle
  return { figures, promised, unmeasured: [] }
}

interface Trial {
  readonly set: QuestionSet
  /** Indexes of paragraphs without the answer: one more than goes beside the answer's own. */
  readonly distractors: readonly number[]
  readonly tally: { right: number; anyRight: number; answered: number; refusedAbsent: number }
}

function judge(question: Question, { set, distractors, tally }: Trial): void {
  const extractor = createExtractor()
  // The answer's place among the passages must not help, so it walks through them.
  const place = (tally.answered + tally.refusedAbsent) % (distractorCount + 1)
  const present = distractors.slice(0, distractorCount).toSpliced(place, 0, question.paragraph)
  const passages = present.map((index) => toPassage(set, index))
  const { quotes } = extractor.extract(question.text, passages)
  const isRight = quotes.map((quote) => {
    const text = passages[quote.passage]?.text.slice(quote.start, quote.end) ?? ''
    return present[quote.passage] === question.paragraph && holdsAnswer(question, text, quote)
  })
  if (quotes.length > 0) tally.answered++
  if (isRight[0] === true) tally.right++
  if (isRight.includes(true)) tally.anyRight++
  const absent = distractors.map((index) => toPassage(set, index))
  if (extractor.extract(question.text, absent).quotes.length === 0) tally.refusedAbsent++
}

/** The quote contains an answer's text; where answers are long spans, it shares half of the shorter of the two. */
function holdsAnswer(
  question: Question,
  text: string,
  quote: { readonly start: number; readonly end: number },
): boolean {
  if (question.answers.length > 0) return question.answers.some((answer) => text.includes(answer))
  return question.spans.some(([start, end]) => {
    const shared = Math.min(end, quote.end) - Math.max(start, quote.start)
    return shared >= 0.5 * Math.min(end - start, quote.end - quote.start)
  })
}

function toPassage(set: QuestionSet, index: number): Passage {
  const { text, title } = set.paragraphs[index] ?? { text: '', title: '' }
  const document = String(index)
  return {
    collection: set.name,
    document,
    source: title,
    version: '1',
    start: 0,
    end: text.length,
    text,
    headings: [],
    score: 0,
  }
}

type Draw = (question: Question, count?: number) => readonly number[]

/** Paragraphs that do not answer: the most similar by BM25 (what a search would bring), or any. */
function createDeck(set: QuestionSet, random: Random): Readonly<Record<(typeof distractorKinds)[number], Draw>> {
  const search = createSearch(set.paragraphs.map((paragraph) => paragraph.text))
  const isDistractor = (question: Question, index: number): boolean => {
    const text = set.paragraphs[index]?.text ?? ''
    if (index === question.paragraph || question.alsoAnswering.includes(index)) return false
    if (text === set.paragraphs[question.paragraph]?.text) return false
    return !question.answers.some((answer) => text.includes(answer))
  }
  return {
    near: (question, count = distractorCount + 1) =>
      search(question.text)
        .filter((index) => isDistractor(question, index))
        .slice(0, count),
    random: (question, count = distractorCount + 1) => {
      const drawn = new Set<number>()
      while (drawn.size < count) {
        const index = Math.floor(random.next() * set.paragraphs.length)
        if (isDistractor(question, index)) drawn.add(index)
      }
      return [...drawn]
    },
  }
}

/** BM25 (k1 1.2, b 0.75) over Han characters, their pairs, and words. */
function createSearch(texts: readonly string[]): (query: string) => readonly number[] {
  const postings = new Map<string, { readonly index: number; count: number }[]>()
  const lengths = texts.map((text, index) => {
    const tokens = toTokens(text)
    for (const token of tokens) {
      const list = postings.get(token) ?? []
      const last = list.at(-1)
      if (last?.index === index) last.count++
      else list.push({ index, count: 1 })
      postings.set(token, list)
    }
    return tokens.length
  })
  const lengthMean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
  return (query) => {
    const scores = new Float64Array(texts.length)
    for (const token of new Set(toTokens(query))) {
      const list = postings.get(token) ?? []
      const rarity = Math.log(1 + (texts.length - list.length + 0.5) / (list.length + 0.5))
      for (const { index, count } of list) {
        const norm = 0.25 + (0.75 * (lengths[index] ?? 0)) / lengthMean
        scores[index] = (scores[index] ?? 0) + (rarity * count * 2.2) / (count + 1.2 * norm)
      }
    }
    return [...scores.keys()].toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))
  }
}

function toTokens(text: string): readonly string[] {
  const tokens: string[] = []
  for (const [run] of text.toLowerCase().matchAll(/\p{Script=Han}+|[^\P{L}\p{Script=Han}]+|\p{N}+/gu)) {
    if (!/^\p{Script=Han}/u.test(run)) tokens.push(run)
    else
      for (let index = 0; index < run.length; index++)
        tokens.push(run.slice(index, index + 1), run.slice(index, index + 2))
  }
  return tokens
}
