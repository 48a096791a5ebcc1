import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCsv } from './csv.ts'

/** Questions over paragraphs, with where the answer stands. Offsets are UTF-16 units into the paragraph. */
export interface QuestionSet {
  readonly name: string
  readonly paragraphs: readonly { readonly text: string; readonly title: string }[]
  readonly questions: readonly Question[]
}

export interface Question {
  readonly text: string
  /** Index of the paragraph that answers it. */
  readonly paragraph: number
  /** Texts any of which is the answer; empty where only spans are given. */
  readonly answers: readonly string[]
  readonly spans: readonly (readonly [start: number, end: number])[]
  /** Other paragraphs that hold part of the answer. */
  readonly alsoAnswering: readonly number[]
}

/** DRCD (traditional Chinese) and CMRC 2018 (simplified), both in the SQuAD form. `undefined` when the file is missing. */
export function readSquadSet(name: string, file: string): QuestionSet | undefined {
  if (!existsSync(file)) return undefined
  const { data } = JSON.parse(readFileSync(file, 'utf8')) as SquadFile // a published file of known form
  const paragraphs: { text: string; title: string }[] = []
  const questions: Question[] = []
  for (const article of data) {
    for (const { context, qas } of article.paragraphs) {
      const paragraph = paragraphs.push({ text: context, title: article.title }) - 1
      for (const { question, answers } of qas) {
        questions.push({
          text: question,
          paragraph,
          answers: [...new Set(answers.map((answer) => answer.text))],
          spans: answers.map((answer) => [answer.answer_start, answer.answer_start + answer.text.length]),
          alsoAnswering: [],
        })
      }
    }
  }
  return { name, paragraphs, questions }
}

/** The chunking evaluation set (English, five corpora), cut into paragraphs of at most 1,600 units. */
export function readSpanSet(name: string, folder: string): QuestionSet | undefined {
  const file = join(folder, 'questions_df.csv')
  if (!existsSync(file)) return undefined
  const paragraphs: { text: string; title: string }[] = []
  const corpora = new Map<string, { text: string; first: number; cuts: readonly (readonly [number, number])[] }>()
  const questions: Question[] = []
  for (const [text = '', references = '[]', corpus = ''] of parseCsv(readFileSync(file, 'utf8')).slice(1)) {
    let place = corpora.get(corpus)
    if (place === undefined) {
      const whole = readFileSync(join(folder, `${corpus}.md`), 'utf8')
      place = { text: whole, first: paragraphs.length, cuts: cutParagraphs(whole) }
      corpora.set(corpus, place)
      for (const [start, end] of place.cuts) paragraphs.push({ text: whole.slice(start, end), title: '' })
    }
    const { first, cuts } = place
    const spans = toUnits(place.text, JSON.parse(references) as readonly Reference[]) // the file's own form
    const gold = cuts.findIndex(([start, end]) => spans.some((span) => span[0] >= start && span[0] < end))
    const [start, end] = cuts[gold] ?? [0, 0]
    questions.push({
      text,
      paragraph: first + gold,
      answers: [],
      spans: spans
        .filter((span) => span[0] >= start && span[0] < end)
        .map((span) => [span[0] - start, Math.min(span[1], end) - start]),
      alsoAnswering: cuts.flatMap((cut, index) =>
        spans.some((span) => span[0] < cut[1] && span[1] > cut[0]) ? [first + index] : [],
      ),
    })
  }
  return { name, paragraphs, questions }
}

/** The half a question belongs to: even to tune on, odd to report. */
export function isReported(question: string): boolean {
  const digits = createHash('sha256').update(question).digest('hex').slice(0, 8)
  return Number.parseInt(digits, 16) % 2 === 1
}

interface SquadFile {
  readonly data: readonly {
    readonly title: string
    readonly paragraphs: readonly {
      readonly context: string
      readonly qas: readonly {
        readonly question: string
        readonly answers: readonly { readonly text: string; readonly answer_start: number }[]
      }[]
    }[]
  }[]
}

interface Reference {
  readonly start_index: number
  readonly end_index: number
}

const paragraphUnitsMax = 1_600

function cutParagraphs(text: string): readonly (readonly [number, number])[] {
  const cuts: (readonly [number, number])[] = []
  for (let start = 0; start < text.length; ) {
    let end = Math.min(text.length, start + paragraphUnitsMax)
    if (end < text.length) {
      const half = start + paragraphUnitsMax / 2
      const window = text.slice(half, end)
      const places = [window.lastIndexOf('\n'), window.lastIndexOf('. ') + 1, window.lastIndexOf(' ')]
      end = half + (places.find((place) => place > 0) ?? window.length - 1) + 1
    }
    cuts.push([start, end])
    start = end
  }
  return cuts
}

/** The set counts code points. */
function toUnits(text: string, references: readonly Reference[]): readonly (readonly [number, number])[] {
  const points = Array.from(text)
  const toUnit = (count: number): number => points.slice(0, count).join('').length
  return references.map((reference) => [toUnit(reference.start_index), toUnit(reference.end_index)])
}
