import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isJsonObject } from '../../src/core/json.ts'
import { parsePassages } from '../../src/core/passages.ts'
import { startMockUpstream, type Behaviour, type MockRequest, type MockUpstream } from '../../test/kit/index.ts'

const demo = join(import.meta.dirname, 'demo.ts')

interface Run {
  readonly code: number | null
  readonly output: string
  readonly complaints: string
}

/** A process of the demo; its temporary folders lie in one that the test can look into. */
function startDemo(temporary: string, environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [demo], {
    env: { PATH: process.env['PATH'], TMPDIR: temporary, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let complaints = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
  const ended = new Promise<Run>((done) => child.once('close', (code) => done({ code, output, complaints })))
  const said = (words: string) =>
    new Promise<void>((done) => {
      const look = (): void => (output.includes(words) ? done() : undefined)
      child.stdout.on('data', look)
      child.once('close', () => done())
    })
  return { child, ended, said }
}

const servedUrl = /http:\/\/127\.0\.0\.1:\d+/

/** Nobody listens at any of the addresses where model servers usually are. */
async function isMachineQuiet(): Promise<boolean> {
  const ports = [11434, 8080, 8000, 1234]
  const tries = ports.map((port) => fetch(`http://127.0.0.1:${port}/v1/models`, { signal: AbortSignal.timeout(500) }))
  return (await Promise.allSettled(tries)).every((attempt) => attempt.status === 'rejected')
}

/** Answers as a model would that was given passages: quotes the sentence with the words asked for. */
function quote(request: MockRequest): Behaviour {
  const messages = isJsonObject(request.json) ? request.json['messages'] : undefined
  const texts = (Array.isArray(messages) ? messages : []).map((message) =>
    isJsonObject(message) && typeof message['content'] === 'string' ? message['content'] : '',
  )
  const passages = parsePassages(texts[0] ?? '')
  const sentence = (texts.at(-1) ?? '').includes('Zurich') ? 'the limit is 210 euros' : '两小时内'
  const index = passages.findIndex((passage) => passage.text.includes(sentence))
  const text = index < 0 ? 'The handbook does not say.' : `It is so.【${index + 1}: "${sentence}"】`
  return { script: { text, usage: { inputTotal: 321, outputTotal: 45 } } }
}

describe('npm run demo', () => {
  let temporary: string
  let mock: MockUpstream

  beforeEach(async () => {
    temporary = mkdtempSync(join(tmpdir(), 'strata-demo-test-'))
    mock = await startMockUpstream({ models: ['qwen3:4b'] })
    mock.respondWith(quote)
  })

  afterEach(async () => {
    await mock.close()
    rmSync(temporary, { recursive: true, force: true })
  })

  test('without a key answers by quoting, refuses what is not there, and leaves nothing behind', async (context) => {
    if (!(await isMachineQuiet())) context.skip('a model server runs on this machine')
    const { code, output, complaints } = await startDemo(temporary).ended
    expect({ code, complaints }).toEqual({ code: 0, complaints: '' })
    expect(output).toContain('In London, Zurich and New York the limit is 210 euros.')
    expect(output).toMatch(/travel-and-expenses\.md \[\d+, \d+\) {2}✓ stands there/)
    expect(output).toContain('两小时内报告安全团队')
    expect(output).toMatch(/信息安全\.md \[\d+, \d+\) {2}✓ stands there/)
    expect(output).toContain('I cannot answer: the passages do not say.')
    expect(output).not.toContain('✗')
    expect(output.match(/handbook → default\n/g)).toHaveLength(3)
    expect(output.match(/extract, processed in local/g)).toHaveLength(3)
    expect(output.match(/USD 0\n/g)).toHaveLength(3)
    expect(output.match(/time: \d+\.\d ms/g)).toHaveLength(3)
    expect(output).toMatch(/request {2}handbook · ok[^\n]*\n +└─ model[^\n]*\n +└─ dispatch extract/)
    expect(readdirSync(temporary)).toEqual([])
    await expect(fetch(servedUrl.exec(output)?.[0] ?? '')).rejects.toThrow()
  })

  test('with a key in the environment asks that vendor, with no other change', async () => {
    const environment = { OPENAI_API_KEY: 'sk-of-a-vendor', OPENAI_BASE_URL: mock.url }
    const { code, output, complaints } = await startDemo(temporary, environment).ended
    expect({ code, complaints }).toEqual({ code: 0, complaints: '' })
    expect(mock.requests.map((request) => request.headers['authorization'])).toContain('Bearer sk-of-a-vendor')
    expect(output).toContain('It is so.[1]')
    expect(output).toMatch(/travel-and-expenses\.md \[\d+, \d+\) {2}✓ stands there/)
    expect(output.match(/openai, processed in local/g)).toHaveLength(3)
    expect(output.match(/321 in, 45 out\n/g)).toHaveLength(3)
    expect(output.match(/cost +unknown: the price of this model is not known/g)).toHaveLength(3)
    expect(output).toContain('The handbook does not say.')
    expect(output).not.toContain('sk-of-a-vendor')
  })

  test('with Ollama on this machine asks its model, for nothing', async () => {
    const { code, output, complaints } = await startDemo(temporary, { OLLAMA_HOST: mock.origin }).ended
    expect({ code, complaints }).toEqual({ code: 0, complaints: '' })
    expect(output.match(/ollama-qwen3-4b, processed in local/g)).toHaveLength(3)
    expect(output).toContain('It is so.[1]')
    expect(output.match(/USD 0\n/g)).toHaveLength(3)
  })

  test('with a key that the vendor refuses says so for each question, and fails', async () => {
    mock.respondWith(() => ({ status: 401, error: { message: 'Incorrect API key provided' } }))
    const environment = { OPENAI_API_KEY: 'sk-wrong', OPENAI_BASE_URL: mock.url, OLLAMA_HOST: 'nowhere.invalid' }
    const { code, output } = await startDemo(temporary, environment).ended
    expect(code).toBe(1)
    expect(output.match(/✗/g)).toHaveLength(3)
    expect(output).toContain('3 of the questions could not be answered')
    expect(output).toContain('Without that key or model server the built-in model answers')
    expect(output).not.toContain('sk-wrong')
  })

  test('interrupted while it asks, stops its server and removes its folder', async () => {
    mock.respondWith(() => ({ silent: true }))
    const { child, ended, said } = startDemo(temporary, { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: mock.url })
    await said('Three questions')
    await mock.requestAt(0)
    child.kill('SIGINT')
    const { code, output } = await ended
    expect(code).toBe(130)
    expect(output).toContain('Interrupted')
    expect(readdirSync(temporary)).toEqual([])
    await expect(fetch(servedUrl.exec(output)?.[0] ?? '')).rejects.toThrow()
  })

  test('that cannot write its folder says which, and fails', async () => {
    const missing = join(temporary, 'missing')
    const { code, complaints } = await startDemo(missing).ended
    expect(code).toBe(1)
    expect(complaints).toContain(missing)
    expect(complaints).not.toContain('    at ')
    expect(existsSync(missing)).toBe(false)
  })

  test('is what the package runs', () => {
    const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>
    }
    expect(manifest.scripts['demo']).toMatch(/^node .*examples\/handbook\/demo\.ts$/)
  })
})
