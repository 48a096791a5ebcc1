import { deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createChat } from '../../core/chat.ts'
import { createSeededRandom } from '../../core/random.ts'
import {
  checkEquations,
  findParity,
  measureRouting,
  parsePair,
  rankCandidates,
  readRouter,
  toPromptText,
  trainRouter,
  writeRouter,
} from './index.ts'
import { createPairs } from './testing.ts'

const train = (pairs: Parameters<typeof trainRouter>[0]['pairs'], seed = 1) => trainRouter({ pairs, seed, nowMs: 0 })

describe('a trained router', () => {
  const trained = train(createPairs(500, 1))
  const { router } = trained

  test('knows prompts like those that the small model failed on', () => {
    const hard = router.score('What does the theorem say of the manifold?')
    const easy = router.score('What does the river say of the animal?')
    expect(hard['small']).toBeLessThan(0.4)
    expect(easy['small']).toBeGreaterThan(0.75)
    expect(hard['large']).toBeGreaterThan(0.75)
    expect(router).toMatchObject({ weak: 'small', strong: 'large', pairs: 500, judges: ['small'] })
  })

  test('says of what it has not seen how often it is right', () => {
    const unseen = createPairs(600, 2)
    const predicted = unseen.map(({ prompt }) => router.score(prompt)['small'] ?? 0)
    const right = unseen.map(({ scores }) => scores['small'] ?? 0)
    for (const [low, high] of [
      [0, 0.5],
      [0.5, 1],
    ] as const) {
      const within = [...predicted.keys()].filter((row) => (predicted[row] ?? 0) >= low && (predicted[row] ?? 0) < high)
      expect(
        Math.abs(mean(within.map((row) => predicted[row] ?? 0)) - mean(within.map((row) => right[row] ?? 0))),
      ).toBeLessThan(0.07)
    }
  })

  test('reads the answer of the small model', () => {
    const prompt = 'What does the theorem say of the kitchen?'
    const good = router.scoreAnswer(prompt, { model: 'small', answer: 'It is 3 + 4 = 7.' })
    const bad = router.scoreAnswer(prompt, { model: 'small', answer: 'It is 3 + 4 = 9, I am not sure' })
    expect(good?.answer).toBeGreaterThan(0.8)
    expect(bad?.answer).toBeLessThan(0.2)
    expect(router.scoreAnswer(prompt, { model: 'large', answer: 'x' })).toBeUndefined()
  })

  test('is the same for the same pairs and seed, and comes out of its file as it went in', () => {
    const text = writeRouter(trained.content)
    const few = createPairs(60, 1)
    expect(writeRouter(train(few).content)).toBe(writeRouter(train(few).content))
    const read = readRouter(Buffer.from(text))
    expect(read.hash).toBe(router.hash)
    for (const { prompt } of createPairs(20, 3)) expect(read.score(prompt)).toEqual(router.score(prompt))
  })

  test('predicted what it had not seen better than chance', () => {
    const { heldOut } = trained
    expect(measureRouting({ ...heldOut, gains: heldOut.gains }).apgr).toBeGreaterThan(0.6)
    const after = heldOut.gainsAfterAnswer
    expect(after === undefined ? 0 : measureRouting({ ...heldOut, gains: after }).apgr).toBeGreaterThan(0.75)
  })
})

describe('a threshold at parity', () => {
  test('keeps what costs nothing on the whole, and no more', () => {
    // Of every ten prompts with gain g/10, the strong model is better in g − 3 more cases than the weak one.
    const rows = Array.from({ length: 1_000 }, (_, index) => ({ gain: Math.floor(index / 100) / 10, turn: index % 10 }))
    const parity = findParity({
      gains: rows.map(({ gain }) => gain),
      weak: rows.map(({ gain, turn }) => Number(turn < 3 - Math.min(3, gain * 10))),
      strong: rows.map(({ gain, turn }) => Number(turn < Math.max(0, Math.round(gain * 10) - 3))),
    })
    expect(parity?.threshold).toBeCloseTo(0.7)
    expect(parity?.strongShare).toBeCloseTo(0.3)
    expect(Math.abs(parity?.gained ?? 1)).toBeLessThan(0.01)
  })

  test('is none where the strong model is better everywhere', () => {
    expect(findParity({ gains: [0.1, 0.2, 0.3], weak: [0, 0, 0], strong: [1, 1, 1] })).toBeUndefined()
  })

  test('keeps everything where the strong model is never better', () => {
    const all = findParity({ gains: [0.1, 0.2, 0.2], weak: [1, 1, 1], strong: [1, 0, 1] })
    expect(all).toMatchObject({ threshold: 2, strongShare: 0 })
  })
})

