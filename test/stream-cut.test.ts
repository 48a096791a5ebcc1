import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { Tiktoken } from 'js-tiktoken/lite'
import cl100k from 'js-tiktoken/ranks/cl100k_base'
import o200k from 'js-tiktoken/ranks/o200k_base'
import { afterAll, expect, test } from 'vitest'
import { createSeededRandom } from '../src/core/random.ts'
import { bytePairFile, toBytesOf } from '../src/infrastructure/tokenizers/testing.ts'
import { runCutVendors, runRecordedCuts, toPieces, type CutVendor } from './kit/cuts/index.ts'

test('a stream that breaks off behind any event of any recorded body is charged: its input at least, what was held at most', async () => {
  const faults: string[] = []
  const { bodies, cuts, charged, ...found } = await runRecordedCuts((fault) => faults.push(fault))
  expect(faults).toEqual([])
  expect(found).toEqual({ belowInput: 0, aboveHold: 0, free: 0, unpriced: 1, unbooked: 0n, overruns: 0 })
  expect(bodies).toBeGreaterThanOrEqual(40)
  expect(cuts).toBeGreaterThan(250)
  expect(charged).toBeGreaterThan(200)
}, 180_000)

const folder = mkdtempSync(join(tmpdir(), 'strata-cuts-'))
afterAll(() => rmSync(folder, { recursive: true }))

const sentences = [
  'The quarterly report is due on Thursday; 12,345 people read the last one.\n\n',
  '合同自双方签字之日起生效，有效期为三年。龘靐齉',
  'export function count(texts: readonly string[]): number {\n  return texts.length // naïve\n}\n',
  '{"name":"Zoë","tags":["a","b"],"价格":1.5e3} ',
  '👩‍🚀🇩🇪 Ça va? Ὀδυσσεύς ',
]

function drawTexts(): readonly string[] {
  const random = createSeededRandom(21)
  const draw = (): string => sentences[Math.floor(random.next() * sentences.length)] ?? ''
  return Array.from({ length: 40 }, () => Array.from({ length: 8 }, draw).join(''))
}

function listVendors(): readonly CutVendor[] {
  const file = bytePairFile()
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(file))
  const small = new Tokenizer(file, {})
  const signs = small.get_vocab().keys().toArray()
  const texts = drawTexts()
  const tokenizers = [
    { name: 'o200k', tokenizer: 'o200k_base', tokenize: toPieces(new Tiktoken(o200k)) },
    { name: 'cl100k', tokenizer: 'cl100k_base', tokenize: toPieces(new Tiktoken(cl100k)) },
    {
      name: 'file',
      tokenizer: { file: join(folder, 'tokenizer.json') },
      tokenize: toPieces({
        encode: (text) => small.encode(text, { add_special_tokens: false }).ids,
        decode: (ids) => Buffer.from(ids.flatMap((id) => toBytesOf(signs[id] ?? ''))).toString(),
      }),
    },
  ]
  return tokenizers.flatMap(({ name, ...known }) =>
    (['one', 'few', 'moment'] as const).map((grouping) => ({ ...known, name: `${name}-${grouping}`, grouping, texts })),
  )
}

test('a stream of an endpoint whose tokenizer is known is charged within one per cent of what it had generated, each by itself', async () => {
  const figures = await runCutVendors({ vendors: listVendors(), seed: 7, whole: 24, cut: 12 })
  expect(figures).toHaveLength(9)
  for (const { name, shownErrors, errors, inputErrors } of figures) {
    expect([name, errors.length]).toEqual([name, 12])
    expect([name, shownErrors.filter((error) => error > 0.01)]).toEqual([name, []])
    // What a request has besides its texts is learned from a few answers only.
    expect([name, inputErrors.filter((error) => error > 0.02)]).toEqual([name, []])
  }
}, 180_000)
