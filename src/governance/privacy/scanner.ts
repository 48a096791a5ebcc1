import { PlatformError } from '../../core/errors.ts'
import type { PersonalDataScanner, PersonalDatum, ScanOptions } from '../../core/ports-privacy.ts'
import type { Clock } from '../../core/time.ts'
import { createTurns, runAtOnce, type Pieces } from '../../core/turns.ts'
import { personalDataTypes, recognisers } from './recognisers/index.ts'
import type { Candidate } from './recognisers/recogniser.ts'
import { readText } from './scanned-text.ts'

/** Finds personal data by form, check digits and the words around. Pure but for the date, after which nobody is born. */
export function createPersonalDataScanner({ clock }: { readonly clock: Clock }): PersonalDataScanner {
  const turns = createTurns(clock)
  return {
    types: personalDataTypes,
    scan: (text, options) => runAtOnce(scanText(text, options ?? {}, clock.now())),
    scanInTurns: (text, options, signal) => turns.run(scanText(text, options ?? {}, clock.now()), signal),
  }
}

function* scanText(text: string, options: ScanOptions, atMs: number): Pieces<readonly PersonalDatum[]> {
  const wanted = checkTypes(options.types)
  const confidenceMin = options.confidenceMin ?? confidenceMinDefault
  const scanned = yield* readText(text)
  const candidates: Candidate[] = []
  let looks = 0
  // All recognisers run whatever is wanted: what one claims is not for another to misread.
  for (const recogniser of recognisers) {
    for (const each of recogniser.find(scanned, { atMs })) {
      if (each !== undefined) candidates.push(each)
      if (++looks % looksPerPiece === 0) yield
    }
    yield
  }
  const findings = (yield* chooseAmong(candidates)).filter(
    ({ type, confidence }) => confidence >= confidenceMin && (wanted === undefined || wanted.has(type)),
  )
  return withLines(text, findings)
}

const confidenceMinDefault = 0.5
/** Of a recogniser, at 1 to 500 µs. */
const looksPerPiece = 8

function checkTypes(types: readonly string[] | undefined): ReadonlySet<string> | undefined {
  const stranger = types?.find((type) => !personalDataTypes.includes(type))
  if (stranger === undefined) return types === undefined ? undefined : new Set(types)
  const known = personalDataTypes.join(', ')
  throw new PlatformError('INVALID_REQUEST', `there is no type "${stranger.slice(0, 64)}"; there are: ${known}`, {
    param: 'types',
  })
}

/**
 * Of candidates that overlap the strongest stands, then the longest, then the surest, then the first. One whose check
 * fails removes what is weaker in its place and is itself left out. In the order of the text.
 */
function* chooseAmong(candidates: readonly Candidate[]): Pieces<readonly Candidate[]> {
  const ranked = candidates.toSorted(
    (left, right) =>
      right.strength - left.strength ||
      right.end - right.start - (left.end - left.start) ||
      right.confidence - left.confidence ||
      left.start - right.start,
  )
  const taken = createTakenSpans()
  const chosen: Candidate[] = []
  for (const candidate of ranked) {
    if (taken.take(candidate) && candidate.confidence > 0) chosen.push(candidate)
    yield
  }
  return chosen.toSorted((left, right) => left.start - right.start)
}

interface TakenSpans {
  /** False when something taken before overlaps. */
  take(span: { readonly start: number; readonly end: number }): boolean
}

/** Spans that do not overlap, found by the blocks of 64 units they lie in: linear, as spans are short. */
function createTakenSpans(): TakenSpans {
  const blocks = new Map<number, { readonly start: number; readonly end: number }[]>()
  return {
    take(span) {
      const first = span.start >> 6
      const last = (span.end - 1) >> 6
      for (let block = first; block <= last; block++) {
        for (const each of blocks.get(block) ?? []) if (each.start < span.end && span.start < each.end) return false
      }
      for (let block = first; block <= last; block++) {
        const here = blocks.get(block)
        if (here === undefined) blocks.set(block, [span])
        else here.push(span)
      }
      return true
    },
  }
}

function withLines(text: string, findings: readonly Candidate[]): readonly PersonalDatum[] {
  let line = 1
  let at = text.indexOf('\n')
  return findings.map(({ type, start, end, confidence, why }) => {
    for (; at !== -1 && at < start; at = text.indexOf('\n', at + 1)) line++
    return { type, start, end, line, confidence, why }
  })
}
