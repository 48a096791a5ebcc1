import type { Passage } from '../../../core/ports.ts'
import { findWordLanguage } from '../../../core/word-forms.ts'
import type { Folder } from './fold.ts'
import { findQuestionKind, holdsKind, type QuestionKind } from './questions.ts'
import { cutSentences, type Sentence } from './sentences.ts'
import { createTermMatcher, type Term } from './terms.ts'

/** One sentence as a possible answer: where it stands, and what speaks for it. Shares are of the question's weight, 0…1. */
export interface Candidate extends Sentence {
  /** Index into the passages given. */
  readonly passage: number
  /** Terms of the question in the sentence itself. */
  readonly own: number
  /** Pairs of neighbouring terms of the question in the sentence, as a share of all pairs. */
  readonly pairs: number
  /** Terms that only the sentence before adds; likewise after. */
  readonly before: number
  readonly after: number
  /** Terms that only the headings and the source's name add. */
  readonly titles: number
  /** Terms anywhere in the passage, titles included. */
  readonly whole: number
  /** Whether it has the form the question asks for; `undefined` when no form is asked for. */
  readonly holds: boolean | undefined
  readonly isQuestion: boolean
}

export interface Reading {
  readonly kind: QuestionKind
  /** Distinct terms of the question, pairs included. */
  readonly termCount: number
  readonly candidates: readonly Candidate[]
}

/** How much a term of each kind says; chosen on the even half of the scorecard's questions. */
const kindWeights: Readonly<Record<Term['kind'], number>> = {
  word: 1,
  words: 0.3,
  number: 1.2,
  character: 0.5,
  characters: 1,
}
/**
 * What is left of a weight when the term occurs nowhere: it may be only wording, so it counts less than its rarity says,
 * and a pair of words not at all. Chosen as above.
 */
const absentWeights: Readonly<Record<Term['kind'], number>> = {
  word: 0.8,
  words: 0,
  number: 0.5,
  character: 0.5,
  characters: 0.5,
}
/** Most sentences read for one question; those beyond are not read. */
const sentencesMax = 5_000
/** Longest title read, UTF-16 units. */
const titleUnitsMax = 1_000

interface Marked extends Sentence {
  readonly passage: number
  readonly found: Uint8Array
}

/** Reads passages for a question: every sentence with the terms of the question it holds. Cost: linear in the text. */
export function readPassages(question: string, passages: readonly Passage[], folder: Folder): Reading {
  const language = findWordLanguage(question) ?? findWordLanguage(passages[0]?.text ?? '')
  const matcher = createTermMatcher({ question, language }, folder)
  const termCount = matcher.terms.length
  const kind = findQuestionKind(folder.foldText(question))
  if (termCount === 0) return { kind, termCount, candidates: [] }

  const titles: Uint8Array[] = []
  const wholes: Uint8Array[] = []
  const marked: Marked[] = []
  for (const [index, passage] of passages.entries()) {
    const title = `${passage.headings.join('\n')}\n${passage.source}`.slice(0, titleUnitsMax)
    const titleFound = new Uint8Array(termCount)
    matcher.scan(title, { start: 0, end: title.length }, titleFound)
    const wholeFound = titleFound.slice()
    for (const sentence of cutSentences(passage.text).slice(0, sentencesMax - marked.length)) {
      const found = new Uint8Array(termCount)
      matcher.scan(passage.text, sentence, found)
      for (let term = 0; term < termCount; term++) if (found[term] === 1) wholeFound[term] = 1
      marked.push({ ...sentence, passage: index, found })
    }
    titles.push(titleFound)
    wholes.push(wholeFound)
  }

  const weights = weighTerms(matcher.terms, marked)
  const pairWeights = weights.map((weight, term) => (isPair(matcher.terms[term]) ? weight : 0))
  const share = createShare(weights)
  const sharePairs = createShare(pairWeights)
  const nothing = new Uint8Array(termCount)
  const candidates = marked.map((sentence, position): Candidate => {
    const { passage, found, start, end, isHeading } = sentence
    const before = marked[position - 1]
    const after = marked[position + 1]
    const text = passages[passage]?.text.slice(start, end) ?? ''
    return {
      passage,
      start,
      end,
      isHeading,
      own: share(found, nothing),
      pairs: sharePairs(found, nothing),
      before: before?.passage === passage ? share(before.found, found) : 0,
      after: after?.passage === passage ? share(after.found, found) : 0,
      titles: share(titles[passage] ?? nothing, found),
      whole: share(wholes[passage] ?? nothing, nothing),
      holds: holdsKind(kind, text, folder),
      isQuestion: /[?？]["'”’」』)）]?$/.test(text),
    }
  })
  return { kind, termCount, candidates }
}

/** Rare terms say more: the inverse frequency over the sentences given, as in BM25. */
function weighTerms(terms: readonly Term[], sentences: readonly Marked[]): readonly number[] {
  return terms.map((term, index) => {
    let holding = 0
    for (const sentence of sentences) holding += sentence.found[index] ?? 0
    const rarity = Math.log(1 + (sentences.length - holding + 0.5) / (holding + 0.5))
    return rarity * kindWeights[term.kind] * (holding === 0 ? absentWeights[term.kind] : 1)
  })
}

/** The share of all weight that lies in terms found and not in `except`. */
function createShare(weights: readonly number[]): (found: Uint8Array, except: Uint8Array) => number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return (found, except) => {
    if (total === 0) return 0
    let sum = 0
    for (let term = 0; term < weights.length; term++) {
      if (found[term] === 1 && except[term] !== 1) sum += weights[term] ?? 0
    }
    return sum / total
  }
}

function isPair(term: Term | undefined): boolean {
  return term?.kind === 'words' || term?.kind === 'characters'
}
