import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSimplifier } from './han.ts'
import { findSimilar } from './similar.ts'

describe('near misses', () => {
  test('a slip of the finger is found, the nearest first', () => {
    expect(findSimilar('laptpo', ['desktop', 'laptop', 'laptops'])).toEqual(['laptop', 'laptops'])
    expect(findSimilar('EU-Large', ['eu-large'])).toEqual(['eu-large'])
  })

  test('what is far is not suggested', () => {
    expect(findSimilar('cloud', ['laptop', 'local', ''])).toEqual([])
    expect(findSimilar('', ['laptop'])).toEqual([])
  })

  test('one letter more, less, other or swapped is always found', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '-', '年'), minLength: 3, maxLength: 12 })
    fc.assert(
      fc.property(word, fc.nat(), (name, seed) => {
        const at = seed % (name.length - 1)
        const head = name.slice(0, at)
        const [first, second, rest] = [name.slice(at, at + 1), name.slice(at + 1, at + 2), name.slice(at + 2)]
        for (const typed of [head + second + rest, `${head}x${first}${second}${rest}`, head + second + first + rest]) {
          expect(findSimilar(typed, ['something quite different', name])).toContain(name)
        }
      }),
    )
  })
})

test('traditional characters become simplified ones, one for one; others stay', () => {
  const simplify = createSimplifier()
  expect(Array.from('資料庫裡的a', simplify).join('')).toBe('资料库里的a')
})
