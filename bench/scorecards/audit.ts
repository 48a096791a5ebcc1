import { createSeededRandom, type Random } from '../../src/core/random.ts'
import {
  createAuditKey,
  createPolicyGuard,
  readAuditKey,
  verifyExport,
  type AuditReport,
} from '../../src/governance/index.ts'
import { makeExport, type SyntheticOptions } from '../../src/governance/audit/testing.ts'
import type { Clock } from '../../src/core/time.ts'
import { plainFacts } from '../../test/kit/use-case-answers.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

const records = 1_000_000
const smallRecords = 200
const tamperings = 1_000
const startMs = Date.parse('2026-12-02T00:00:00Z')

/** Whether an export says what happened, and is found out when it does not. */
export const scorecard: Scorecard = {
  name: 'audit',
  purpose: `${records} records verified and decided again with the public key alone; ${tamperings} exports tampered with, all to be found out`,
  async run({ seed, clock, print }): Promise<Measurement> {
    const options = createOptions()
    const found = await tamper(options, createSeededRandom(seed))
    print(`${tamperings} tampered exports`)
    const startedMs = clock.monotonicMs()
    const report = await verify(makeExport({ ...options, records }), options)
    const verifyMs = clock.monotonicMs() - startedMs
    const makeMs = await measureMaking(options, clock)
    return {
      figures: {
        records: report.records,
        decisions: report.decisions,
        proven: report.isProven ? 1 : 0,
        // The export is made while it is read; what making alone takes is taken off.
        verifySeconds: Number(((verifyMs - makeMs) / 1_000).toFixed(1)),
        tampered: tamperings,
        ...found,
      },
      promised: {
        proven: ['=', 1],
        decisions: ['=', records],
        verifySeconds: ['<=', 60],
        notFound: ['=', 0],
        falselyFound: ['=', 0],
      },
      unmeasured: [],
    }
  },
}

/** Requests that the AI Act pack has decided on, as the guard of the platform records them. */
function createOptions(): Omit<SyntheticOptions, 'records'> {
  const guard = createPolicyGuard({
    config: {
      policies: [{ pack: 'eu-ai-act', mode: 'enforce' }],
      useCases: { desk: { 'eu-ai-act': plainFacts } },
      defaultUseCase: undefined,
    },
    clock: { now: () => startMs, monotonicMs: () => 0 },
    toPath: (path) => path,
  })
  const detail = { ...guard.label('desk', 'default')?.record, allowed_regions: ['eu'] }
  const key = readAuditKey(createAuditKey())
  return { tenants: 7, key, origin: 'scorecard', startMs, detail, materials: guard.materials }
}

async function verify(
  lines: Iterable<string>,
  options: Pick<SyntheticOptions, 'key' | 'origin'>,
): Promise<AuditReport> {
  const [head = ''] = makeExport({ ...createHeadOnly(options), records: 1 })
  return verifyExport(stream(lines), { verifierKey: head.split('\t')[2] ?? '' })
}

function createHeadOnly(options: Pick<SyntheticOptions, 'key' | 'origin'>): Omit<SyntheticOptions, 'records'> {
  return { ...options, tenants: 1, startMs, detail: {}, materials: [] }
}

async function* stream(lines: Iterable<string>): AsyncGenerator<string> {
  yield* lines
}

async function measureMaking(options: Omit<SyntheticOptions, 'records'>, clock: Clock): Promise<number> {
  const startedMs = clock.monotonicMs()
  let bytes = 0
  for (const line of makeExport({ ...options, records })) bytes += line.length
  return bytes > 0 ? clock.monotonicMs() - startedMs : 0
}

/** One change each: a byte, a line gone, two lines exchanged, a tail cut off, a line twice. */
async function tamper(
  options: Omit<SyntheticOptions, 'records'>,
  random: Random,
): Promise<{ readonly notFound: number; readonly falselyFound: number }> {
  const lines = [...makeExport({ ...options, records: smallRecords })]
  const falselyFound = (await verify(lines, options)).isProven ? 0 : 1
  let notFound = 0
  for (let run = 0; run < tamperings; run++) {
    const isProven = await verify(change(lines, run % 5, random), options).then(
      (report) => report.isProven,
      () => false, // Not even an export any more.
    )
    if (isProven) notFound += 1
  }
  return { notFound, falselyFound }
}

function change(lines: readonly string[], way: number, random: Random): readonly string[] {
  const pick = (): number => Math.floor(random.next() * lines.length)
  const at = pick()
  const line = lines[at] ?? ''
  switch (way) {
    case 0: {
      const place = Math.floor(random.next() * Math.max(1, line.length - 1))
      const other = line[place] === 'a' ? 'b' : 'a'
      return lines.toSpliced(at, 1, `${line.slice(0, place)}${other}${line.slice(place + 1)}`)
    }
    case 1:
      return lines.toSpliced(at, 1)
    case 2: {
      const other = (at + 1 + Math.floor(random.next() * (lines.length - 1))) % lines.length
      return lines.map((each, index) => (index === at ? (lines[other] ?? '') : index === other ? line : each))
    }
    case 3:
      return lines.slice(0, Math.max(1, at))
    default:
      return lines.toSpliced(pick(), 0, line)
  }
}
