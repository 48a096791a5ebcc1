import { afterAll, describe, expect, test } from 'vitest'
import type { CodeCheckConfig } from '../../config/index.ts'
import { createRootCall } from '../../core/call.ts'
import { createCancellation } from '../../core/cancellation.ts'
import { createIds } from '../../core/ids.ts'
import { createSeededRandom } from '../../core/random.ts'
import { createFakeClock } from '../../core/time.ts'
import { findCode } from './find-code.ts'
import { createCodeCheck, createCodeRunner } from './index.ts'

const runner = createCodeRunner(() => ({ workersMax: 2, waitingMax: 8 }))
afterAll(() => runner.close())

const clock = createFakeClock(0)
const newCall = () =>
  createRootCall(
    { clock, ids: createIds({ clock, random: createSeededRandom(1) }) },
    {
      name: 'm',
      principal: { tenant: 't', keyId: 'k', role: 'member', models: undefined, regions: undefined },
      labels: { allowedRegions: ['local'] },
      durationMsMax: 60_000,
    },
  )

const addition: CodeCheckConfig = {
  call: 'add',
  cases: [
    { arguments: [1, 2], result: 3 },
    { arguments: [0.1, 0.2], result: 0.3 },
  ],
}

/** The name of what failed; `undefined` for a pass. */
async function failed(text: string, config: CodeCheckConfig = addition): Promise<string | undefined> {
  const answer = { text, toolCalls: [], reason: 'stop', usage: undefined } as never // all that the check reads
  const verdict = await createCodeCheck(runner, config)(answer, newCall())
  return verdict.type === 'pass' ? undefined : verdict.check
}

const fence = (code: string, language = 'js'): string => `Here it is:\n\`\`\`${language}\n${code}\n\`\`\`\nIt works.`

describe('the program of an answer', () => {
  test.each([
    ['a function', 'function add(a, b) { return a + b }'],
    ['a constant', 'const add = (a, b) => { console.log(a); return a + b }'],
    ['an export', 'export default function add(a, b) { return a + b }\nexport { add }'],
    ['an export of the older form', 'module.exports.add = (a, b) => a + b'],
    ['a promise', 'async function add(a, b) { await null; return a + b }'],
  ])('passes when every case comes out: %s', async (_, code) => {
    expect(await failed(fence(code))).toBeUndefined()
  })

  test('is compared as JSON, whatever the order of members', async () => {
    const config = { call: 'count', cases: [{ arguments: ['abba'], result: { a: 2, b: 2, most: ['a', null] } }] }
    const code = "const count = () => ({ most: ['a', undefined], b: 2, a: 2 })"
    expect(await failed(fence(code), config)).toBeUndefined()
    expect(await failed(fence("const count = () => ({ most: ['a'], b: 2, a: 2 })"), config)).toBe('code.wrong')
  })

  test('takes arguments as they are, names of prototypes too', async () => {
    const hostile: unknown = JSON.parse('{"__proto__": {"x": 1}, "y": 2}')
    const config = { call: 'keys', cases: [{ arguments: [hostile], result: ['__proto__', 'y'] }] } as CodeCheckConfig
    expect(await failed(fence('const keys = (o) => Object.keys(o)'), config)).toBeUndefined()
  })

  test.each([
    ['code.wrong', 'const add = (a, b) => a - b'],
    ['code.missing', 'const sum = (a, b) => a + b'],
    ['code.syntax', 'const add = (a, b) => { return a +'],
    ['code.threw', 'const add = () => { throw new Error("no") }'],
    ['code.threw', 'throw 1'],
    ['code.threw', 'const add = () => new Promise(() => {})'],
    ['code.wrong', 'const add = () => undefined'],
    ['code.threw', 'const add = () => { const a = {}; a.a = a; return a }'],
  ])('fails by name: %s', async (state, code) => {
    expect(await failed(fence(code))).toBe(state)
  })

  test('has to be there, and in JavaScript', async () => {
    expect(await failed(fence('def add(a, b): return a + b', 'python'))).toBe('code.none')
    expect(await failed('')).toBe('code.none')
    expect(await failed('const add = (a, b) => a + b')).toBeUndefined()
    expect(findCode(`${fence('a', 'python')}\n${fence('b')}\n${fence('c', 'javascript')}`)).toBe('b\n\nc\n')
  })
})

