import { join } from 'node:path'
import type { Random } from '../../src/core/random.ts'
import { pick } from '../../src/core/testing.ts'
import { readContextualSet } from './contextual-set.ts'
import { isReported, readSquadSet } from './question-sets.ts'
import { readWholeSpans } from './span-set.ts'

/** Texts that documents are made of, and questions about them. */
export interface Material {
  /** Sentences or lines in their order, each article by itself; half of what is made comes from either language. */
  readonly articles: { readonly chinese: readonly Article[]; readonly other: readonly Article[] }
  /** Of the halves to tune on, for warming up; and of the reported ones. */
  readonly questions: { readonly warming: readonly string[]; readonly measured: readonly string[] }
}

type Article = readonly string[]

/** DRCD and CMRC 2018; the chunking evaluation set and the contextual set. `undefined` when one of them is missing. */
export function readMaterial(dataFolder: string): Material | undefined {
  const folder = join(dataFolder, 'retrieval')
  const drcd = readSquadSet('drcd', join(folder, 'drcd/DRCD_test.json'))
  const cmrc = readSquadSet('cmrc2018', join(folder, 'cmrc2018/cmrc2018_dev.json'))
  const spans = readWholeSpans(join(folder, 'chunking_eval'))
  const code = readContextualSet(join(folder, 'contextual'))
  if (drcd === undefined || cmrc === undefined || spans === undefined || code === undefined) return undefined
  const questions = [drcd, cmrc, spans, code].flatMap((set) => set.questions.map(({ text }) => text))
  return {
    articles: {
      chinese: [drcd, cmrc].flatMap((set) => set.paragraphs.map(({ text }) => toSentences(text))),
      other: [...spans.corpora.values(), ...code.files.map(({ text }) => text)].flatMap(toArticles),
    },
    questions: {
      warming: questions.filter((text) => !isReported(text)),
      measured: questions.filter((text) => isReported(text)),
    },
  }
}

/** Words of either language whose frequencies fall as in real texts; for trying things out where the sets are missing. */
export function generateMaterial(random: Random): Material {
  const words = Array.from({ length: 20_000 }, (_, rank) => toWord(random, rank))
  const characters = Array.from({ length: 3_000 }, (_, rank) => String.fromCodePoint(0x4e00 + ((rank * 7) % 20_000)))
  const sentence = (list: readonly string[], between: string, end: string): string =>
    Array.from({ length: 8 + Math.floor(random.next() * 14) }, () => pickZipf(random, list)).join(between) + end
  const make = (list: readonly string[], between: string, end: string): readonly Article[] =>
    Array.from({ length: 800 }, () => Array.from({ length: 12 }, () => sentence(list, between, end)))
  const articles = { chinese: make(characters, '', '。'), other: make(words, ' ', '. ') }
  const questions = [...articles.chinese, ...articles.other].map(([first = '']) => first)
  return {
    articles,
    questions: {
      warming: questions.filter((_, index) => index % 2 === 0),
      measured: questions.filter((_, index) => index % 2 === 1),
    },
  }
}

export interface MadeDocument {
  readonly externalId: string
  readonly name: string
  readonly bytes: Buffer
}

/** A Markdown document of so many sections, of runs of sentences from random articles of one language. */
export function makeDocument(
  material: Material,
  random: Random,
  made: { readonly number: number; readonly sections: number; readonly unitsMax: number },
): MadeDocument {
  const isChinese = made.number % 2 === 0
  const articles = isChinese ? material.articles.chinese : material.articles.other
  const parts: string[] = []
  for (let section = 0; section < made.sections; section++) {
    const wanted = made.unitsMax * (0.25 + 0.7 * random.next())
    parts.push(`${section === 0 ? '#' : '##'} ${toTitle(pick(random, pick(random, articles)))}\n`)
    parts.push(makeSection(articles, random, isChinese ? wanted / 3 : wanted))
  }
  return { externalId: `${made.number}`, name: `${made.number}.md`, bytes: Buffer.from(parts.join('\n')) }
}

function makeSection(articles: readonly Article[], random: Random, charactersMax: number): string {
  let text = ''
  for (;;) {
    const article = pick(random, articles)
    const start = Math.floor(random.next() * article.length)
    for (const sentence of article.slice(start, start + 2 + Math.floor(random.next() * 4))) {
      if (text !== '' && text.length + sentence.length > charactersMax) return `${text}\n`
      text += sentence.slice(0, charactersMax)
    }
  }
}

/** A heading of one line, without marks that would make it something else. */
function toTitle(sentence: string): string {
  return sentence
    .replaceAll(/[^\p{L}\p{N} ]+/gu, ' ')
    .trim()
    .slice(0, 24)
}

/** A long text in articles of forty sentences. */
function toArticles(text: string): readonly Article[] {
  const sentences = toSentences(text)
  return Array.from({ length: Math.ceil(sentences.length / 40) }, (_, index) =>
    sentences.slice(index * 40, index * 40 + 40),
  )
}

function toSentences(text: string): readonly string[] {
  return text.split(/(?<=[。！？\n]|[.!?] )/).filter((sentence) => sentence.trim() !== '')
}

function toWord(random: Random, rank: number): string {
  const syllable = (): string =>
    `${'bcdfghklmnprstvz'[Math.floor(random.next() * 16)]}${'aeiou'[Math.floor(random.next() * 5)]}`
  return Array.from({ length: 1 + Math.ceil(Math.log10(rank + 2)) }, syllable).join('')
}

/** The item of rank r with a chance of about 1/r. */
function pickZipf(random: Random, list: readonly string[]): string {
  return list[Math.min(list.length - 1, Math.floor(list.length ** random.next()) - 1)] ?? ''
}
