import { describe, expect, test, vi } from 'vitest'
import { PlatformError } from '../../../core/errors.ts'
import { createSystemClock } from '../../../core/time.ts'
import { createAttempt, type AttemptOptions } from '../testing.ts'
import type { JobListener } from '../child/index.ts'
import type { Job, LlamaProcess, Report } from './protocol.ts'
import { startUpstream } from './upstream.ts'

const clock = createSystemClock()
const job: Job = { type: 'embed', inputs: ['a'] }
const text = { type: 'text', text: 'Hi', inputTokens: 3, outputTokens: 1 } as const
const answered = {
  type: 'answered',
  isLast: true,
  reason: 'stop',
  stopSequence: undefined,
  inputTokens: 3,
  outputTokens: 2,
} as const

describe('an answer from a process', () => {
  test('is handed on as it comes, with reasoning apart and usage as counted', async () => {
    const { process, listener } = createScriptedProcess()
    const starting = startUpstream(job, { process, clock, permit: permit() })
    listener().onReport({ ...text, type: 'reasoning', text: 'Hm' })
    const upstream = await starting
    expect(upstream.usage()).toMatchObject({ inputTotal: 3, outputTotal: 1, source: 'reported' })
    listener().onReport(text)
    listener().onReport(answered)
    listener().onEnd(undefined)
    const events = await Array.fromAsync(upstream.events)
    expect(events.map((event) => event.type)).toEqual([
      'reasoning-delta',
      'reasoning-end',
      'text-delta',
      'usage',
      'finish',
    ])
    expect(upstream.generated().units).toBe(4)
    expect(upstream.usage()).toMatchObject({ inputTotal: 3, outputTotal: 2 })
  })

  test('delivers what had arrived before it fails', async () => {
    const { process, listener } = createScriptedProcess()
    const starting = startUpstream(job, { process, clock, permit: permit() })
    listener().onReport(text)
    const upstream = await starting
    listener().onEnd(new PlatformError('RUNTIME_FAILED', 'gone'))
    const seen: string[] = []
    const read = async (): Promise<void> => {
      for await (const event of upstream.events) seen.push(event.type)
    }
    await expect(read()).rejects.toMatchObject({ code: 'RUNTIME_FAILED' })
    expect(seen).toEqual(['text-delta'])
  })

  test('a call that was cancelled before starts nothing; one that is cancelled later stops the job', async () => {
    const { process, listener, cancel } = createScriptedProcess()
    const early = permit()
    early.call.cancel('gone')
    await expect(startUpstream(job, { process, clock, permit: early })).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(process.submit).not.toHaveBeenCalled()

    const late = permit()
    const starting = startUpstream(job, { process, clock, permit: late })
    listener().onReport(text)
    const upstream = await starting
    late.call.cancel('gone')
    expect(cancel).toHaveBeenCalledOnce()
    await expect(Array.fromAsync(upstream.events)).rejects.toMatchObject({ code: 'CANCELLED' })
    listener().onReport({ ...answered, outputTokens: 5 })
    expect(upstream.usage()).toMatchObject({ outputTotal: 5 })
  })

  test('leaving the events early stops the job', async () => {
    const { process, listener, cancel } = createScriptedProcess()
    const starting = startUpstream(job, { process, clock, permit: permit() })
    listener().onReport(text)
    for await (const event of (await starting).events) if (event.type === 'text-delta') break
    expect(cancel).toHaveBeenCalledOnce()
  })

  test.each([
    ['no first token', { timeouts: { firstByteMs: 1 } }, 'UPSTREAM_TIMEOUT'],
    ['the whole answer', { timeouts: { totalMs: 1 } }, 'UPSTREAM_TIMEOUT'],
    ['the call', { durationMsMax: 1 }, 'DEADLINE_EXCEEDED'],
  ])('the bound on %s stops the job', async (_, options, code) => {
    const { process, cancel } = createScriptedProcess()
    await expect(startUpstream(job, { process, clock, permit: permit(options) })).rejects.toMatchObject({ code })
    expect(cancel).toHaveBeenCalledOnce()
  })

  test('silence after the first token stops it too', async () => {
    const { process, listener, cancel } = createScriptedProcess()
    const starting = startUpstream(job, { process, clock, permit: permit({ timeouts: { idleMs: 1 } }) })
    listener().onReport(text)
    await expect(Array.fromAsync((await starting).events)).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
    expect(cancel).toHaveBeenCalledOnce()
  })
})

/** Stands for the process: the test says what it reports. */
function createScriptedProcess() {
  const listeners: JobListener<Report>[] = []
  const cancel = vi.fn()
  const process = {
    pid: 1,
    submit: vi.fn((_: Job, listener: JobListener<Report>) => {
      listeners.push(listener)
      return { cancel }
    }),
    close: async () => undefined,
  } satisfies LlamaProcess
  const listener = (): JobListener<Report> => {
    const last = listeners.at(-1)
    if (last === undefined) throw new Error('nothing was submitted')
    return last
  }
  return { process, cancel, listener }
}

function permit(options: Partial<AttemptOptions> = {}) {
  return createAttempt({ clock, ...options, endpoint: { dialect: 'llama', model: 'm.gguf' } }).permit
}
