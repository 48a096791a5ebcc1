import type { GuardPlace } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { GuardVerdict } from '../../core/ports-guards.ts'
import type { Clock } from '../../core/time.ts'
import { GuardLate, type Guard, type Inspected, type Inspection } from './guard.ts'
import { rewriteText } from './rewriting.ts'
import type { Finding, Scanner } from './scan.ts'
import { VerdictBook } from './verdicts.ts'

export interface ScreenParts {
  readonly clock: Clock
  readonly observe: (verdict: GuardVerdict) => void
}

/** Texts of one place of one request. */
export interface Screened {
  readonly place: GuardPlace
  readonly call: Call
  readonly request: ChatRequest | undefined
  readonly texts: readonly { readonly text: string; readonly isNew: boolean }[]
}

/**
 * Has one guard look at texts that are at hand. The texts as they may go on: the same unless it rewrites. Rejects with
 * GUARD_REFUSED, GUARD_FAILED.
 */
export async function screenTexts(parts: ScreenParts, guard: Guard, screened: Screened): Promise<readonly string[]> {
  const { place, call } = screened
  const book = new VerdictBook(guard, place)
  const before = screened.texts.map(({ text }) => text)
  let found: readonly Inspected[]
  try {
    found = await inspectTexts(parts, guard, screened)
  } catch (thrown) {
    throwIfLeft(thrown)
    book.say(call, parts.observe, true)
    if (guard.onError === 'closed') throw book.toFailure(thrown)
    return before
  }
  for (const { findings, score } of found) book.add(findings, score)
  book.say(call, parts.observe)
  if (!book.hasFound || guard.does === 'observe') return before
  if (guard.does === 'block') throw book.toRefusal()
  return before.map((text, index) => rewriteText(text, toReplacements(guard, found[index]?.findings ?? [])))
}

function toReplacements(guard: Guard, findings: readonly Finding[]) {
  return findings.map((finding) => ({ start: finding.start, end: finding.end, mark: guard.markOf(finding) }))
}

/** One result for each text; a judge gives one for all. */
async function inspectTexts(parts: ScreenParts, guard: Guard, screened: Screened): Promise<readonly Inspected[]> {
  const { look } = guard
  if (look.type === 'judge') {
    const text = screened.texts
      .filter(({ isNew }) => isNew)
      .map((each) => each.text)
      .join('\n')
    return text.trim() === '' ? [] : [await look.judge(text, toInspection(parts, guard, screened))]
  }
  const found: Inspected[] = []
  for (const { text } of screened.texts) {
    const around = toInspection(parts, guard, screened)
    if (look.type === 'scan') found.push({ findings: scanInTime(look.scanner, text, around.throwIfLate) })
    else found.push(await look.inspect(text, around))
  }
  return found
}

export function toInspection(
  { clock }: Pick<ScreenParts, 'clock'>,
  { msMax }: Pick<Guard, 'msMax'>,
  around: Pick<Inspection, 'place' | 'call' | 'request'> & { readonly callsTools?: boolean },
): Inspection {
  const { place, call, request, callsTools = false } = around
  const startedMs = clock.monotonicMs()
  return {
    place,
    call,
    request,
    callsTools,
    throwIfLate() {
      if (clock.monotonicMs() - startedMs > msMax) throw new GuardLate(msMax)
    },
  }
}

const sliceLength = 16_384

/** A long text in slices, with a look at the clock between them. */
function scanInTime(scanner: Scanner, text: string, throwIfLate: () => void): readonly Finding[] {
  const scan = scanner.open()
  const found: Finding[] = []
  for (let at = 0; at < text.length; at += sliceLength) {
    found.push(...scan.read(text.slice(at, at + sliceLength)))
    throwIfLate()
  }
  found.push(...scan.end())
  return found
}

/** Whoever has left is no failure of a guard. */
export function throwIfLeft(thrown: unknown): void {
  if (thrown instanceof PlatformError && thrown.code === 'CANCELLED') throw thrown
}
