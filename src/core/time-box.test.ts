import { createContext, Script } from 'node:vm'
import { expect, test } from 'vitest'
import { runTimeBoxed } from './time-box.ts'

const run = (code: string, given: object = {}): unknown => runTimeBoxed(new Script(code), createContext(given), 50)

test('gives what the script gives, and throws what it throws', () => {
  expect(run('20 + 22')).toBe(42)
  expect(() => run('throw new Error("no")')).toThrow('no')
})

test('stops a script that works on for ever', () => {
  let turns = 0
  const begin = (): void => void turns++
  expect(() => run('begin(); for (;;);', { begin })).toThrow(
    expect.objectContaining({ code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' }),
  )
  // Or a few, on a machine that hardly lets it work.
  expect(turns).toBeLessThanOrEqual(5)
})

test('one that was kept waiting begins again, but not for ever', () => {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  let turns = 0
  const waitUntil = (ready: number) => (): boolean => {
    if (++turns < ready) Atomics.wait(cell, 0, 0, 1_000)
    return true
  }
  expect(run('wait()', { wait: waitUntil(3) })).toBe(true)
  expect(turns).toBe(3)
  turns = 0
  expect(() => run('wait()', { wait: waitUntil(Infinity) })).toThrow()
  expect(turns).toBe(5)
})
