import { describe, expect, test } from 'vitest'
import { configSchema, type Config } from '../config/index.ts'
import type { CallFacts } from '../core/call.ts'
import { createSeededRandom } from '../core/random.ts'
import { createFacts } from '../core/testing.ts'
import { createFakeClock } from '../core/time.ts'
import { createUsage } from '../core/usage.ts'
import { createTelemetry, metricCatalogue, processMetricCatalogue, type Telemetry } from './index.ts'

const startMs = Date.UTC(2026, 10, 23, 12)

const config: Config = configSchema.parse({
  endpoints: {
    laptop: { dialect: 'openai', model: 'qwen3:4b', url: 'http://127.0.0.1:11434/v1' },
    eu: { dialect: 'mistral', model: 'mistral-small-latest', url: 'https://api.mistral.ai/v1' },
  },
  models: { small: { endpoint: 'laptop' } },
})

function create(level: Config['telemetry']['logLevel'] = 'info'): { telemetry: Telemetry; lines: string[] } {
  const lines: string[] = []
  const telemetry = createTelemetry({
    config: { logLevel: level },
    clock: createFakeClock(startMs),
    random: createSeededRandom(1),
    writeLog: (line) => lines.push(line),
  })
  telemetry.useConfig({ config: { ...config, telemetry: { logLevel: level } }, hash: 'abc' })
  return { telemetry, lines }
}

function fact(known: Partial<CallFacts>): CallFacts {
  const times = { startedAtMs: startMs, durationMs: 1_200, firstByteMs: 80 }
  return createFacts({ id: 'call_1', rootId: 'call_1', name: 'small', ...times, ...known })
}

const attempt = fact({
  id: 'call_1.1',
  parentId: 'call_1',
  kind: 'dispatch',
  name: 'laptop',
  durationMs: 1_100,
  usage: createUsage({ inputTotal: 100, cacheRead: 40, outputTotal: 20 }),
  cost: 2_500_000_000n,
})

describe('logs', () => {
  test('are one line of JSON: level, time of the injected clock, fields, message', () => {
    const { telemetry, lines } = create()
    telemetry.log.info({ endpoint: 'laptop', latencyMs: 12 }, 'endpoint answered')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        level: 'info',
        time: '2026-11-23T12:00:00.000Z',
        endpoint: 'laptop',
        latencyMs: 12,
        message: 'endpoint answered',
      },
    ])
    expect(lines[0]).not.toContain('\n')
  })

  test('below the level are not written, and a new configuration changes the level', () => {
    const { telemetry, lines } = create('warn')
    telemetry.log.info({}, 'quiet')
    telemetry.useConfig({ config: { ...config, telemetry: { logLevel: 'debug' } }, hash: 'b' })
    telemetry.log.debug({}, 'loud')
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(['loud'])
  })

  test.each([
    ['a key by its name', { key: 'abc' }],
    ['a header by its name', { headers: { Authorization: 'abc', 'x-api-key': 'abc', 'set-cookie': 'abc' } }],
    ['a password by the end of its name', { store: { dbPassword: 'abc' } }],
    ['a token in a list', { tries: [{ access_token: 'abc' }] }],
    ['a key by its look', { reason: 'refused sk-abcabcabc' }],
    ['a bearer credential in a text', { reason: 'sent Bearer abcabcabc' }],
    ['a password in a URL', { url: 'postgres://strata:abc@db/strata' }],
    ['a token in a URL', { reason: 'asked https://a.eu/hook?token=abc&abc' }],
    ['content by its name', { question: 'abc', message: undefined, messages: [{ role: 'user', content: 'abc' }] }],
    ['arguments of a tool', { call: { arguments: { city: 'abc' } } }],
    ['what lies too deep to judge', { a: { b: { c: { d: { e: { f: { g: { h: 'abc' } } } } } } } }],
  ])('never hold %s', (_, fields) => {
    const { telemetry, lines } = create()
    telemetry.log.error(fields, 'something')
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toContain('abc')
  })

  test('keep ids, counts and places readable', () => {
    const { telemetry, lines } = create()
    telemetry.log.info(
      { keyId: 'key_01h', tokens: 5, output: 12, model: 'task-force-of-nine', url: 'https://a.b/v1' },
      'x',
    )
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      keyId: 'key_01h',
      tokens: 5,
      output: 12,
      model: 'task-force-of-nine',
      url: 'https://a.b/v1',
    })
  })

  test('are bounded, however long a field is', () => {
    const { telemetry, lines } = create()
    telemetry.log.info({ reason: 'x'.repeat(1_000_000), list: Array.from({ length: 10_000 }, (_, n) => n) }, 'x')
    expect(lines[0]?.length).toBeLessThan(4_000)
  })
})

