import { expect, test } from 'vitest'
import { toScores, type Target } from './ranks.ts'

const at = (document: string, start = 0, end = 10): readonly Required<Target>[] => [{ document, span: { start, end } }]

test('ranks are of documents, each at its best passage, where documents are expected', () => {
  const ranking = [at('x'), at('x', 20, 30), at('a'), at('y'), at('b')]
  const scores = toScores(ranking, [{ document: 'a' }, { document: 'b' }])
  // Second and fourth of the documents; ideally first and second.
  const gain = 1 / Math.log2(3) + 1 / Math.log2(5)
  expect(scores.ndcg10).toBeCloseTo(gain / (1 + 1 / Math.log2(3)), 12)
  expect(scores).toMatchObject({ recall5: 1, recall10: 1, recall20: 1 })
})

test('ranks are of passages where spans are expected, and a span is met by what touches it', () => {
  const ranking = [at('a', 0, 10), at('a', 10, 20), at('b', 0, 5)]
  const wanted = [{ document: 'a', span: { start: 12, end: 40 } }]
  expect(toScores(ranking, wanted).ndcg10).toBeCloseTo(1 / Math.log2(3), 12)
  expect(toScores(ranking, [{ document: 'a', span: { start: 20, end: 40 } }])).toMatchObject({ ndcg10: 0, recall20: 0 })
})

test('a passage counts for every place where the same stands, and recall stops at its depth', () => {
  const copies = [
    { document: 'x', span: { start: 0, end: 9 } },
    { document: 'a', span: { start: 3, end: 12 } },
  ]
  expect(toScores([copies], [{ document: 'a' }])).toMatchObject({ ndcg10: 1, recall5: 1 })
  const long = [...Array.from({ length: 10 }, (_, number) => at(`x${number}`)), at('a')]
  expect(toScores(long, [{ document: 'a' }])).toEqual({ ndcg10: 0, recall5: 0, recall10: 0, recall20: 1 })
})
