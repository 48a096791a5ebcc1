import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createFakeClock } from './time.ts'
import { createTickingClock } from './testing.ts'
import { createTurns, runAtOnce, type Pieces } from './turns.ts'

function* count(pieces: number, done: (piece: number) => void = () => undefined): Pieces<string> {
  for (let piece = 1; piece <= pieces; piece++) {
    done(piece)
    yield
  }
  return `${pieces} done`
}

test('long work lets the event loop have its turns, and comes to the same', async () => {
  let turns = 0
  let isOver = false
  const work = createTurns(createTickingClock())
    .run(count(100))
    .finally(() => (isOver = true))
  for (; !isOver; turns++) await setImmediate()
  expect(turns).toBeGreaterThanOrEqual(9)
  expect(await work).toBe(runAtOnce(count(100)))
})

test('short work is done without waiting for a turn', () => {
  let done = 0
  void createTurns(createFakeClock(0)).run(count(100, (piece) => (done = piece)))
  expect(done).toBe(100)
})

test('of many that are at work one goes on in a turn, each in its time', async () => {
  const turns = createTurns(createTickingClock())
  const done = [0, 0, 0]
  const works = done.map((_, index) => turns.run(count(100, (piece) => (done[index] = piece))))
  const steps: number[] = []
  for (let turn = 0; turn < 6; turn++) {
    const before = done.reduce((sum, each) => sum + each, 0)
    await setImmediate()
    steps.push(done.reduce((sum, each) => sum + each, 0) - before)
  }
  expect(Math.max(...steps)).toBeLessThanOrEqual(10)
  expect(Math.max(...done) - Math.min(...done)).toBeLessThanOrEqual(10)
  await Promise.all(works)
})

test('work that nobody waits for any more ends, and no other with it', async () => {
  const turns = createTurns(createTickingClock())
  const leaving = new AbortController()
  let done = 0
  const left = turns.run(
    count(10_000, (piece) => (done = piece)),
    leaving.signal,
  )
  const other = turns.run(count(100))
  await setImmediate()
  leaving.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  expect(done).toBeLessThan(100)
  expect(await other).toBe('100 done')
})
