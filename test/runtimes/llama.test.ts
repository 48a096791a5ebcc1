import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { collectAnswer } from '../../src/core/answer.ts'
import type { AnswerEvent, Chat } from '../../src/core/chat.ts'
import type { EventLog } from '../../src/core/ports.ts'
import { createSystemClock } from '../../src/core/time.ts'
import {
  createCommandRunner,
  createLlamaAdapter,
  createRuntimeInstaller,
  llamaRuntimeVersion,
  type LlamaAdapter,
} from '../../src/infrastructure/edge/index.ts'
import {
  createAttempt,
  createChatRequest,
  createTextMessage,
  type AttemptOptions,
} from '../../src/infrastructure/edge/testing.ts'
import type { Upstream } from '../../src/infrastructure/endpoints/index.ts'
import { createTinyModel, tinyModelDimensions } from '../kit/index.ts'

/** Kept between runs, so that it is installed once. */
const runtimeFolder = resolve(import.meta.dirname, '../../.strata-runtimes/llama')
const clock = createSystemClock()
const silence = { debug: ignore, info: ignore, warn: ignore, error: ignore } satisfies EventLog
const preamble = 'What follows is a conversation, and it is written down here in full, turn by turn, as it went: '
let modelsFolder = ''
let adapter: LlamaAdapter

beforeAll(async () => {
  modelsFolder = mkdtempSync(join(tmpdir(), 'strata-models-'))
  writeFileSync(join(modelsFolder, 'tiny.gguf'), createTinyModel({ seed: 7, contextTokens: 2_048 }))
  writeFileSync(join(modelsFolder, 'broken.gguf'), createTinyModel({ seed: 7, contextTokens: 64 }).subarray(0, 9_000))
  const chatTemplate = `${preamble}{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}</{{ m['role'] }}>{% endfor %}`
  writeFileSync(join(modelsFolder, 'templated.gguf'), createTinyModel({ seed: 7, contextTokens: 512, chatTemplate }))
  const { platform, arch: architecture } = process
  const installer = createRuntimeInstaller({
    folder: runtimeFolder,
    run: createCommandRunner(),
    platform,
    architecture,
  })
  if (installer.findVersion() !== llamaRuntimeVersion) {
    const lines: string[] = []
    const onProgress = (line: string): number => lines.push(line)
    const installed = await installer.install({ gpu: 'none', onProgress, signal: AbortSignal.timeout(500_000) })
    expect(installed).toEqual({ version: llamaRuntimeVersion, gpu: undefined })
    expect(lines.at(-1)).toContain('is ready, on the CPU')
  }
  adapter = createLlamaAdapter({ runtimeFolder, modelsFolder, clock, log: silence })
})

afterEach(async () => {
  await adapter.close()
  adapter = createLlamaAdapter({ runtimeFolder, modelsFolder, clock, log: silence })
})

afterAll(async () => {
  await adapter.close()
  rmSync(modelsFolder, { recursive: true, force: true })
})

