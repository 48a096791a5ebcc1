import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { configSchema } from '../config/index.ts'
import { createIds } from '../core/ids.ts'
import { createRootCall, type CallFacts } from '../core/call.ts'
import { createSeededRandom } from '../core/random.ts'
import { createFakeClock } from '../core/time.ts'
import { createUsage } from '../core/usage.ts'
import {
  createTelemetry,
  createTraceExporter,
  describeEndpoints,
  toSpans,
  toTraceId,
  type TraceExporter,
} from './index.ts'

const { endpoints } = configSchema.parse({
  endpoints: { eu: { dialect: 'mistral', model: 'mistral-small-latest', url: 'https://api.mistral.ai/v1' } },
})
const descriptions = describeEndpoints(endpoints)
const startMs = Date.UTC(2026, 10, 23, 12)

/** The facts of one real call tree: a request, a model, a try. */
function createTree(seed = 1): readonly CallFacts[] {
  const clock = createFakeClock(startMs)
  const ids = createIds({ clock, random: createSeededRandom(seed) })
  const principal = {
    tenant: 'default',
    keyId: 'key_1',
    role: 'member',
    models: undefined,
    regions: undefined,
  } as const
  const labels = { allowedRegions: ['eu'] }
  const root = createRootCall({ clock, ids }, { name: 'everyday', principal, labels, durationMsMax: 1_000 })
  const model = root.child({ kind: 'model', name: 'large' })
  clock.advance(2)
  const attempt = model.child({ kind: 'dispatch', name: 'eu' })
  clock.advance(250.5)
  attempt.end({
    status: 'ok',
    firstByteMs: 80.25,
    vendorModel: 'mistral-small-2603',
    regions: ['eu'],
    usage: createUsage({ inputTotal: 100, cacheRead: 0, outputTotal: 20 }),
    cost: 16_000_000n,
    priceVersion: 'book-1',
  })
  model.end({ status: 'ok' })
  root.end({ status: 'ok' })
  return root.facts
}

function spansOf(facts: readonly CallFacts[]) {
  return toSpans(facts, descriptions).resourceSpans[0]?.scopeSpans[0]?.spans ?? []
}

describe('spans of a call tree', () => {
  test('are one trace: the request serves, the models are inside, the tries are clients', () => {
    const [attempt, model, request] = spansOf(createTree())
    expect([request?.kind, model?.kind, attempt?.kind]).toEqual([2, 1, 3])
    expect(request?.parentSpanId).toBeUndefined()
    expect(model?.parentSpanId).toBe(request?.spanId)
    expect(attempt?.parentSpanId).toBe(model?.spanId)
    expect(new Set([attempt, model, request].map((span) => span?.traceId)).size).toBe(1)
    expect(request?.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(attempt?.spanId).toMatch(/^[0-9a-f]{16}$/)
  })

  test('carry the names of the GenAI conventions', () => {
    const [attempt] = spansOf(createTree())
    expect(attempt?.name).toBe('chat mistral-small-latest')
    expect(attempt?.attributes).toEqual(
      expect.arrayContaining([
        { key: 'gen_ai.operation.name', value: { stringValue: 'chat' } },
        { key: 'gen_ai.provider.name', value: { stringValue: 'mistral_ai' } },
        { key: 'gen_ai.request.model', value: { stringValue: 'mistral-small-latest' } },
        { key: 'gen_ai.response.model', value: { stringValue: 'mistral-small-2603' } },
        { key: 'gen_ai.usage.input_tokens', value: { intValue: '100' } },
        { key: 'gen_ai.usage.output_tokens', value: { intValue: '20' } },
        { key: 'gen_ai.usage.cache_read.input_tokens', value: { intValue: '0' } },
        { key: 'server.address', value: { stringValue: 'api.mistral.ai' } },
        { key: 'server.port', value: { intValue: '443' } },
        { key: 'strata.regions', value: { arrayValue: { values: [{ stringValue: 'eu' }] } } },
        { key: 'strata.first_byte_ms', value: { doubleValue: 80.25 } },
        { key: 'strata.cost_dollars', value: { stringValue: '0.000016' } },
      ]),
    )
  })

  test('say what a tree was for by its tries: chat, where they were for different things', () => {
    const nameOf = (operations: readonly (string | undefined)[]): readonly unknown[] => {
      const [attempt, ...others] = createTree()
      if (attempt === undefined) throw new Error('the tree has a try')
      const tries = operations.map((operation) => ({
        ...attempt,
        detail: operation === undefined ? {} : { operation },
      }))
      const isName = ({ key }: { readonly key: string }): boolean => key === 'gen_ai.operation.name'
      return spansOf([...tries, ...others]).map(({ attributes }) => attributes.find(isName)?.value)
    }
    const [chat, rerank] = [{ stringValue: 'chat' }, { stringValue: 'rerank' }]
    expect(nameOf(['rerank'])).toEqual([rerank, rerank, rerank])
    expect(nameOf(['rerank', undefined])).toEqual([rerank, chat, chat, chat])
    expect(nameOf([])).toEqual([chat, chat])
  })

  test('leave out what is not known, and say what failed', () => {
    const [first] = createTree()
    if (first === undefined) throw new Error('the tree has a try')
    const [span] = spansOf([
      { ...first, status: 'error', errorCode: 'UPSTREAM_CUT', usage: undefined, cost: undefined },
    ])
    expect(span?.status).toEqual({ code: 2, message: 'UPSTREAM_CUT' })
    const keys = span?.attributes.map(({ key }) => key)
    expect(keys).toContain('error.type')
    expect(keys?.filter((key) => key.startsWith('gen_ai.usage') || key === 'strata.cost_dollars')).toEqual([])
  })

  test('begin and end at the nanoseconds of the facts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_102_444_800_000 }),
        fc.integer({ min: 0, max: 600_000_000 }),
        (at, us) => {
          const [first] = createTree()
          if (first === undefined) throw new Error('the tree has a try')
          const [span] = spansOf([{ ...first, startedAtMs: at, durationMs: us / 1_000 }])
          expect(span?.startTimeUnixNano).toBe(`${BigInt(at) * 1_000_000n}`)
          expect(BigInt(span?.endTimeUnixNano ?? 0) - BigInt(span?.startTimeUnixNano ?? 0)).toBe(BigInt(us) * 1_000n)
        },
      ),
    )
  })

  test('are the same for the same facts, and another trace for another call', () => {
    expect(toSpans(createTree(1), descriptions)).toEqual(toSpans(createTree(1), descriptions))
    expect(toTraceId('call_a')).not.toBe(toTraceId('call_b'))
  })
})

