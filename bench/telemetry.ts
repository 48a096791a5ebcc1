import { configSchema } from '../src/config/index.ts'
import type { CallFacts } from '../src/core/call.ts'
import { createSystemRandom } from '../src/core/random.ts'
import type { Clock } from '../src/core/time.ts'
import { createUsage } from '../src/core/usage.ts'
import { createTelemetry, type Telemetry } from '../src/telemetry/index.ts'
import type { Benchmark } from './kit/benchmark.ts'
import { median } from './kit/report.ts'

const roundsMin = 9
const callsPerRound = 200_000
const names = Array.from({ length: 50 }, (_, index) => index)

export const benchmark: Benchmark = {
  name: 'telemetry',
  purpose: 'what it costs to count one ended call tree (request, model, one try), and to write all metrics as text',
  async run({ clock, rounds }) {
    const telemetry = create(clock)
    const trees = names.map(createTree)
    const observeUs: number[] = []
    const textMs: number[] = []
    for (let round = 0; round < Math.max(rounds, roundsMin); round++) {
      const startedMs = clock.monotonicMs()
      for (let index = 0; index < callsPerRound; index++) {
        telemetry.observeCall(trees[index % trees.length] ?? [], 'openai-chat')
      }
      observeUs.push(((clock.monotonicMs() - startedMs) * 1_000) / callsPerRound)
      const textStartedMs = clock.monotonicMs()
      await telemetry.metricsText()
      textMs.push(clock.monotonicMs() - textStartedMs)
    }
    const figures = { 'observe.us': median(observeUs) ?? Number.NaN, 'text.ms': median(textMs) ?? Number.NaN }
    return { figures, promised: { 'observe.us': ['<=', 2] }, unmeasured: [] }
  },
}

function create(clock: Clock): Telemetry {
  const telemetry = createTelemetry({
    config: { logLevel: 'silent' },
    clock,
    random: createSystemRandom(),
    writeLog: () => undefined,
  })
  telemetry.useConfig({
    config: configSchema.parse({
      endpoints: Object.fromEntries(names.map((n) => [`endpoint-${n}`, { dialect: 'openai', model: 'm' }])),
      models: Object.fromEntries(names.map((n) => [`model-${n}`, { endpoint: `endpoint-${n}` }])),
    }),
    hash: 'bench',
  })
  return telemetry
}

function createTree(model: number): readonly CallFacts[] {
  const common = {
    rootId: 'call_1',
    tenant: 'default',
    keyId: 'key_1',
    startedAtMs: 0,
    durationMs: 800 + model,
    firstByteMs: 120,
    status: 'ok',
    errorCode: undefined,
    vendorModel: undefined,
    regions: undefined,
    usage: createUsage({ inputTotal: 1_000, cacheRead: 200, outputTotal: 300 }),
    cost: 123_456_789n,
    priceVersion: undefined,
    detail: undefined,
  } as const
  return [
    { ...common, id: 'call_1.2', parentId: 'call_1.1', kind: 'dispatch', name: `endpoint-${model}` },
    { ...common, id: 'call_1.1', parentId: 'call_1', kind: 'model', name: `model-${model}` },
    { ...common, id: 'call_1', parentId: undefined, kind: 'request', name: `model-${model}` },
  ]
}