describe('a GGUF model in a child process', () => {
  test('loads and streams tokens, and reports what it counted', async () => {
    const upstream = await ask('Say something.', { outputTokensMax: 24, seed: 1 })
    const events = await collect(upstream)
    const deltas = events.filter((event) => event.type === 'text-delta')
    expect(deltas.length).toBeGreaterThan(3)
    expect(events.at(-1)).toEqual({ type: 'finish', reason: 'length', stopSequence: undefined })
    const usage = upstream.usage()
    expect(usage).toMatchObject({ source: 'reported', outputTotal: 24 })
    expect(usage?.inputTotal).toBeGreaterThan('Say something.'.length)
    expect(upstream.firstByteMs).toBeGreaterThan(0)
    expect(adapter.processes()).toEqual([{ endpoint: 'local', pid: expect.any(Number) }])
    expect(adapter.processes()[0]?.pid).not.toBe(process.pid)
  })

  test('the same seed gives the same answer, another seed another', async () => {
    const [first, second, other] = [await say(1), await say(1), await say(2)]
    expect(first).toBe(second)
    expect(first).not.toBe(other)
  })

  test("the model's own chat template makes the prompt", async () => {
    const upstream = await ask('Hi', { outputTokensMax: 2 }, { model: 'templated.gguf' })
    await collect(upstream)
    // The vocabulary spells everything in single characters, so the preamble alone takes as many tokens as it is long.
    expect(upstream.usage()?.inputTotal).toBeGreaterThan(preamble.length)
    expect(upstream.usage()?.inputTotal).toBeLessThan(preamble.length + 60)
  })

  test('a JSON schema holds whatever the weights say', async () => {
    const schema = {
      type: 'object',
      properties: {
        verdict: { enum: ['yes', 'no', 'unknown'] },
        sure: { type: 'boolean' },
        marks: { type: 'array', items: { enum: [1, 2, 3] }, minItems: 2, maxItems: 2 },
      },
      required: ['verdict', 'sure', 'marks'],
      additionalProperties: false,
    }
    for (const seed of [1, 2, 3]) {
      const responseFormat = { type: 'json-schema', name: 'v', description: undefined, schema, strict: true } as const
      const answer = await collectAnswer((await ask('Well?', { responseFormat, seed, outputTokensMax: 200 })).events)
      const value = JSON.parse(answer.text) as { verdict: string; sure: boolean; marks: number[] }
      expect(answer.reason).toBe('stop')
      expect(Object.keys(value)).toEqual(['verdict', 'sure', 'marks'])
      expect(['yes', 'no', 'unknown']).toContain(value.verdict)
      expect(typeof value.sure).toBe('boolean')
      expect(value.marks).toHaveLength(2)
    }
  })

  test('embeds: one vector per input, of the right length, the same each time', async () => {
    const inputs = ['annual leave', '年假', 'annual leave']
    const embed = () => adapter.embed({ model: 'local', inputs, dimensions: undefined }, attempt())
    const { vectors, usage } = await embed()
    expect(vectors.map((vector) => vector.length)).toEqual([32, 32, 32].map(() => tinyModelDimensions))
    expect(vectors[0]).toEqual(vectors[2])
    expect(vectors[0]).not.toEqual(vectors[1])
    expect((await embed()).vectors).toEqual(vectors)
    expect(usage?.inputTotal).toBeGreaterThan(20)
    await expect(adapter.embed({ model: 'local', inputs, dimensions: 16 }, attempt())).rejects.toMatchObject({
      code: 'UNSUPPORTED_PARAMETER',
      param: 'dimensions',
    })
  })

  test('a cancelled answer stops within tokens, is counted, and the process serves the next', async () => {
    const upstream = await ask('Go on for ever.', {})
    const pid = adapter.processes()[0]?.pid
    let deltas = 0
    const read = async (): Promise<void> => {
      for await (const event of upstream.events) {
        if (event.type === 'text-delta' && ++deltas === 3) upstream.cancel('the client left')
      }
    }
    await expect(read()).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(deltas).toBe(3)
    await collect(await ask('And now?', { outputTokensMax: 3 }))
    expect(adapter.processes()[0]?.pid).toBe(pid)
    // It had room for 2,000 more.
    expect(upstream.usage()?.outputTotal).toBeLessThan(500)
    expect(upstream.usage()?.outputTotal).toBeGreaterThanOrEqual(3)
  })

  test('a process that is killed fails its request, and the next one finds a new process', async () => {
    const upstream = await ask('Go on for ever.', {})
    const pid = adapter.processes()[0]?.pid ?? 0
    const waiting = ask('I wait.', { outputTokensMax: 3 })
    process.kill(pid, 'SIGKILL')
    await expect(collect(upstream)).rejects.toMatchObject({ code: 'RUNTIME_FAILED' })
    expect((await collect(await waiting)).at(-1)).toMatchObject({ type: 'finish' })
    expect(adapter.processes()[0]?.pid).not.toBe(pid)
  })

  test('requests queue up to the bound, the next is refused', async () => {
    const options = { queueLengthMax: 1 }
    const first = await ask('Go on for ever.', {}, { options })
    const second = ask('I wait.', { outputTokensMax: 2 }, { options })
    await expect(ask('One too many.', {}, { options })).rejects.toMatchObject({ code: 'OVERLOADED' })
    first.cancel('enough')
    expect((await collect(await second)).at(-1)).toMatchObject({ type: 'finish' })
  })

  test('messages that do not fit are refused, not shortened', async () => {
    await expect(ask('x'.repeat(3_000), {})).rejects.toMatchObject({ code: 'CONTEXT_TOO_LONG' })
    const long = await ask('x'.repeat(1_900), {}, { contextTokens: 2_048 })
    expect((await collect(long)).at(-1)).toMatchObject({ type: 'finish' })
    expect((long.usage()?.inputTotal ?? 0) + (long.usage()?.outputTotal ?? 0)).toBeLessThanOrEqual(2_048)
  })

  test('a wait that is too long ends in a timeout, a call without time in its deadline', async () => {
    const early = attempt({ timeouts: { firstByteMs: 1 } })
    await expect(adapter.answer(createChatRequest('Hi'), early)).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
    const late = attempt({ durationMsMax: 1 })
    await expect(adapter.answer(createChatRequest('Hi'), late)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })

  test('an idle process ends, and comes back when asked', async () => {
    await collect(await ask('Hi', { outputTokensMax: 2 }, { options: { idleMs: 1 } }))
    await expect.poll(() => adapter.processes()).toEqual([])
    await collect(await ask('Hi', { outputTokensMax: 2 }, { options: { idleMs: 1 } }))
  })

  test('a file that is no model fails its request', async () => {
    await expect(ask('Hi', {}, { model: 'broken.gguf' })).rejects.toMatchObject({ code: 'RUNTIME_FAILED' })
  })

  test('conversations with several turns are taken', async () => {
    const messages = [
      createTextMessage('system', 'Be brief.'),
      createTextMessage('user', 'Hi'),
      createTextMessage('assistant', 'Hello'),
      createTextMessage('user', '再见'),
    ]
    const events = await collect(await ask('', { messages, outputTokensMax: 4, stop: ['\u0000never'] }))
    expect(events.at(-1)).toMatchObject({ type: 'finish', reason: 'length' })
  })
})

function attempt(options: Partial<Omit<AttemptOptions, 'endpoint'>> & { readonly endpoint?: object } = {}) {
  return createAttempt({ clock, ...options, endpoint: { dialect: 'llama', model: 'tiny.gguf', ...options.endpoint } })
}

function ask(question: string, chat: Partial<Chat>, endpoint: object = {}): Promise<Upstream> {
  return adapter.answer(createChatRequest(question, chat), attempt({ endpoint }))
}

async function say(seed: number): Promise<string> {
  const { text } = await collectAnswer(
    (await ask('Say something.', { outputTokensMax: 16, seed, temperature: 1 })).events,
  )
  return text
}

async function collect(upstream: Upstream): Promise<readonly AnswerEvent[]> {
  return Array.fromAsync(upstream.events)
}

function ignore(): void {}