test('sums are read with the stroke that Markdown puts before a star', () => {
  expect(checkEquations('25 \\* 3 = 75 and 5 \\* 1.25 = 7')).toEqual({ right: 1, wrong: 1 })
  expect(checkEquations('2 x 3 \\* 4 = 6 \\* 4 = 24')).toEqual({ right: 1, wrong: 0 })
})

describe('training takes', () => {
  test('Chinese prompts, in either script', () => {
    const random = createSeededRandom(5)
    const pairs = Array.from({ length: 200 }, (_, index) => {
      const isHard = random.next() < 0.5
      return { prompt: `${isHard ? '请证明这个定理' : '请翻译这句话'}${index}`, scores: { 小: isHard ? 0 : 1, 大: 1 } }
    })
    const { router } = train(pairs)
    expect(router.score('請證明另一個定理')['小']).toBeLessThan(0.3)
    expect(router.score('請翻譯另一句話')['小']).toBeGreaterThan(0.7)
  })

  test('marks of any range, and more than two models, of which some lack marks', () => {
    const random = createSeededRandom(6)
    const pairs = Array.from({ length: 90 }, (_, index) => ({
      prompt: index % 2 === 0 ? `write a poem ${index}` : `write a program ${index}`,
      scores: {
        a: index % 2 === 0 ? 9 + random.next() : 1 + random.next(),
        b: index % 2 === 0 ? 2 : 8,
        ...(index % 3 === 0 ? { c: 5 } : {}),
      },
      costs: { a: 1, b: 2, c: 3 },
    }))
    const { router } = train(pairs)
    const poem = router.score('write a poem')
    const program = router.score('write a program')
    expect(poem['a']).toBeGreaterThan(poem['b'] ?? 1)
    expect(program['b']).toBeGreaterThan(program['a'] ?? 1)
    expect(poem['c']).toBeCloseTo(0.45, 1)
    expect(router.models.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  })

  test.each([
    ['two pairs', 2, (index: number) => index % 2],
    ['labels that are all the same', 50, () => 1],
  ])('%s, and predicts about the mean', (_, count, label) => {
    const pairs = Array.from({ length: count }, (__, index) => ({
      prompt: `p${index}`,
      scores: { one: label(index), two: 1 },
    }))
    const score = train(pairs).router.score('p1')
    for (const value of Object.values(score)) {
      expect(value).toBeGreaterThan(0.4)
      expect(value).toBeLessThan(1)
    }
  })

  test('nothing that it cannot learn from', () => {
    expect(() => train([])).toThrow('no pair')
    expect(() => train([{ prompt: 'x', scores: { one: 1 } }])).toThrow('only the model one')
    expect(() => trainRouter({ pairs: createPairs(20, 1), seed: 1, nowMs: 0, strong: 'other' })).toThrow(
      'of the model other; there are scores of large, small',
    )
    expect(() => parsePair('{"prompt": "x"}', 7)).toThrow('line 7.scores')
    expect(() => parsePair('{"prompt": "x", "scores": {"m": "good"}}', 1)).toThrow('line 1.scores.m')
    expect(() => parsePair('nonsense', 3)).toThrow('line 3 is not JSON')
    expect(() => parsePair('{"prompt": "x", "scores": {"m": NaN}}', 4)).toThrow(/line 4 .* leave out a score/)
    expect(() => parsePair('[', 1)).toThrow('one object to a line')
    expect(() => parsePair('{"prompt": "x", "scores": {"m": 1e300}}', 5)).toThrow('line 5.scores.m')
    expect(() => parsePair('{"prompt": "x", "scores": {"__proto__": 1}}', 6)).toThrow('line 6: __proto__')
    expect(parsePair('{"prompt": "__proto__", "scores": {"m": 1}}', 6)).toMatchObject({ prompt: '__proto__' })
  })
})

describe('a router file is refused with its reason', () => {
  const text = writeRouter(train(createPairs(60, 1)).content)
  const changed = (change: (file: Record<string, unknown>) => void): Buffer => {
    const file = JSON.parse(text) as Record<string, unknown>
    change(file)
    return Buffer.from(JSON.stringify(file))
  }
  interface File {
    questions: { mean: number[]; heads: { weights: string; bias: number; model: string; figures: number[] }[] }
  }
  const heads = (file: unknown) => (file as File).questions.heads

  test.each([
    ['that is not JSON', Buffer.from('PK\u0003\u0004'), 'not JSON'],
    ['that is not UTF-8', Buffer.from([0xff, 0xfe]), 'not JSON'],
    ['of another version', changed((file) => (file['version'] = 99)), 'version'],
    ['with a part nobody knows', changed((file) => (file['code'] = 'x')), 'code'],
    ['that lacks a part', changed((file) => delete file['questions']), 'questions'],
    ['that was changed', changed((file) => (file['weak'] = 'large')), 'hash'],
    ['with a changed weight', changed((file) => ((heads(file)[0] ?? { bias: 0 }).bias += 1)), 'hash'],
    [
      'whose weights are no numbers',
      changed((file) => ((heads(file)[0] ?? { weights: '' }).weights = 'AAAA')),
      'weights',
    ],
    [
      'that would unpack to more',
      changed((file) => ((heads(file)[0] ?? { weights: '' }).weights = bomb())),
      'unpacked',
    ],
    ['with a head too few', changed((file) => heads(file).pop()), 'no head'],
    ['with figures of another number', changed((file) => (file as unknown as File).questions.mean.pop()), 'figures'],
  ])('%s', (_, bytes, reason) => {
    expect(() => readRouter(bytes)).toThrow(
      expect.objectContaining({ code: 'ROUTER_INVALID', message: expect.stringContaining(reason) as string }) as Error,
    )
  })
})

describe('the decision', () => {
  const scores = { small: 0.7, large: 0.9 }
  const known = { latencyMs: 1_000, energyWh: 1, isPrivate: true }

  test('weighs quality against what the operator gives up for it', () => {
    const candidates = [
      { model: 'large', usd: 0.02, ...known },
      { model: 'small', usd: 0.001, ...known },
    ]
    expect(rankCandidates(scores, candidates, {})[0]?.model).toBe('large')
    const ranked = rankCandidates(scores, candidates, { perUsd: 20 })
    expect(ranked[0]).toMatchObject({ model: 'small', quality: 0.7 })
    expect(ranked[0]?.utility).toBeCloseTo(0.68)
  })

  test('does not let the unknown win', () => {
    const candidates = [
      { model: 'large', usd: undefined, ...known },
      { model: 'small', usd: 0.001, ...known },
      { model: 'new', usd: 0, ...known },
    ]
    expect(rankCandidates(scores, candidates, { perUsd: 1 }).map(({ model }) => model)).toEqual([
      'small',
      'large',
      'new',
    ])
    expect(rankCandidates(scores, candidates, {}).map(({ model }) => model)).toEqual(['large', 'small', 'new'])
  })

  test('keeps on private ground what is worth it', () => {
    const outside = { usd: 0, latencyMs: 0, energyWh: 0, isPrivate: false }
    const ranked = rankCandidates(
      scores,
      [
        { model: 'large', ...outside },
        { model: 'small', usd: 0, ...known },
      ],
      { leaving: 0.5 },
    )
    expect(ranked[0]?.model).toBe('small')
  })
})

test('a router reads the last message of the user', () => {
  const message = (role: 'user' | 'assistant', text: string) => ({ role, parts: [{ type: 'text', text }] }) as const
  const chat = createChat({ messages: [message('user', 'one'), message('assistant', 'two'), message('user', '三')] })
  expect(toPromptText(chat)).toBe('三')
  expect(toPromptText(createChat({ messages: [] }))).toBe('')
})

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** A megabyte of zeros, deflated. */
function bomb(): string {
  return deflateRawSync(Buffer.alloc(1_048_576)).toString('base64')
}
