import { expect, test } from 'vitest'
import { TurnEnd, type TurnAct } from './turn.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function createActs(): { readonly done: number[]; readonly act: (number: number) => TurnAct } {
  const done: number[] = []
  return { done, act: (number) => ({ turnEnded: () => void done.push(number) }) }
}

test('acts wait for the end of the turn, and come in their order', async () => {
  const { done, act } = createActs()
  const turn = new TurnEnd()
  turn.add(act(1))
  await Promise.resolve()
  turn.add(act(2))
  expect(done).toEqual([])
  await nextTurn()
  expect(done).toEqual([1, 2])
  turn.add(act(3))
  await nextTurn()
  expect(done).toEqual([1, 2, 3])
})

test('sixteen acts do not wait for a seventeenth', async () => {
  const { done, act } = createActs()
  const turn = new TurnEnd()
  for (let number = 1; number <= 17; number++) turn.add(act(number))
  expect(done).toHaveLength(16)
  await nextTurn()
  expect(done).toHaveLength(17)
})

test('what an act adds comes with the next turn, not before the acts behind it', async () => {
  const { done, act } = createActs()
  const turn = new TurnEnd()
  turn.add({ turnEnded: () => turn.add(act(2)) })
  turn.add(act(1))
  await nextTurn()
  await nextTurn()
  expect(done).toEqual([1, 2])
})
