import { describe, expect, test } from 'vitest'
import { createSeededRandom } from '../../core/random.ts'
import { measureRouting, readRouter, trainRouter, writeRouter, type Trained } from './index.ts'
import { createEmbeddedPairs, createPairs } from './testing.ts'

type Embedded = ReturnType<typeof createEmbeddedPairs>

function train(pairs: Embedded, vectors: readonly (readonly number[])[] | undefined): Trained {
  return trainRouter({ pairs, seed: 1, nowMs: 0, embedded: vectors && { embedder: 'vectors', vectors } })
}

const pairs = createEmbeddedPairs(400, 1)
const trained = train(
  pairs,
  pairs.map(({ embedding }) => embedding),
)

describe('a router with neighbours', () => {
  const unseen = createEmbeddedPairs(400, 2)
  const weak = unseen.map(({ scores }) => scores['small'] ?? 0)
  const strong = unseen.map(({ scores }) => scores['large'] ?? 0)

  test('knows from the vectors what the words do not tell, of prompts it has not seen', () => {
    const { router } = trained
    const near = unseen.map(({ prompt, embedding }) => router.gain(prompt, undefined, embedding))
    const words = unseen.map(({ prompt }) => router.gain(prompt))
    expect(measureRouting({ gains: near, weak, strong }).apgr).toBeGreaterThan(0.68)
    expect(measureRouting({ gains: words, weak, strong }).apgr).toBeLessThan(0.58)
  })

  test('says of prompts it had not seen what it comes to', () => {
    const known = [...trained.heldOut.gains.keys()].filter((row) => !Number.isNaN(trained.heldOut.gains[row]))
    expect(known).toHaveLength(400)
    const { gains, weak: low, strong: high } = trained.heldOut
    expect(measureRouting({ gains, weak: low, strong: high }).apgr).toBeGreaterThan(0.68)
  })

  test('believes the words where vectors tell nothing', () => {
    const random = createSeededRandom(3)
    const telling = createPairs(400, 1)
    const noise = telling.map(() => Array.from({ length: 16 }, () => random.next() - 0.5))
    const { router } = trainRouter({
      pairs: telling,
      seed: 1,
      nowMs: 0,
      embedded: { embedder: 'noise', vectors: noise },
    })
    for (const [row, { prompt }] of createPairs(50, 2).entries()) {
      const [alone, both] = [router.score(prompt)['small'] ?? 0, router.score(prompt, noise[row])['small'] ?? 0]
      expect(Math.abs(alone - both)).toBeLessThan(0.15)
    }
  })

  test('comes out of its file as it went in', () => {
    const read = readRouter(Buffer.from(writeRouter(trained.content)))
    expect(read).toMatchObject({ hash: trained.router.hash, embedder: 'vectors' })
    for (const { prompt, embedding } of unseen.slice(0, 20)) {
      expect(read.score(prompt, embedding)).toEqual(trained.router.score(prompt, embedding))
    }
    expect(readRouter(Buffer.from(writeRouter(train(pairs, undefined).content))).embedder).toBeUndefined()
  })

  test.each([
    [
      'vectors that were cut',
      (file: File) => ({ ...file, vectors: file.vectors.slice(0, -8) }),
      /vectors of another number/,
    ],
    ['a quality that was changed', (file: File) => ({ ...file, count: file.count + 1 }), /changed or damaged/],
    [
      'a model it does not know',
      (file: File) => ({ ...file, models: [{ ...file.models[0], model: 'x' }] }),
      /among its models/,
    ],
  ])('is refused with %s', (_, change, message) => {
    const file = JSON.parse(writeRouter(trained.content)) as { neighbours: File }
    const changed = JSON.stringify({ ...file, neighbours: change(file.neighbours) })
    expect(() => readRouter(Buffer.from(changed))).toThrow(message)
  })

  test('takes vectors of one length only', () => {
    expect(() => trained.router.score('x', [1, 2])).toThrow(
      /has 2 numbers; those of the router, made by vectors, have 16/,
    )
    const uneven = pairs.map(({ embedding }, row) => (row === 7 ? embedding.slice(1) : embedding))
    expect(() => train(pairs, uneven)).toThrow(
      /finite numbers, as many of each prompt.*; pair \d+ has \d+ numbers, the first \d+/,
    )
  })
})

test('no router is made that is too large to be read again', () => {
  const row = Array.from({ length: 2_300 }, (_, place) => place - 1_000)
  const many = Array.from({ length: 20_000 }, (_, index) => ({ prompt: `p${index}`, scores: { one: 1, two: 1 } }))
  const vectors = many.map(() => row)
  expect(() => trainRouter({ pairs: many, seed: 1, nowMs: 0, embedded: { embedder: 'v', vectors } })).toThrow(
    'at most 19130 vectors of 2300 numbers, there are 20000',
  )
  const { content } = trained
  const neighbours = content.neighbours && { ...content.neighbours, vectors: new Int8Array(51_000_000) }
  expect(() => writeRouter({ ...content, neighbours })).toThrow('train on fewer models')
})

interface File {
  readonly vectors: string
  readonly count: number
  readonly models: readonly { readonly model: string }[]
}
