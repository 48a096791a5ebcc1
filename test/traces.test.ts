import { createServer, type Server } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { listenOnLoopback } from '../src/core/testing.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startStrata, type RunningStrata } from './kit/strata.ts'

interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
}

interface Collector {
  readonly url: string
  readonly received: { readonly headers: Readonly<Record<string, unknown>>; readonly body: string }[]
  close(): void
}

const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close()
})

describe('call trees exported as OpenTelemetry spans', () => {
  test('reach the collector as one trace with the GenAI names, and nothing of what was said', async () => {
    const { strata, collector } = await setUp({ processing: ['local'], storage: ['local'] })
    const response = await strata.request('/v1/chat/completions', question)
    expect(response.status).toBe(200)
    const spans = await waitForSpans(collector, 2)
    const [root, dispatch] = [
      spans.find((span) => span.parentSpanId === undefined),
      spans.find((span) => span.parentSpanId),
    ]
    expect(dispatch?.traceId).toBe(root?.traceId)
    expect(dispatch?.parentSpanId).toBe(root?.spanId)
    const names = dispatch?.attributes.map((attribute) => attribute.key) ?? []
    expect(names).toEqual(
      expect.arrayContaining(['gen_ai.operation.name', 'gen_ai.request.model', 'gen_ai.usage.input_tokens']),
    )
    expect(collector.received.map(({ body }) => body).join('')).not.toContain('whisper')
    expect(collector.received[0]?.headers['x-collector-token']).toBe('of-the-collector')
    expect(strata.logLines.join('')).not.toContain('of-the-collector')
  })

  test('say what a try was for: an answer or vectors', async () => {
    const { strata, collector } = await setUp({ processing: ['local'], storage: ['local'] })
    await (await strata.request('/v1/embeddings', { model: 'small', input: ['whisper'] })).text()
    await (await strata.request('/v1/chat/completions', question)).text()
    const spans = await waitForSpans(collector, 4)
    const operationOf = (span: Span): unknown =>
      span.attributes.find(({ key }) => key === 'gen_ai.operation.name')?.value['stringValue']
    for (const isRoot of [true, false]) {
      const operations = spans.filter((span) => (span.parentSpanId === undefined) === isRoot).map(operationOf)
      expect(operations).toEqual(expect.arrayContaining(['embeddings', 'chat']))
    }
    const names = spans.filter((span) => span.parentSpanId !== undefined).map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['embeddings m', 'chat m']))
  })

  test('do not leave for a collector outside the allowed regions, and no request is the worse for it', async () => {
    const { strata, collector } = await setUp({ processing: ['us'], storage: ['us'] })
    expect((await strata.request('/v1/chat/completions', question)).status).toBe(200)
    const isDropped = (): boolean => strata.logLines.some((line) => line.includes('traces are dropped'))
    await waitUntil(isDropped)
    expect(collector.received).toEqual([])
  })
})

const question = { model: 'small', messages: [{ role: 'user', content: 'whisper something' }] }

interface Regions {
  readonly processing: readonly string[]
  readonly storage: readonly string[]
}

async function setUp(regions: Regions): Promise<{ readonly strata: RunningStrata; readonly collector: Collector }> {
  const collector = await startCollector()
  const upstream: MockUpstream = await startMockUpstream()
  const does = ['chat', 'embed']
  const strata = await startStrata({
    config: {
      endpoints: {
        small: { dialect: 'openai', url: upstream.url, model: 'm', does, processing: ['local'], storage: ['local'] },
      },
      telemetry: { traces: { url: collector.url, headers: { 'x-collector-token': 'of-the-collector' }, ...regions } },
    },
  })
  open.push(collector, upstream, strata)
  return { strata, collector }
}

async function startCollector(): Promise<Collector> {
  const received: Collector['received'][number][] = []
  const server: Server = createServer((message, response) => {
    const chunks: Buffer[] = []
    message.on('data', (chunk: Buffer) => chunks.push(chunk))
    message.on('end', () => {
      received.push({ headers: message.headers, body: Buffer.concat(chunks).toString('utf8') })
      response.end('{}')
    })
  })
  const port = await listenOnLoopback(server)
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    received,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function waitForSpans(collector: Collector, count: number): Promise<readonly Span[]> {
  const read = (): readonly Span[] => collector.received.flatMap(({ body }) => spansOf(JSON.parse(body)))
  await waitUntil(() => read().length >= count)
  return read()
}

interface Exported {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[]
}

function spansOf(body: Exported): readonly Span[] {
  return body.resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans))
}

async function waitUntil(isSo: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 10_000
  while (!isSo()) {
    expect(performance.now(), 'it happens within ten seconds').toBeLessThan(deadlineMs)
    await new Promise((wake) => setTimeout(wake, 20))
  }
}
