import { expect, test } from 'vitest'
import { withoutRadicals } from './radicals.ts'

test('radicals that stand for characters are those characters, all else stays as it is', () => {
  expect(withoutRadicals('\u2f00\u2ed4\u2f45 \u2ed3江ﬁ')).toBe('一门方 长江ﬁ')
  expect(withoutRadicals('\u2e80 门 A')).toBe('\u2e80 门 A')
})
