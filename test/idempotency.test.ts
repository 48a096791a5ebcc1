import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { startPostgres, type PostgresServer } from '../src/store/testing.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startServerProcess, type ServerProcess } from './kit/server-process.ts'
import { startStrata, toEndpoint, type RunningStrata, type StrataRequest } from './kit/strata.ts'

const adminKey = 'sk-strata-of-a-folder-that-a-test-keeps-0123456789'
const closers: (() => Promise<unknown>)[] = []
let postgres: PostgresServer
let mock: MockUpstream

beforeAll(async () => {
  postgres = await startPostgres()
  mock = await startMockUpstream()
})
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
  mock.reset()
})
afterAll(async () => {
  await mock.close()
  await postgres.stop()
})

const price = { input: '1', output: '10' }

function toConfig(more: JsonObject = {}): JsonObject {
  return {
    endpoints: {
      openai: toEndpoint(mock, 'openai', { price }),
      anthropic: toEndpoint(mock, 'anthropic', { price }),
      embedder: toEndpoint(mock, 'openai', { price, does: ['embed'] }),
    },
    models: {
      openai: { endpoint: 'openai' },
      anthropic: { endpoint: 'anthropic' },
      embedder: { endpoint: 'embedder' },
    },
    ...more,
  }
}

async function start(server: JsonObject = {}): Promise<RunningStrata> {
  const strata = await startStrata({ config: toConfig({ server }) })
  closers.push(() => strata.close())
  return strata
}

const messages = [{ role: 'user', content: 'Hello' }]
const asks: Readonly<Record<string, JsonObject>> = {
  '/v1/chat/completions': { model: 'openai', messages, max_tokens: 100 },
  '/v1/messages': { model: 'anthropic', messages, max_tokens: 100 },
  '/v1/responses': { model: 'openai', input: 'Hello' },
  '/v1/embeddings': { model: 'embedder', input: 'Hello' },
}
const chat = '/v1/chat/completions'
const ask = asks[chat] ?? {}

const keyed = (key: string, more: StrataRequest = {}): StrataRequest => ({
  ...more,
  headers: { 'idempotency-key': key, ...more.headers },
})

async function spent(strata: RunningStrata): Promise<number> {
  const { data } = (await (await strata.request('/v1/calls?limit=100')).json()) as { data: unknown[] }
  return data.length
}

describe('a repeated request', () => {
  test.each(Object.keys(asks).flatMap((path) => [false, true].map((stream) => ({ path, stream }))))(
    '$path, stream $stream, is answered as the first was, byte by byte, and charged once',
    async ({ path, stream }) => {
      if (stream && path === '/v1/embeddings') return
      const strata = await start()
      const body = { ...asks[path], ...(stream ? { stream } : {}) }
      const first = await strata.request(path, body, keyed('a'))
      const text = await first.text()
      expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([200, null])
      const again = await strata.request(path, body, keyed('a'))
      expect(await again.text()).toBe(text)
      expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true'])
      for (const name of ['content-type', 'x-strata-call', 'x-strata-cost'])
        expect(again.headers.get(name)).toBe(first.headers.get(name))
      expect(mock.requests).toHaveLength(1)
      expect(await spent(strata)).toBe(1)
    },
  )

  test('with another body, path or query is refused, in the shape of its face', async () => {
    const strata = await start()
    await (await strata.request(chat, ask, keyed('a'))).text()
    const others: readonly [string, JsonObject][] = [
      [chat, { ...ask, max_tokens: 99 }],
      [chat, { ...ask, stream: true }],
      [`${chat}?x=1`, ask],
      ['/v1/messages', asks['/v1/messages'] ?? {}],
    ]
    for (const [path, body] of others) {
      const response = await strata.request(path, body, keyed('a'))
      expect([response.status, response.headers.get('x-strata-error')]).toEqual([409, 'IDEMPOTENCY_CONFLICT'])
      const { error, type } = (await response.json()) as { error: { message: string }; type?: string }
      expect(error.message).toContain('idempotency key')
      expect(type).toBe(path === '/v1/messages' ? 'error' : undefined)
    }
    expect(mock.requests).toHaveLength(1)
  })

  test('while the first is in work is told to come back, and then answered the same', async () => {
    const strata = await start()
    mock.next({ headDelayMs: 400 })
    const first = strata.request(chat, ask, keyed('a'))
    await mock.requestAt(0)
    const early = await strata.request(chat, ask, keyed('a'))
    expect([early.status, early.headers.get('x-strata-error')]).toEqual([409, 'IDEMPOTENCY_IN_WORK'])
    expect(early.headers.get('retry-after')).toBe('1')
    const text = await (await first).text()
    expect(await (await strata.request(chat, ask, keyed('a'))).text()).toBe(text)
    expect(mock.requests).toHaveLength(1)
  })

  test('of another key is another request', async () => {
    const strata = await start()
    const { key } = await strata.platform.identity.keys.create({ tenant: 'default', name: 'other', role: 'member' })
    await (await strata.request(chat, ask, keyed('a'))).text()
    const other = await strata.request(chat, ask, keyed('a', { headers: { authorization: `Bearer ${key}` } }))
    expect([other.status, other.headers.get('idempotent-replayed')]).toEqual([200, null])
    expect(mock.requests).toHaveLength(2)
  })

  test('needs a key that is known, and does not tell a stranger that there was one', async () => {
    const strata = await start()
    await (await strata.request(chat, ask, keyed('a'))).text()
    const response = await strata.request(chat, ask, keyed('a', { headers: { authorization: 'Bearer sk-none' } }))
    expect(response.headers.get('x-strata-error')).toBe('UNAUTHENTICATED')
  })
})

