import type { z } from 'zod'
import { PlatformError } from '../../../core/errors.ts'
import { loadPack } from '../../../governance/policy/index.ts'
import { isJsonObject, type JsonValue } from '../../../core/json.ts'
import { toDollars } from '../../../core/money.ts'
import {
  rerunSchema,
  scenarioSchema,
  type EndpointEstimate,
  type RerunReport,
  type Scenario,
  type WhatIfReport,
} from '../../../investment/what-if/index.ts'
import { runAgain } from '../../ask-again.ts'
import {
  operator,
  operatorTenant,
  readInstant,
  report,
  toMisuse,
  toTable,
  type Command,
  type CommandContext,
} from '../command.ts'
import { readBytes } from '../files.ts'
import { toReplayJson, toRepriceJson, toRerunJson, toEstimateJson } from '../../shapes/index.ts'

const scenarioBytesMax = 1_048_576
const dayMs = 86_400_000
const daysDefault = 30

const rerunOptions = {
  usd: { type: 'string' },
  calls: { type: 'string' },
  seed: { type: 'string' },
  model: { type: 'string' },
  judge: { type: 'string' },
  criteria: { type: 'string' },
} as const

export const whatIf: Command = {
  name: 'what-if',
  usage:
    '[SCENARIO|-] [--gone ENDPOINT[@09:00-13:00]] [--price ENDPOINT=FACTOR] [--regions eu,local] [--budget USD|SHARE%] [--policy PACK|FILE,…] [--level route|price|policy|rerun [--usd N --calls N --seed N --model M --judge M --criteria TEXT]] [--from INSTANT] [--until INSTANT]',
  options: {
    gone: { type: 'string' },
    price: { type: 'string' },
    regions: { type: 'string' },
    budget: { type: 'string' },
    policy: { type: 'string' },
    ...rerunOptions,
    level: { type: 'string' },
    from: { type: 'string' },
    until: { type: 'string' },
  },
  async run(context) {
    const [path, ...more] = context.words
    if (more.length > 0) throw toMisuse(whatIf)
    const scenario = readScenario({ ...(await readFile(path)), ...readOptions(context) })
    const level = textOf(context, 'level') ?? 'route'
    if (level !== 'route' && level !== 'price' && level !== 'policy' && level !== 'rerun')
      throw new PlatformError('INVALID_REQUEST', '--level is route, price, policy or rerun')
    const { parts } = await context.open()
    const untilMs = readInstant(context, 'until') ?? parts.clock.now()
    const span = {
      tenant: operatorTenant,
      fromMs: readInstant(context, 'from') ?? untilMs - daysDefault * dayMs,
      untilMs,
    }
    if (level === 'price') {
      const found = await parts.whatIf.reprice(span, scenario)
      const changed = `${found.same} of ${found.dispatches} dispatches cost the same`
      report(context.terminal, toRepriceJson(found), [
        `USD ${toDollars(found.recorded)} recorded, USD ${toDollars(found.repriced)} at these prices; ${changed}`,
        ...toUnmatchedLines(found),
      ])
      return
    }
    if (level === 'rerun') {
      const { report: found, run } = await runAgain(parts, {
        ...readRerun(context),
        principal: operator,
        span,
        scenario,
      })
      report(context.terminal, toRerunJson(found, run), toRerunLines(found))
      return
    }
    if (level === 'policy') {
      const found = await parts.whatIf.estimate(span)
      report(context.terminal, toEstimateJson(found), toEstimateLines(found))
      return
    }
    const found = await parts.whatIf.replay(span, scenario)
    report(context.terminal, toReplayJson(found), [
      ...toLines(found),
      ...toPolicyLines(found),
      ...toUnmatchedLines(found),
    ])
  },
}

function readRerun(context: CommandContext): z.infer<typeof rerunSchema> {
  const [usd, model, judge, criteria] = ['usd', 'model', 'judge', 'criteria'].map((name) => textOf(context, name))
  const [calls, seed] = ['calls', 'seed'].map((name) => textOf(context, name))
  const parsed = rerunSchema.safeParse({
    usd,
    model,
    calls: calls === undefined ? undefined : Number(calls),
    seed: seed === undefined ? undefined : Number(seed),
    judge: judge === undefined ? undefined : { model: judge, criteria },
  })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new PlatformError('INVALID_REQUEST', `--${issue?.path.join('.') ?? 'usd'}: ${issue?.message ?? ''}`)
}

function toRerunLines(found: RerunReport): readonly string[] {
  const row = (name: string, paired: RerunReport['cost'], digits: number): readonly string[] => [
    name,
    ...(paired === undefined
      ? ['-', '-', '-']
      : [
          paired.recorded.toPrecision(digits),
          paired.again.toPrecision(digits),
          `${paired.difference.toPrecision(digits)} (${paired.lower?.toPrecision(digits) ?? '?'} … ${paired.upper?.toPrecision(digits) ?? '?'})`,
        ]),
  ]
  const { agreement } = found
  return [
    ...toTable([
      ['', 'recorded', 'again', 'difference'],
      row('USD each', found.cost, 4),
      row('ms', found.latencyMs, 4),
      row('quality', found.quality, 3),
    ]),
    `${found.served} of ${found.sent} sent were answered, for USD ${toDollars(found.spent)}; ended by ${found.stopped}; of ${found.contentNotKept} of ${found.calls} calls the content is not kept`,
    ...(agreement === undefined
      ? []
      : [
          `${(100 * agreement.share).toFixed(1)} % of ${agreement.of} answers are the same (${(100 * agreement.lower).toFixed(1)} … ${(100 * agreement.upper).toFixed(1)} %)`,
        ]),
  ]
}

