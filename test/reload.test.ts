import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { faces, readEvents } from './kit/faces.ts'
import { startMockUpstream, type MockUpstream } from './kit/index.ts'
import { startServerProcess, type ServerProcess } from './kit/server-process.ts'
import { startStrata, toEndpoint } from './kit/strata.ts'

const adminKey = 'sk-strata-of-the-tests-of-reload-0123456789abcdef'
const face = faces.openaiChat
const script = { text: 'A text of some length that takes its time. 一段需要时间的文字。'.repeat(3) }
/** Slow enough that a configuration changes while it is under way. */
const slow = { script, eventDelayMs: 30 }

let mock: MockUpstream

beforeEach(async () => {
  mock = await startMockUpstream()
})

afterEach(async () => {
  await mock.close()
})

function configOf(name: string): JsonObject {
  return { endpoints: { [name]: toEndpoint(mock, 'openai') }, models: { [name]: { endpoint: name } } }
}

describe('a new configuration', () => {
  test('serves the requests to come, and lets those in work finish on the old one', async () => {
    const strata = await startStrata({ config: configOf('old') })
    mock.next(slow)
    const underWay = strata.request(face.path, face.ask('old', { stream: true }))
    await mock.requestAt(0)
    await strata.reload(configOf('new'))
    expect(mock.requests[0]?.outcome).toBe('open') // Nobody waited for it.
    expect((await strata.request(face.path, face.ask('new'))).status).toBe(200)
    expect((await strata.request(face.path, face.ask('old'))).status).toBe(404)
    const events = readEvents(await (await underWay).text())
    expect(face.streamedTextOf(events)).toBe(script.text)
    expect(face.isComplete(events)).toBe(true)
    await strata.close()
  })

  test('is refused when it is bad, and the old one goes on', async () => {
    const strata = await startStrata({ config: configOf('old') })
    const bad = { ...configOf('new'), governance: { allowedRegions: ['atlantis'] } }
    await expect(strata.reload(bad)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/atlantis/),
    })
    await expect(strata.reload({ models: { new: { endpoint: 'nowhere' } } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    })
    expect((await strata.request(face.path, face.ask('old'))).status).toBe(200)
    await strata.reload(configOf('new'))
    expect((await strata.request(face.path, face.ask('new'))).status).toBe(200)
    await strata.close()
  })

  test('comes after another: of many at once the last is in force, and each has its number', async () => {
    const strata = await startStrata({ config: configOf('first') })
    const names = ['second', 'third', 'fourth', 'last']
    await Promise.all(names.map((name) => strata.reload(configOf(name))))
    expect(strata.platform.parts().config.models).toHaveProperty('last')
    expect((await strata.request(face.path, face.ask('last'))).status).toBe(200)
    expect(strata.platform.parts().configVersion).toBe(5)
    await strata.close()
  })
})

describe('the server as a process', () => {
  let folder: string
  let server: ServerProcess

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'strata-reload-'))
    server = await startServerProcess({ folder, config: configOf('old'), adminKey })
  })

  afterEach(async () => {
    await server.kill()
    await rm(folder, { recursive: true, force: true })
  })

  test('takes a changed file, and drops no stream that is under way', async () => {
    mock.next(slow)
    const underWay = ask('old', true)
    await mock.requestAt(0)
    server.writeConfig(configOf('new'))
    await until(async () => (await ask('new')).status === 200)
    expect(mock.requests[0]?.outcome).toBe('open')
    expect(face.streamedTextOf(readEvents(await (await underWay).text()))).toBe(script.text)
    expect((await ask('old')).status).toBe(404)
  })

  test('refuses a bad file with its place and fix, and goes on with the old one', async () => {
    server.writeConfig('server:\n  prot: 1\n')
    await until(() => server.words.some((line) => line.includes('is refused')))
    const refusal = server.words.find((line) => line.includes('the old one stays in force'))
    expect(refusal).toMatch(/server\.prot, line 2:3.*Did you mean/)
    expect((await ask('old')).status).toBe(200)
    server.writeConfig('')
    server.signal('SIGHUP')
    await until(() => server.words.filter((line) => line.includes('is refused')).length > 1)
    expect((await ask('old')).status).toBe(200)
    server.writeConfig(configOf('new'))
    await until(async () => (await ask('new')).status === 200)
  })

  test('takes a file that is written where there was none, says what to know of it, and keeps to it when it goes', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'))
    const bare = await startServerProcess({ folder: empty, adminKey })
    try {
      bare.writeConfig({
        ...configOf('new'),
        endpoints: { new: { ...toEndpoint(mock, 'openai'), key: 'written-out' } },
      })
      await until(async () => (await ask('new', false, bare)).status === 200)
      expect(bare.words.join('\n')).toContain('endpoints.new.key is written in the file itself')
      await rm(join(empty, 'strata.yaml'))
      await until(() => bare.words.some((line) => line.includes('there is no such file')))
      expect((await ask('new', false, bare)).status).toBe(200)
    } finally {
      await bare.kill()
    }
  })

  test('takes the file anew at SIGHUP, though nothing in it has changed', async () => {
    const inForce = (): number => server.words.filter((line) => line.includes('a new configuration is in force')).length
    server.signal('SIGHUP')
    await until(() => inForce() === 1)
    server.signal('SIGHUP')
    await until(() => inForce() === 2)
    expect((await ask('old')).status).toBe(200)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'finishes what is in work at %s, takes nothing new, and ends well',
    async (signal) => {
      mock.next(slow, { ...slow, headDelayMs: 500, eventDelayMs: 0 })
      const stream = ask('old', true)
      const whole = ask('old')
      await mock.requestAt(1)
      server.signal(signal)
      await until(() => server.words.some((line) => line.includes('stopping')))
      let answered = 2
      const isRefused = (): Promise<boolean> =>
        ask('old').then(
          () => ++answered < 0,
          () => true,
        )
      await until(isRefused)
      expect(face.streamedTextOf(readEvents(await (await stream).text()))).toBe(script.text)
      expect((await whole).status).toBe(200)
      expect(await server.ended).toBe(0)
      // What it answered is on record.
      const again = await startServerProcess({ folder, config: configOf('old'), adminKey })
      const listed = await fetch(`${again.url}/v1/calls`, { headers: { authorization: `Bearer ${adminKey}` } })
      expect(((await listed.json()) as { readonly data: readonly unknown[] }).data).toHaveLength(answered)
      expect(await again.stop()).toBe(0)
    },
  )

  test('ends at once at a second signal', async () => {
    mock.next({ silent: true })
    ask('old').catch(() => undefined)
    await mock.requestAt(0)
    server.signal('SIGTERM')
    await until(() => server.words.some((line) => line.includes('stopping')))
    server.signal('SIGTERM')
    expect(await server.ended).toBe(130)
  })

  function ask(model: string, stream = false, { url } = server): Promise<Response> {
    return fetch(`${url}${face.path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(face.ask(model, { stream })),
    })
  }
})

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(10)
}
