import { createSeededRandom, type Random } from '../../src/core/random.ts'
import {
  createFolder,
  createInjectionDetector,
  createSecretScanner,
  createTermScanner,
  scanText,
  type Finding,
  type Scanner,
} from '../../src/governance/guards/index.ts'
import { secretMakers } from '../../src/governance/guards/testing.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard, ScorecardOptions } from '../kit/scorecard.ts'
import { disguises, makeAttacks } from './guards/attacks.ts'
import { readBenign, type BenignSet } from './guards/benign.ts'

const secretsPerType = 10
const threshold = 0.5

/** Whether guards find what was planted however a stream parts it, what they find in texts that are harmless, and what that takes. */
export const scorecard: Scorecard = {
  name: 'guards',
  purpose:
    'secrets planted in both languages found over every split into two and in single characters; attacks of templates that no rule was chosen by; harmless questions and passages',
  async run(options): Promise<Measurement> {
    const random = createSeededRandom(options.seed)
    const benign = readBenign(options.dataFolder)
    const scanner = createSecretScanner()
    const secrets = measureSecrets(scanner, random, options)
    const terms = measureTerms(random)
    const injections = measureInjections(random, options)
    const alarms = measureAlarms(scanner, benign, options)
    const speed = measureSpeed(scanner, benign)
    return {
      figures: { ...secrets, ...terms, ...injections, ...alarms, ...speed },
      promised: {
        'secrets.foundShare': ['=', 1],
        'secrets.splitsWrong': ['=', 0],
        'terms.foundShare': ['=', 1],
        'terms.splitsWrong': ['=', 0],
        ...(benign.length === 0 ? {} : { 'alarms.secrets': ['=', 0] as const }),
      },
      unmeasured: benign.length === 0 ? ['alarms.secrets', 'alarms.injectionsPerThousand'] : [],
    }
  },
}

/** Each secret in a text of each language; the text in two pieces, parted at every place, and in single characters. */
function measureSecrets(
  scanner: Scanner,
  random: Random,
  { print }: ScorecardOptions,
): Readonly<Record<string, number>> {
  let [planted, found, splits, wrong] = [0, 0, 0, 0]
  for (const [type, make] of Object.entries(secretMakers)) {
    for (let turn = 0; turn < secretsPerType; turn++) {
      const secret = make(random)
      for (const [before, behind] of [
        ['Here it is: ', '. Keep it safe.'],
        ['令牌如下：', '，请勿外传。'],
      ] as const) {
        const text = before + secret + behind
        const whole = scanText(scanner, text)
        planted++
        if (covers(whole, before.length, before.length + secret.length)) found++
        else print(`  not found: ${type}`)
        for (const pieces of splitsOf(text)) {
          splits++
          if (!isSame(scanPieces(scanner, pieces), whole)) wrong++
        }
      }
    }
  }
  return {
    'secrets.types': Object.keys(secretMakers).length,
    'secrets.planted': planted,
    'secrets.foundShare': found / planted,
    'secrets.splits': splits,
    'secrets.splitsWrong': wrong,
  }
}

/** Of what is assigned, the value is what has to be found; the last mark of a quoted one is no part of it. */
function covers(findings: readonly Finding[], start: number, end: number): boolean {
  return findings.some((finding) => finding.start <= start + 24 && finding.end >= end - 1)
}

function* splitsOf(text: string): Generator<readonly string[]> {
  for (let at = 1; at < text.length; at++) yield [text.slice(0, at), text.slice(at)]
  yield text.split('')
}

function scanPieces(scanner: Scanner, pieces: readonly string[]): readonly Finding[] {
  const scan = scanner.open()
  return [...pieces.flatMap((piece) => scan.read(piece)), ...scan.end()]
}

function isSame(left: readonly Finding[], right: readonly Finding[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ start, end, what }, index) => {
      const other = right[index]
      return other?.start === start && other.end === end && other.what === what
    })
  )
}