describe('a hostile program ends in a named state', () => {
  const quick = { ...addition, ms: 200, memoryMb: 8 }
  test.each([
    ['for ever', 'code.time', 'for (;;) {}'],
    ['for ever in a case', 'code.time', 'const add = () => { for (;;) {} }'],
    ['for ever, catching what stops it', 'code.time', 'const add = () => { for (;;) try { for (;;) {} } catch {} }'],
    [
      'for ever in promises',
      'code.time',
      'const again = () => Promise.resolve().then(again); const add = () => again()',
    ],
    ['for ever when its error is read', 'code.time', 'throw { get message() { for (;;) {} } }'],
    ['for ever in an expression', 'code.time', 'const add = () => /^(a+)+$/.test("a".repeat(40) + "!")'],
    ['more and more memory', 'code.memory', 'const all = []; for (;;) all.push(new Uint8Array(1e6))'],
    ['a string that doubles', 'code.memory', 'let s = "ab"; for (;;) s += s + s.slice(1)'],
    ['an array too large', 'code.memory', 'const add = () => new Array(1e8).fill(0).length'],
    ['a stack without an end', 'code.stack', 'const add = (a, b) => add(a, b) + 1'],
    ['a result too long', 'code.output', 'const add = () => "x".repeat(100000)'],
    ['a broken JSON', 'code.wrong', 'JSON.stringify = () => "3"; JSON.parse = () => 3; const add = () => 4'],
    [
      'a prototype that answers',
      'code.wrong',
      'Object.prototype.toJSON = function () { return 3 }; const add = () => ({})',
    ],
    [
      'a getter on everything',
      'code.wrong',
      'Object.defineProperty(Object.prototype, "result", { get: () => 3 }); const add = () => 4',
    ],
    [
      'the constructor of a constructor',
      'code.threw',
      'const add = () => [].constructor.constructor("return process")().pid',
    ],
  ])('%s', async (_, state, code) => {
    // Only who runs for ever is stopped by the clock; the others have all the time that a busy machine may take.
    expect(await failed(fence(code), state === 'code.time' ? quick : { ...quick, ms: 20_000 })).toBe(state)
  })

  test.each([
    'require',
    'process',
    'fetch',
    'setTimeout',
    'std',
    'os',
    'Buffer',
    'WebAssembly',
    'postMessage',
    'Worker',
  ])('finds no %s', async (name) => {
    const config = { call: 'look', cases: [{ arguments: [], result: 'undefined' }] }
    expect(await failed(fence(`const look = () => typeof ${name}`), config)).toBeUndefined()
  })

  test('imports nothing', async () => {
    expect(await failed(fence('import fs from "fs"; const add = (a, b) => a + b'))).toBe('code.syntax')
    expect(await failed(fence('const add = async (a, b) => { await import("fs"); return a + b }'))).toBe('code.threw')
  })

  test('and the next one runs as if it had not been', async () => {
    await failed(fence('Array.prototype.map = null; globalThis.add = 1; Object.freeze(globalThis)'), quick)
    expect(await failed(fence('const add = (a, b) => [a].map((x) => x + b)[0]'))).toBeUndefined()
  })
})

describe('the threads', () => {
  test('refuse more than may wait', async () => {
    const small = createCodeRunner(() => ({ workersMax: 1, waitingMax: 1 }))
    const job = { code: 'for (;;) {}', call: 'f', cases: ['[]'], ms: 300, memoryBytesMax: 8_000_000 }
    const first = small.run(job)
    const second = small.run({ ...job, code: 'const f = () => 1' })
    await expect(small.run(job)).rejects.toMatchObject({ code: 'OVERLOADED' })
    expect((await first).type).toBe('time')
    expect(await second).toEqual({ type: 'done', results: ['1'] })
    await small.close()
    await expect(small.run(job)).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('leave a program when its caller leaves', async () => {
    const source = createCancellation()
    const job = { code: 'for (;;) {}', call: 'f', cases: ['[]'], ms: 20_000, memoryBytesMax: 8_000_000 }
    const run = runner.run(job, source)
    source.cancel(new Error('gone'))
    await expect(run).rejects.toThrow('gone')
    expect(await runner.run({ ...job, code: 'const f = () => 2' })).toEqual({ type: 'done', results: ['2'] })
  })
})
