import type { Extractor, Passage, Quote } from '../../../core/ports.ts'
import { createFolder } from './fold.ts'
import type { QuestionKind } from './questions.ts'
import { readPassages, type Candidate, type Reading } from './reading.ts'

/** Most quotes of one answer. */
const quotesMax = 3
/** The least probability, as calibrated, at which a quote is given rather than a refusal. */
const probabilityMin = 0.4
/** A further quote stands at most this far below the best, in units of rank. */
const rankGapMax = 1.2
/** Longest question read, UTF-16 units; of a longer one the end counts. */
const questionUnitsMax = 1_000
/** Most text read for one question, UTF-16 units; passages beyond it are not read. */
const textUnitsMax = 400_000

/**
 * Answers questions by quoting sentences of the passages given; needs no weights. A quote's score is the calibrated
 * probability (0…1) that it holds the answer. Chinese (both scripts) and English.
 */
export function createExtractor(): Extractor {
  const folder = createFolder()
  return {
    extract(question, passages) {
      const reading = readPassages(question.slice(-questionUnitsMax), limitText(passages), folder)
      return { quotes: chooseQuotes(reading) }
    },
  }
}

function limitText(passages: readonly Passage[]): readonly Passage[] {
  let units = 0
  const limit = passages.findIndex((passage) => (units += passage.text.length) > textUnitsMax)
  return limit < 0 ? passages : passages.slice(0, limit)
}

/** The best sentence and those close behind it, when they are probable enough; first passages win ties. */
function chooseQuotes(reading: Reading): readonly Quote[] {
  const ranked = reading.candidates
    .map((candidate) => ({ candidate, rank: rankCandidate(candidate, reading.kind) }))
    .toSorted((a, b) => b.rank - a.rank)
  const best = ranked[0]
  if (best === undefined) return []
  const quotes: Quote[] = []
  for (const [position, { candidate, rank }] of ranked.slice(0, quotesMax).entries()) {
    if (best.rank - rank > rankGapMax) break
    const lead = position > 0 ? 0 : rank - (ranked[1]?.rank ?? rank - leadMax)
    const score = estimateProbability(candidate, { rank, lead: Math.min(lead, leadMax), termCount: reading.termCount })
    if (score < probabilityMin) break
    quotes.push({ passage: candidate.passage, start: candidate.start, end: candidate.end, score })
  }
  return quotes.toSorted((a, b) => b.score - a.score)
}

/**
 * How well a sentence answers, against the others of the same question. The coefficients are those of a conditional
 * logistic regression on the even half of the questions of `npm run scorecard -- extract`; the one of headings is set
 * by hand, since a heading names what its section answers.
 */
function rankCandidate(candidate: Candidate, kind: QuestionKind): number {
  let rank =
    10.4 * candidate.own -
    3.2 * candidate.pairs +
    2.4 * candidate.before +
    1.3 * candidate.after +
    3.3 * candidate.titles +
    7.2 * candidate.whole
  if (kind === 'time') rank += candidate.holds === true ? 1.4 : -1.2
  if (kind === 'number') rank += candidate.holds === true ? 0.8 : -0.8
  if (kind === 'reason' && candidate.holds === true) rank += 1.3
  if (candidate.isQuestion) rank -= 2
  if (candidate.isHeading) rank -= 4
  return rank
}

/** A larger lead over the next sentence says no more. */
const leadMax = 5

interface Standing {
  readonly rank: number
  readonly lead: number
  readonly termCount: number
}

/** Logistic regression of "the sentence holds the answer", on the same half, with and without the answer's passage. */
function estimateProbability(candidate: Candidate, { rank, lead, termCount }: Standing): number {
  const logit =
    -11.9 +
    0.514 * rank +
    0.669 * lead -
    2.31 * candidate.own +
    2.03 * candidate.pairs +
    14.04 * candidate.whole -
    10.99 * candidate.whole ** 2 +
    0.805 * Math.log(1 + termCount)
  return 1 / (1 + Math.exp(-logit))
}