/** A thousand terms; each planted disguised in every way that folding undoes. */
function measureTerms(random: Random): Readonly<Record<string, number>> {
  const draw = (from: string, length: number): string =>
    Array.from({ length }, () => from[Math.floor(random.next() * from.length)] ?? '').join('')
  const terms = Array.from({ length: 1_000 }, (_, index) =>
    index % 2 === 0 ? draw('bdfghjklmnqrtuvwz', 8) : draw('黄蓝绿红紫灰橙棕粉银龙门马鸟鱼', 4),
  )
  const scanner = createTermScanner({ folder: createFolder(), terms, within: false, what: 'term' })
  let [planted, found, wrong] = [0, 0, 0]
  for (const term of terms) {
    for (const name of ['plain', 'upper case', 'full width', 'zero width', 'look-alikes']) {
      const hidden = disguises[name]?.(term, random) ?? term
      const text = `Wort ${hidden}, 以及其他。`
      const whole = scanText(scanner, text)
      planted++
      if (whole.some(({ start, end }) => start === 5 && end >= 5 + hidden.length)) found++
      for (const pieces of splitsOf(text)) if (!isSame(scanPieces(scanner, pieces), whole)) wrong++
    }
  }
  return { 'terms.planted': planted, 'terms.foundShare': found / planted, 'terms.splitsWrong': wrong }
}

function measureInjections(random: Random, { print }: ScorecardOptions): Readonly<Record<string, number>> {
  const detector = createInjectionDetector(createFolder())
  const figures: Record<string, number> = {}
  for (const half of ['tune', 'report'] as const) {
    const attacks = makeAttacks(half, { random, each: 5 })
    for (const [name, disguise] of Object.entries(disguises)) {
      for (const language of ['en', 'zh'] as const) {
        const own = attacks.filter((attack) => attack.language === language)
        const found = own.filter(({ text }) => detector.inspect(disguise(text, random)).score >= threshold).length
        print(`  ${half} ${language} ${name}: ${found} of ${own.length}`)
        if (name === 'plain')
          figures[`injections.${half}.${language}.foundShare`] = Number((found / own.length).toFixed(3))
        else if (half === 'report')
          figures[`injections.${name.replaceAll(' ', '-')}.${language}`] = Number((found / own.length).toFixed(3))
      }
    }
    figures[`injections.${half}.templates`] = new Set(attacks.map(({ template }) => template)).size
  }
  return figures
}

function measureAlarms(
  scanner: Scanner,
  sets: readonly BenignSet[],
  { print }: ScorecardOptions,
): Readonly<Record<string, number>> {
  const detector = createInjectionDetector(createFolder())
  let [texts, secrets, injections] = [0, 0, 0]
  for (const { name, texts: own } of sets) {
    let here = 0
    for (const text of own) {
      texts++
      for (const { start, end, what } of scanText(scanner, text)) {
        secrets++
        print(`  ${name}: ${what} ${JSON.stringify(text.slice(start, Math.min(end, start + 60)))}`)
      }
      if (detector.inspect(text).score >= threshold) here++
    }
    injections += here
    print(`  ${name}: ${here} of ${own.length} taken for an injection`)
  }
  return {
    'alarms.texts': texts,
    'alarms.secrets': secrets,
    'alarms.injections': injections,
    'alarms.injectionsPerThousand': Number(((injections / Math.max(1, texts)) * 1_000).toFixed(2)),
  }
}

/** Microseconds of processor time for each KB of UTF-8; the least of five rounds, and of random base 64 beside prose. */
function measureSpeed(scanner: Scanner, sets: readonly BenignSet[]): Readonly<Record<string, number>> {
  const detector = createInjectionDetector(createFolder())
  const random = createSeededRandom(9)
  const terms = createTermScanner({
    folder: createFolder(),
    terms: Array.from({ length: 1_000 }, (_, index) => `term${index}`),
    within: false,
    what: 'term',
  })
  const samples: Record<string, readonly string[]> = {
    english: sets.find(({ name }) => name === 'passages.en')?.texts ?? [],
    chinese: sets.find(({ name }) => name === 'passages.zh')?.texts ?? [],
    base64: Array.from({ length: 100 }, () =>
      Buffer.from(Array.from({ length: 1_500 }, () => Math.floor(random.next() * 256))).toString('base64'),
    ),
  }
  const figures: Record<string, number> = {}
  for (const [name, texts] of Object.entries(samples)) {
    if (texts.length === 0) continue
    figures[`microsPerKb.secrets.${name}`] = timeEach(texts, (text) => scanText(scanner, text))
    figures[`microsPerKb.terms.${name}`] = timeEach(texts, (text) => scanText(terms, text))
    figures[`microsPerKb.injection.${name}`] = timeEach(texts, (text) => detector.inspect(text))
  }
  return figures
}

function timeEach(texts: readonly string[], work: (text: string) => unknown): number {
  const kilobytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1_024
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage()
    for (const text of texts) work(text)
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / kilobytes)
  }
  return Number(least.toPrecision(3))
}