describe('metrics', () => {
  test('count a call tree: request, try, tokens, cost', async () => {
    const { telemetry } = create()
    telemetry.observeCall([attempt, fact({})], 'openai-chat')
    const text = await telemetry.metricsText()
    for (const line of [
      'strata_requests_total{face="openai-chat",model="small",status="ok"} 1',
      'strata_request_duration_seconds_bucket{face="openai-chat",model="small",le="1"} 0',
      'strata_request_duration_seconds_bucket{face="openai-chat",model="small",le="2.5"} 1',
      'strata_request_duration_seconds_bucket{face="openai-chat",model="small",le="+Inf"} 1',
      'strata_request_duration_seconds_sum{face="openai-chat",model="small"} 1.2',
      'strata_request_first_byte_seconds_count{face="openai-chat",model="small"} 1',
      'strata_upstream_attempts_total{endpoint="laptop",outcome="ok"} 1',
      'strata_tokens_total{endpoint="laptop",kind="input"} 100',
      'strata_tokens_total{endpoint="laptop",kind="cache_read"} 40',
      'strata_tokens_total{endpoint="laptop",kind="output"} 20',
      'strata_cost_dollars_total{endpoint="laptop"} 0.0025',
      'strata_config_info{hash="abc"} 1',
    ]) {
      expect(text).toContain(`${line}\n`)
    }
  })

  test('count what is not known as not known', async () => {
    const { telemetry } = create()
    telemetry.observeCall([fact({ ...attempt, cost: undefined }), fact({ ...attempt, usage: undefined })], 'x')
    const text = await telemetry.metricsText()
    expect(text).toContain('strata_cost_unknown_total{endpoint="laptop"} 1\n')
    expect(text).toContain('strata_usage_unknown_total{endpoint="laptop"} 1\n')
    expect(text).toContain('strata_cost_dollars_total{endpoint="laptop"} 0\n')
  })

  test('count errors by code, before and after a request became a call', async () => {
    const { telemetry } = create()
    telemetry.observeRefusal('openai-chat', 'UNAUTHENTICATED')
    const failed = { status: 'error', errorCode: 'UPSTREAM_CUT', firstByteMs: undefined } as const
    telemetry.observeCall([fact({ ...attempt, ...failed }), fact(failed)], 'openai-chat')
    const text = await telemetry.metricsText()
    expect(text).toContain('strata_errors_total{face="openai-chat",code="UNAUTHENTICATED"} 1\n')
    expect(text).toContain('strata_errors_total{face="openai-chat",code="UPSTREAM_CUT"} 1\n')
    expect(text).toContain('strata_upstream_attempts_total{endpoint="laptop",outcome="UPSTREAM_CUT"} 1\n')
    expect(text).toContain('strata_requests_total{face="openai-chat",model="other",status="error"} 1\n')
  })

  test('do not grow with what clients send', async () => {
    const { telemetry } = create()
    telemetry.observeCall([fact({})], 'openai-chat')
    const countOwn = (text: string): number => text.match(/^strata_request/gm)?.length ?? 0
    const lines = countOwn(await telemetry.metricsText())
    for (let index = 0; index < 1_000; index++) telemetry.observeCall([fact({ name: `m"\n${index}` })], 'openai-chat')
    const text = await telemetry.metricsText()
    expect(countOwn(text)).toBe(lines * 2) // `small` before, `small` and `other` now
    expect(text).toContain('strata_requests_total{face="openai-chat",model="other",status="ok"} 1000\n')
  })

  test('do not grow with faces that are made up', async () => {
    const { telemetry } = create()
    for (let index = 0; index < 1_000; index++) telemetry.observeRefusal(`face-${index}`, 'NOT_FOUND')
    const errors = (await telemetry.metricsText()).split('\n').filter((line) => line.startsWith('strata_errors_total{'))
    expect(errors.length).toBeLessThanOrEqual(65)
  })

  test('ask for what others keep, and leave out what nobody gives', async () => {
    const { telemetry } = create()
    expect(await telemetry.metricsText()).not.toMatch(/^strata_journal_bytes/m)
    telemetry.watch({ requestsOpen: () => 7 })
    telemetry.watch({ journal: () => ({ bytes: 10, pendingRows: 2, droppedRows: 0 }) })
    const text = await telemetry.metricsText()
    expect(text).toContain('strata_requests_open 7\n')
    expect(text).toContain('strata_journal_bytes 10\n')
    expect(text).toContain('strata_journal_dropped_total 0\n')
  })

  test('hold the process and its event loop too, each listed once under one prefix', async () => {
    const { telemetry } = create()
    const text = await telemetry.metricsText()
    const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map((match) => match[1] ?? '')
    const own = Object.values(metricCatalogue).map(({ name }) => name)
    const listed = [...own, ...processMetricCatalogue.map(({ name }) => name)]
    expect(names).toEqual(expect.arrayContaining([...own, 'strata_nodejs_eventloop_lag_p99_seconds']))
    expect(names.filter((name) => !listed.includes(name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
    expect(listed.filter((name) => !name.startsWith('strata_'))).toEqual([])
  })
})