async function readFile(path: string | undefined): Promise<object> {
  if (path === undefined) return {}
  const text = (await readBytes(path, scenarioBytesMax)).toString('utf8')
  try {
    const value: unknown = JSON.parse(text)
    if (isJsonObject(value)) return value
  } catch (cause) {
    throw new PlatformError('INVALID_REQUEST', `${path} is not JSON: ${cause instanceof Error ? cause.message : ''}`, {
      cause,
    })
  }
  throw new PlatformError('INVALID_REQUEST', `${path} holds no JSON object`)
}

/** The usual scenarios, without a file. */
function readOptions(context: CommandContext): object {
  const [gone, price, regions, budget, policy] = ['gone', 'price', 'regions', 'budget', 'policy'].map((name) =>
    textOf(context, name),
  )
  return {
    ...(gone === undefined ? {} : { gone: gone.split(',').map(readGone) }),
    ...(price === undefined ? {} : { prices: price.split(',').map(readPrice) }),
    ...(regions === undefined ? {} : { allowedRegions: regions.split(',') }),
    ...(budget === undefined ? {} : { budget: readBudget(budget) }),
    ...(policy === undefined ? {} : { policies: policy.split(',').map(readPolicy) }),
  }
}

function readGone(text: string): object {
  const [endpoint, span] = text.split('@')
  if (span === undefined) return { endpoint }
  const [from, to] = span.split('-')
  return { endpoint, from, to }
}

function readPrice(text: string): object {
  const at = text.lastIndexOf('=')
  return { endpoint: text.slice(0, Math.max(0, at)), factor: text.slice(at + 1) }
}

/** A file of the operator's own is a pack too. */
function readPolicy(name: string): object {
  return { pack: /[./\\]/.test(name) ? (JSON.parse(loadPack(name).text) as JsonValue) : name }
}

function readBudget(text: string): object {
  if (!text.endsWith('%')) return { usd: text }
  return { share: String(Number(text.slice(0, -1)) / 100) }
}

function readScenario(value: object): Scenario {
  const parsed = scenarioSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new PlatformError(
    'INVALID_REQUEST',
    `the scenario is not understood: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  )
}

function textOf(context: CommandContext, name: string): string | undefined {
  const value = context.options[name]
  return typeof value === 'string' ? value : undefined
}

function toUnmatchedLines({ unmatched }: Pick<WhatIfReport, 'unmatched'>): readonly string[] {
  return unmatched.map(
    (name) => `none of these calls came near an endpoint ${name}: that part of the scenario changes nothing`,
  )
}

function toPolicyLines({ policies }: WhatIfReport): readonly string[] {
  if (policies === undefined) return []
  const { newlyRefused, newlyAllowed, refused } = policies
  return [
    `${newlyRefused.calls} answered calls would be refused, which cost USD ${toDollars(newlyRefused.cost)}; ${newlyAllowed} refused ones would be let through`,
    ...refused
      .slice(0, 10)
      .map(
        ({ useCase, decision, packs, articles, calls, cost }) =>
          `  ${calls} of ${useCase ?? 'no use case on record'}: ${decision} by ${packs.join(', ')}, ${articles.join(', ')}; USD ${toDollars(cost)}`,
      ),
  ]
}

function toLines({ recorded, replayed, ...counts }: WhatIfReport): readonly string[] {
  const row = (name: string, show: (tally: WhatIfReport['recorded']) => string) => [
    name,
    show(recorded),
    show(replayed),
  ]
  const names = [...new Set([...Object.keys(recorded.endpoints), ...Object.keys(replayed.endpoints)])].toSorted()
  return [
    ...toTable([
      ['', 'recorded', 'replayed'],
      row('calls', ({ calls }) => String(calls)),
      row('served', ({ served }) => String(served)),
      row('denied', ({ denied }) => String(denied)),
      row('refused for regions', ({ residencyRefused }) => String(residencyRefused)),
      row('USD', ({ cost }) => toDollars(cost)),
      row('of it estimated', ({ estimatedCost: { low, high } }) => `${toDollars(low)} … ${toDollars(high)}`),
      row('ms p50', ({ latencyMs }) => latencyMs?.p50.toFixed(1) ?? '-'),
      row('ms p99', ({ latencyMs }) => latencyMs?.p99.toFixed(1) ?? '-'),
      row('concentration', ({ concentration }) => concentration?.toFixed(3) ?? '-'),
      ...names.map((name) => row(`answered by ${name}`, ({ endpoints }) => String(endpoints[name]?.served ?? 0))),
    ]),
    `${counts.same} of ${recorded.calls} calls are the same; ${counts.routed} were routed again, of ${counts.kept} the record stands; ${counts.estimatedTries} tries are estimated`,
    ...counts.examples.slice(0, 5).map((each) => `  ${each.call}: ${each.recorded} → ${each.replayed}`),
  ]
}

function toEstimateLines(found: readonly EndpointEstimate[]): readonly string[] {
  if (found.length === 0) return ['no choice on record was left to chance']
  const show = ({ doublyRobust: { mean, lower, upper } }: EndpointEstimate['cost']): string =>
    `${mean.toPrecision(4)} (${lower?.toPrecision(4) ?? '?'} … ${upper?.toPrecision(4) ?? '?'})`
  const rows = found.map(({ endpoint, choices, cost, latencyMs, served }) => [
    endpoint,
    String(choices),
    show(cost),
    show(latencyMs),
    show(served),
  ])
  return toTable([['always', 'choices', 'USD each', 'ms', 'answered'], ...rows])
}