describe('the exporter', () => {
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

  function create(known: {
    sample?: number
    queueLengthMax?: number
    send: (body: string) => Promise<void>
  }): TraceExporter {
    return createTraceExporter({
      sample: 1,
      queueLengthMax: 1_000,
      random: createSeededRandom(7),
      endpoints: descriptions,
      log: silent,
      gatherMs: 60_000,
      ...known,
    })
  }

  test('sends every tree once, in batches, in order', async () => {
    const bodies: string[] = []
    const exporter = create({ send: async (body) => void bodies.push(body) })
    const trees = Array.from({ length: 300 }, (_, seed) => createTree(seed))
    for (const tree of trees) exporter.offer(tree)
    await Promise.all([exporter.flush(), exporter.flush()])
    const sent = bodies.flatMap((body) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans)
    expect(sent.map((span) => span.spanId)).toEqual(trees.flatMap((tree) => spansOf(tree).map((span) => span.spanId)))
    expect(bodies.length).toBe(3)
    expect(exporter.stats()).toEqual({ queued: 0, exported: 300, dropped: 0 })
  })

  test('drops and counts what the queue cannot hold, and holds nobody up', () => {
    const exporter = create({ queueLengthMax: 2, send: () => new Promise(() => undefined) })
    for (let seed = 0; seed < 5; seed++) exporter.offer(createTree(seed))
    expect(exporter.stats()).toEqual({ queued: 2, exported: 0, dropped: 3 })
  })

  test('keeps a batch that was refused, and drops it after the third time', async () => {
    let attempts = 0
    const exporter = create({
      send: () => {
        attempts++
        return Promise.reject(new Error('503'))
      },
    })
    exporter.offer(createTree())
    await exporter.flush()
    expect(exporter.stats()).toEqual({ queued: 1, exported: 0, dropped: 0 })
    await exporter.flush()
    await exporter.flush()
    expect(exporter.stats()).toEqual({ queued: 0, exported: 0, dropped: 1 })
    expect(attempts).toBe(3)
  })

  test('samples whole trees, by the injected chance', async () => {
    const exporter = create({ sample: 0.25, send: () => Promise.resolve() })
    for (let seed = 0; seed < 1_000; seed++) exporter.offer(createTree(seed))
    await exporter.flush()
    expect(exporter.stats().exported).toBeGreaterThan(200)
    expect(exporter.stats().exported).toBeLessThan(300)
    expect(exporter.stats().dropped).toBe(0)
  })

  test('sends by itself once it has gathered', async () => {
    let sent = (): void => undefined
    const wasSent = new Promise<void>((done) => {
      sent = done
    })
    const exporter = createTraceExporter({
      sample: 1,
      queueLengthMax: 10,
      random: createSeededRandom(7),
      endpoints: descriptions,
      log: silent,
      gatherMs: 1,
      send: async () => sent(),
    })
    // The timer does not keep a process alive, so that the test has to.
    const alive = setInterval(() => undefined, 1_000)
    exporter.offer(createTree())
    await wasSent
    clearInterval(alive)
    await exporter.close()
    expect(exporter.stats()).toEqual({ queued: 0, exported: 1, dropped: 0 })
  })

  test('sends what is left when it closes, then takes nothing more', async () => {
    const exporter = create({ send: () => Promise.resolve() })
    exporter.offer(createTree())
    await exporter.close()
    exporter.offer(createTree())
    expect(exporter.stats()).toEqual({ queued: 0, exported: 1, dropped: 1 })
  })

  test('is made only where the configuration asks for it, and its counts outlive a new configuration', async () => {
    const telemetry = createTelemetry({
      config: { logLevel: 'silent' },
      clock: createFakeClock(startMs),
      random: createSeededRandom(1),
      writeLog: () => undefined,
    })
    const send = () => Promise.resolve()
    expect(telemetry.createTraceExporter(configSchema.parse({}), send)).toBeUndefined()
    const config = configSchema.parse({
      telemetry: { traces: { url: 'http://127.0.0.1:4318/v1/traces', processing: ['local'], storage: ['local'] } },
    })
    for (let reload = 0; reload < 2; reload++) {
      const exporter = telemetry.createTraceExporter(config, send)
      exporter?.offer(createTree(reload))
      await exporter?.close()
    }
    expect(await telemetry.metricsText()).toContain('strata_traces_exported_total 2\n')
  })
})
