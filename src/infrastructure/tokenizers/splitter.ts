import type { NormalStep, Pattern, SplitStep } from './parts.ts'

/** Takes a text apart into pieces, and gives each to a visitor. */
export interface Splitter {
  normalise(text: string): string
  /** The pieces of a normal text in their order; `isFirst` for one that begins what was to be counted. */
  visit(text: string, isFirst: boolean, visit: (text: string, start: number, end: number) => void): void
}

type Visit = (text: string, start: number, end: number) => void

/** A step of the splitting: splits the part of a text, and says whether it is the first. */
type Step = (text: string, isFirst: boolean, next: (text: string, start: number, end: number) => void) => void

/** Throws SyntaxError for a pattern that is none here. */
export function createSplitter(normal: readonly NormalStep[], splits: readonly SplitStep[]): Splitter {
  const normalisers = normal.map(toNormaliser)
  const steps = splits.map(toStep)

  /** The steps from one on, all the way to the visitor. */
  function createRun(at: number, visit: Visit): (text: string, isFirst: boolean) => void {
    const step = steps[at]
    if (step === undefined) return (text) => (text === '' ? undefined : visit(text, 0, text.length))
    if (at === steps.length - 1) return (text, isFirst) => step(text, isFirst, visit)
    const next = createRun(at + 1, visit)
    return (text, isFirst) =>
      step(text, isFirst, (whole, start, end) => next(whole.slice(start, end), isFirst && start === 0))
  }

  return {
    normalise: (text) => normalisers.reduce((current, normalise) => normalise(current), text),
    visit: (text, isFirst, visit) => createRun(0, visit)(text, isFirst),
  }
}

function toNormaliser(step: NormalStep): (text: string) => string {
  switch (step.type) {
    case 'unicode':
      return (text) => text.normalize(step.form)
    case 'prepend':
      return (text) => (text === '' ? '' : step.text + text)
    case 'replace': {
      const pattern = toRegExp(step.pattern, 'gu')
      return (text) => text.replace(pattern, () => step.content)
    }
    case 'lowercase':
      return (text) => text.toLowerCase()
  }
}

function toStep(step: SplitStep): Step {
  switch (step.type) {
    case 'prefix':
      return (text, isFirst, next) => {
        const isMissing = !text.startsWith(step.text) && (isFirst || !step.isFirstOnly)
        const whole = isMissing && text !== '' ? step.text + text : text
        if (whole !== '') next(whole, 0, whole.length)
      }
    case 'replace': {
      const pattern = toRegExp(step.pattern, 'gu')
      return (text, _isFirst, next) => {
        const whole = text.replace(pattern, () => step.content)
        if (whole !== '') next(whole, 0, whole.length)
      }
    }
    case 'pattern':
      return toPatternStep(step)
  }
}

function toPatternStep({ pattern, behaviour, isInverted }: Extract<SplitStep, { type: 'pattern' }>): Step {
  const here = toRegExp(pattern, 'uy')
  let anywhere: RegExp | undefined
  const getAnywhere = (): RegExp => (anywhere ??= toRegExp(pattern, 'gu'))
  if (behaviour === 'isolated') return (text, _isFirst, next) => isolate(text, { here, getAnywhere }, next)
  return (text, _isFirst, next) => {
    const spans = findSpans(text, getAnywhere()).filter(({ start, end }) => end > start)
    for (const { start, end } of join(spans, behaviour, isInverted)) next(text, start, end)
  }
}

interface Expressions {
  /** Matches at one place only. */
  readonly here: RegExp
  /** Made when it is needed: most patterns match everywhere. */
  readonly getAnywhere: () => RegExp
}

/**
 * Matches and what lies between them. Most patterns match everywhere, so that looking at one place only is enough; that makes
 * no objects.
 */
function isolate(text: string, { here, getAnywhere }: Expressions, next: Visit): void {
  for (let start = 0; start < text.length; ) {
    here.lastIndex = start
    if (here.test(text) && here.lastIndex > start) {
      const end = here.lastIndex
      next(text, start, end)
      start = end
      continue
    }
    const match = findFrom(text, getAnywhere(), start)
    next(text, start, match?.index ?? text.length)
    start = match?.index ?? text.length
  }
}

/** The next match that is not empty. */
function findFrom(text: string, anywhere: RegExp, from: number): RegExpExecArray | undefined {
  anywhere.lastIndex = from
  for (;;) {
    const match = anywhere.exec(text)
    if (match === null) return undefined
    if (match[0] !== '') return match
    anywhere.lastIndex += 1
  }
}

interface Span {
  readonly start: number
  readonly end: number
  readonly isMatch: boolean
}

function findSpans(text: string, anywhere: RegExp): readonly Span[] {
  const spans: Span[] = []
  for (let start = 0; start < text.length; ) {
    const match = findFrom(text, anywhere, start)
    const index = match?.index ?? text.length
    spans.push({ start, end: index, isMatch: false })
    const end = index + (match?.[0].length ?? 0)
    spans.push({ start: index, end, isMatch: true })
    start = end
  }
  return spans
}

function join(
  spans: readonly Span[],
  behaviour: 'removed' | 'with-previous' | 'with-next',
  isInverted: boolean,
): readonly Span[] {
  const joined: Span[] = []
  let wasTaken = false
  const list = behaviour === 'with-next' ? spans.toReversed() : spans
  for (const span of list) {
    const isTaken = span.isMatch !== isInverted
    const last = joined.at(-1)
    if (behaviour === 'removed') {
      if (!isTaken) joined.push(span)
    } else if (isTaken && !wasTaken && last !== undefined) {
      joined[joined.length - 1] = {
        start: Math.min(last.start, span.start),
        end: Math.max(last.end, span.end),
        isMatch: true,
      }
    } else joined.push(span)
    wasTaken = isTaken
  }
  return behaviour === 'with-next' ? joined.toReversed() : joined
}

/** Throws SyntaxError. */
export function toRegExp(pattern: Pattern, flags: string): RegExp {
  return new RegExp('text' in pattern ? escape(pattern.text) : pattern.source, flags)
}

export function escape(text: string): string {
  return text.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&')
}
