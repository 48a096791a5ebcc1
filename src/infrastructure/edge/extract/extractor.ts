import type { Extractor, Passage, Quote } from '../../../core/ports.ts'
import { createFolder } from './fold.ts'
import type { QuestionKind } from './questions.ts'
import { readPassages, type Candidate, type Reading } from './reading.ts'

/** Most quotes of one answer. */
const quotesMax = 3
/** The least probability, as calibrated, at which quotes are given rather than a refusal. */
const probabilityMin = 0.4
/** A further quote stands at most this far below the best, in units of rank. */
const rankGapMax = 1.2
/** Longest question read, UTF-16 units; of a longer one the end counts. */
const questionUnitsMax = 1_000
/** Most text read for one question, UTF-16 units; passages beyond it are not read. */
const textUnitsMax = 400_000

/**
 * Answers questions by quoting sentences of the passages given, in Chinese (both scripts) and English; needs no weights.
 * The first quote's score is the calibrated probability (0…1) that the quotes hold the answer; the others' are less by how
 * much worse they rank.
 */
export function createExtractor(): Extractor {
  const folder = createFolder()
  return {
    extract(question, passages) {
      const reading = readPassages(question.slice(-questionUnitsMax), limitText(passages), folder)
      return { quotes: chooseQuotes(reading, passages) }
    },
  }
}

function limitText(passages: readonly Passage[]): readonly Passage[] {
  let units = 0
  const limit = passages.findIndex((passage) => (units += passage.text.length) > textUnitsMax)
  return limit < 0 ? passages : passages.slice(0, limit)
}

interface Ranked {
  readonly candidate: Candidate
  readonly rank: number
  readonly text: string
}

/** The best sentence and those close behind it, when they are probable enough; first passages win ties. */
function chooseQuotes(reading: Reading, passages: readonly Passage[]): readonly Quote[] {
  const ranked = rankAll(reading, passages)
  const best = ranked[0]
  if (best === undefined) return []
  const rival = ranked.find(({ candidate }) => candidate.passage !== best.candidate.passage)
  const alone = best.candidate.whole > 0.95 ? leadAlone.whole : leadAlone.partial
  const lead = rival === undefined ? alone : Math.min(best.rank - rival.rank, leadMax)
  const probability = estimateProbability(best, { lead, termCount: reading.termCount })
  if (probability < probabilityMin) return []
  return ranked
    .slice(0, quotesMax)
    .filter(({ rank }) => best.rank - rank <= rankGapMax)
    .map(({ candidate: { passage, start, end }, rank }) => {
      return { passage, start, end, score: probability * Math.exp(rank - best.rank) }
    })
}

/** Best first. Of sentences that are the same word for word only the first is kept: a copy is no rival. */
function rankAll(reading: Reading, passages: readonly Passage[]): readonly Ranked[] {
  const seen = new Set<string>()
  const ranked = reading.candidates.map((candidate): Ranked => {
    const text = passages[candidate.passage]?.text.slice(candidate.start, candidate.end) ?? ''
    return { candidate, rank: rankCandidate(candidate, reading.kind), text }
  })
  return ranked
    .toSorted((a, b) => b.rank - a.rank)
    .filter(({ text }) => {
      const isNew = !seen.has(text)
      seen.add(text)
      return isNew
    })
}

/**
 * How well a sentence answers, against the others of the same question. The coefficients are those of a conditional
 * logistic regression on the even half of the questions of `npm run scorecard -- extract`; the one of headings is set
 * by hand, since a heading names what its section answers.
 */
function rankCandidate(candidate: Candidate, kind: QuestionKind): number {
  let rank =
    8.4 * candidate.own -
    0.9 * candidate.pairs +
    2.5 * candidate.before +
    1.3 * candidate.after +
    3.7 * candidate.titles +
    7.1 * candidate.whole
  if (kind === 'time') rank += candidate.holds === true ? 1.5 : -1.2
  if (kind === 'number') rank += candidate.holds === true ? 0.8 : -0.8
  if (kind === 'reason' && candidate.holds === true) rank += 1.2
  if (candidate.isQuestion) rank -= 4
  if (candidate.isHeading) rank -= 4
  return rank
}

/** A larger lead over the best sentence of any other passage says no more. */
const leadMax = 8
/** The lead taken where there is only one passage to compare: more when it holds the whole question. */
const leadAlone = { partial: 3, whole: 5 }

interface Standing {
  readonly lead: number
  readonly termCount: number
}

/**
 * Logistic regression of "the quotes hold the answer", on the same half, with and without the answer's passage. Of the
 * terms in the whole passage, what is above 0.6 says little more; that nearly all stand close together says much.
 */
function estimateProbability({ candidate, rank }: Ranked, { lead, termCount }: Standing): number {
  const near = Math.min(1, candidate.own + candidate.before + candidate.titles)
  const logit =
    -8.72 +
    0.178 * rank +
    0.444 * lead +
    0.1 * candidate.own +
    1.07 * candidate.pairs -
    4.26 * candidate.whole +
    10.16 * Math.min(candidate.whole, 0.6) +
    4.29 * Math.max(0, near - 0.8) +
    0.704 * Math.log(1 + termCount)
  return 1 / (1 + Math.exp(-logit))
}