describe('an answer that did not come to its end', () => {
  const failures = {
    'an error': { error: { message: 'no' }, status: 500 },
    'a cut stream': { cut: { at: 300, how: 'reset' } },
    'an error in the stream': { errorAfterEvents: 2 },
  } as const
  test.each(Object.entries(failures))('%s: is not kept, so that the repetition is done anew', async (_, failure) => {
    const strata = await start()
    mock.respondWith(() => failure)
    const broken = await strata.request(chat, { ...ask, stream: true }, keyed('a'))
    expect(await broken.text()).not.toContain('[DONE]')
    mock.respondWith(() => undefined)
    const again = await strata.request(chat, { ...ask, stream: true }, keyed('a'))
    expect(await again.text()).toContain('[DONE]')
    expect(again.headers.get('idempotent-replayed')).toBeNull()
  })

  test('a client that left is not kept either', async () => {
    const strata = await start()
    mock.next({ deltaRepeats: Infinity, eventDelayMs: 5 })
    const leaving = new AbortController()
    const begun = await strata.request(chat, { ...ask, stream: true }, keyed('a', { signal: leaving.signal }))
    await begun.body?.getReader().read()
    leaving.abort()
    await mock.requests[0]?.ended
    await expect
      .poll(async () => {
        const again = await strata.request(chat, { ...ask, stream: true }, keyed('a'))
        return [again.status, (await again.text()).includes('[DONE]'), again.headers.get('idempotent-replayed')]
      })
      .toEqual([200, true, null])
  })

  test('a refusal is not kept: the same request is judged anew', async () => {
    const strata = await start()
    const budget = { name: 'all', counts: 'money', limit: '0.00000001', period: 'total' }
    const { id } = (await (await strata.request('/v1/budgets', budget)).json()) as { id: string }
    expect((await strata.request(chat, ask, keyed('a'))).status).toBe(402)
    await strata.request(`/v1/budgets/${id}`, { limit: '1' }, { method: 'PATCH' })
    expect((await strata.request(chat, ask, keyed('a'))).status).toBe(200)
    expect((await strata.request(chat, ask, keyed('a'))).headers.get('idempotent-replayed')).toBe('true')
  })
})

describe('what is made over HTTP', () => {
  test('is made once: a key is shown again to who asks again, a budget does not conflict with itself', async () => {
    const strata = await start()
    const made: readonly [string, JsonObject][] = [
      ['/v1/keys', { name: 'worker', role: 'member' }],
      ['/v1/budgets', { name: 'all', counts: 'money', limit: '1', period: 'total' }],
    ]
    for (const [path, body] of made) {
      const first = await strata.request(path, body, keyed(path))
      const again = await strata.request(path, body, keyed(path))
      expect([first.status, again.status]).toEqual([201, 201])
      expect(await again.json()).toEqual(await first.json())
    }
    const { data } = (await (await strata.request('/v1/keys')).json()) as { data: { name: string }[] }
    expect(data.filter(({ name }) => name === 'worker')).toHaveLength(1)
  })

  test('a form is the same form with another boundary', async () => {
    const strata = await start()
    await strata.request('/v1/collections', { name: 'papers' })
    const send = (text: string): Promise<Response> => {
      const form = new FormData()
      form.set('file', new File([text], 'note.md', { type: 'text/markdown' }))
      const headers = { authorization: `Bearer ${strata.key}`, 'idempotency-key': 'form' }
      return fetch(`${strata.url}/v1/collections/papers/documents`, { method: 'POST', headers, body: form })
    }
    const first = await send('# One')
    const body = await first.text()
    expect(first.status).toBeLessThan(300)
    const again = await send('# One')
    expect([await again.text(), again.headers.get('idempotent-replayed')]).toEqual([body, 'true'])
    expect((await send('# Two')).status).toBe(409)
  })
})

describe('what is kept', () => {
  test('is bounded: a larger answer is given once', async () => {
    const strata = await start({ idempotency: { answerBytesMax: 1_024 } })
    mock.respondWith(() => ({ script: { text: 'word '.repeat(1_000) } }))
    for (const stream of [false, true]) {
      const key = String(stream)
      const first = await strata.request(chat, { ...ask, stream }, keyed(key))
      expect((await first.text()).length).toBeGreaterThan(5_000)
      const again = await strata.request(chat, { ...ask, stream }, keyed(key))
      expect(again.headers.get('x-strata-error')).toBe('IDEMPOTENCY_CONFLICT')
      expect(await again.text()).toContain(first.headers.get('x-strata-call'))
    }
    expect(mock.requests).toHaveLength(2)
  })

  test('is readable by nobody but who asked', async () => {
    const strata = await start()
    mock.script({ text: 'Tagesgeld' })
    await (await strata.request(chat, ask, keyed('secret-of-mine'))).text()
    const needles = ['Tagesgeld', 'secret-of-mine'].map((text) => Buffer.from(text))
    expect(await strata.platform.store.countBytes(needles)).toEqual([0, 0])
  })
})

describe.each(['sqlite', 'postgres'] as const)('two processes on %s', (engine) => {
  async function startTwo(): Promise<readonly [ServerProcess, ServerProcess, () => Promise<ServerProcess>]> {
    const folder = mkdtempSync(join(tmpdir(), 'strata-repeat-'))
    closers.push(async () => rmSync(folder, { recursive: true, force: true }))
    const url = engine === 'sqlite' ? 'sqlite:' : await postgres.createUrl()
    const config = toConfig({
      store: { folder: '.', url },
      server: { port: 0, idempotency: { leaseMs: 1_500 } },
    })
    const startOne = async (): Promise<ServerProcess> => {
      const process = await startServerProcess({ folder, config, adminKey })
      closers.push(() => process.kill())
      return process
    }
    return [await startOne(), await startOne(), startOne]
  }
  const send = (process: ServerProcess, key: string): Promise<Response> =>
    fetch(`${process.url}${chat}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(ask),
    })

  test('answer each request once between them, also when one dies at work', async () => {
    const [one, other, startOne] = await startTwo()
    mock.respondWith(() => ({ headDelayMs: 200 }))
    // Whoever is told to come back does, as clients do.
    const insist = async (process: ServerProcess, key: string): Promise<string> => {
      for (;;) {
        const response = await send(process, key)
        const text = await response.text()
        if (response.status !== 409) return text
        await sleep(50)
      }
    }
    const keys = ['a', 'b', 'c']
    const texts = await Promise.all(keys.flatMap((key) => [one, other, one, other].map((each) => insist(each, key))))
    expect(new Set(texts).size).toBe(keys.length)
    expect(mock.requests).toHaveLength(keys.length)

    mock.respondWith(() => undefined)
    mock.next({ silent: true })
    const lost = send(one, 'd').catch(() => undefined)
    await mock.requestAt(keys.length)
    await one.kill()
    await lost
    expect((await send(other, 'd')).status).toBe(409) // nobody knows yet that it is dead
    const restarted = await startOne()
    const [first, second] = await Promise.all([insist(other, 'd'), insist(restarted, 'd')])
    expect(first).toBe(second)
    expect(mock.requests).toHaveLength(keys.length + 2)
  }, 300_000)
})
