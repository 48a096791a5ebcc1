import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSeededRandom } from '../../core/random.ts'
import { createFolder } from './fold.ts'
import { createPatternScanner } from './pattern/index.ts'
import { scanText, type Finding, type Scanner } from './scan.ts'
import { createSecretScanner, secretTypeNames } from './secrets/index.ts'
import { createTermScanner } from './terms/index.ts'
import { secretMakers } from './testing.ts'

/** Findings of a text that comes in pieces; `sizes` are used in turn. */
function scanPieces(scanner: Scanner, text: string, sizes: readonly number[]): readonly Finding[] {
  const scan = scanner.open()
  const found: Finding[] = []
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    const before = scan.safe
    const read = scan.read(text.slice(at, at + size))
    for (const { start } of read) expect(start).toBeGreaterThanOrEqual(before)
    found.push(...read)
    at += size
    expect(scan.safe).toBeLessThanOrEqual(Math.min(at, text.length))
  }
  return [...found, ...scan.end()]
}

const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 })

describe('patterns', () => {
  const find = (source: string, text: string, lengthMax = 64): readonly string[] =>
    scanText(createPatternScanner([{ what: 'it', source }], lengthMax), text).map(({ start, end }) =>
      text.slice(start, end),
    )

  test('match what they say', () => {
    expect(find('ticket-\\d{3,5}', 'ticket-12 ticket-1234567')).toEqual(['ticket-12345'])
    expect(find('a(?:b|cd)*e', 'ae abe acde abcdbe ace')).toEqual(['ae', 'abe', 'acde', 'abcdbe'])
    expect(find('[^a-c\\s]+\\.?', 'abcd ef. x')).toEqual(['d', 'ef.', 'x'])
    expect(find('\\h{2}号', '第七号')).toEqual(['第七号'])
  })

  test('say where they leave the language', () => {
    for (const source of [
      'a(?=b)',
      '(a',
      'a)',
      '[b',
      '\\1',
      '^a',
      'a$',
      'a**',
      '*a',
      'a{3,2}',
      'a{5000}',
      '(?<n>a)',
      'x{',
      'a|b?|',
      '\\b',
    ]) {
      expect(() => createPatternScanner([{ what: 'it', source }], 64), source).toThrow(/pattern/)
    }
  })

  test('find the same as a backtracking engine, however the text is parted', () => {
    const sources = [
      'ab+c|b',
      '(?:a|b)c{2}',
      'a[bc]*a',
      'cab|bca|abc',
      '(?:ab|a)(?:bc|c)',
      'a.b',
      'b{2,3}',
      'a*b',
      '(?:a|b)*c',
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...sources),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 40 }),
        sizes,
        (source, text, by) => {
          const scanner = createPatternScanner([{ what: 'it', source }], 64)
          const found = scanPieces(scanner, text, by).map(({ start, end }) => [start, end])
          expect(found).toEqual(leftmostLongest(source, text))
        },
      ),
      { numRuns: 400 },
    )
  })

  test('take linear time where others take for ever', () => {
    const scanner = createPatternScanner(
      [
        { what: 'it', source: '(?:a+)+b' },
        { what: 'that', source: '(?:a|aa)+c' },
      ],
      256,
    )
    expect(scanText(scanner, 'a'.repeat(50_000))).toEqual([])
  })

  test('are bounded: a match has at most so many characters', () => {
    expect(find('a[^b]*b', `a${'x'.repeat(10)}b`, 16)).toHaveLength(1)
    expect(find('a[^b]*b', `a${'x'.repeat(20)}b`, 16)).toHaveLength(0)
    const scan = createPatternScanner([{ what: 'it', source: 'a[^b]*b' }], 16).open()
    scan.read(`a${'x'.repeat(1_000)}`)
    expect(scan.safe).toBeGreaterThan(1_000 - 2 * 16)
  })
})

/** By trying every place and length with the engine of the language: slow, and right. */
function leftmostLongest(source: string, text: string): readonly (readonly number[])[] {
  const whole = new RegExp(`^(?:${source})$`)
  const found: number[][] = []
  for (let start = 0; start < text.length; start++) {
    for (let end = text.length; end > start; end--) {
      if (!whole.test(text.slice(start, end))) continue
      found.push([start, end])
      start = end - 1
      break
    }
  }
  return found
}

/** Types that stand behind a name, and how long that is at most. */
const namedMax: Readonly<Record<string, number>> = { 'authorization-header': 22, 'assigned-secret': 17 }

describe('secrets', () => {
  const scanner = createSecretScanner()

  test('have a maker for each type, and each is found where it was put', () => {
    expect(Object.keys(secretMakers).toSorted()).toEqual(secretTypeNames.toSorted())
    const random = createSeededRandom(7)
    for (const [type, make] of Object.entries(secretMakers)) {
      for (let turn = 0; turn < 20; turn++) {
        const secret = make(random)
        for (const [before, behind] of [
          ['看这里：', '，谢谢'],
          ['Use ', ' for it.'],
          ['', ''],
        ] as const) {
          const places = scanText(scanner, before + secret + behind)
            .filter(({ what }) => what === type)
            .map(({ start, end }) => [start - before.length, secret.length - (end - before.length)] as const)
          expect(places, `${type}: ${secret}`).toHaveLength(1)
          const [late = -1, left = -1] = places[0] ?? []
          // Behind a name the value alone is the secret, and the mark that ends a quoted one is none of it.
          const isNamed = type in namedMax
          expect(late, `${type}: ${secret}`).toBeLessThanOrEqual(namedMax[type] ?? 0)
          expect(late).toBeGreaterThanOrEqual(0)
          expect(left, `${type}: ${secret}`).toBeLessThanOrEqual(isNamed ? 1 : 0)
          expect(left, `${type}: ${secret} in ${before}…${behind}`).toBeGreaterThanOrEqual(0)
        }
      }
    }
  })

  test('are found however the text is parted', () => {
    const random = createSeededRandom(11)
    for (const make of Object.values(secretMakers)) {
      const text = `The key is ${make(random)}, 请保密。`
      const whole = scanText(scanner, text)
      expect(whole).toHaveLength(1)
      for (const by of [[1], [2, 3], [7], [64, 1]]) expect(scanPieces(scanner, text, by)).toEqual(whole)
    }
  })

  test('are not what only looks like them: wrong check digits, examples, parts of longer names', () => {
    const random = createSeededRandom(3)
    const token = secretMakers['github-token']?.(random) ?? ''
    const wrong = token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a')
    for (const text of [
      wrong,
      'sk-your-key-here',
      'AKIAIOSFODNN7EXAMPLE',
      'password: ${DATABASE_PASSWORD}',
      'api_key = os.environ["KEY"]',
      'postgres://user:password@localhost',
      'commit 3f786850e387550fdab836ed7e6dc881de23001b',
      '123e4567-e89b-12d3-a456-426614174000',
      '-----BEGIN PUBLIC KEY-----',
      'task-0123456789abcdef0123456789abcdef',
      'private_key: base64PrivateKey, privateKey := ed25519.NewKeyFromSeed',
      'secret is "a-string-secret-at-least-256-bits-long"',
      'GDP.csv?api_key=%s&collapse=annual&rows=6',
      'xoxp-1-RANDOMSTRINGHERE or xoxp-572370529330-573807301142-572331691188',
    ]) {
      expect(scanText(scanner, text), text).toEqual([])
    }
  })
})

describe('terms', () => {
  const folder = createFolder()
  const find = (terms: readonly string[], text: string, within = false): readonly string[] =>
    scanText(createTermScanner({ folder, terms, within, what: 'term' }), text).map(({ start, end }) =>
      text.slice(start, end),
    )

  test('are found whatever their case, width, accents, script and hidden characters', () => {
    for (const text of [
      'falcon',
      'FALCON',
      'ｆａｌｃｏｎ',
      'fаlсоn',
      'fa\u200blc\u00adon',
      'fálcön',
      '𝐟𝐚𝐥𝐜𝐨𝐧',
      'ＦａＬcon',
    ]) {
      expect(find(['Falcon'], `the ${text} flies`), text).toEqual([text])
    }
    expect(find(['软件破解'], '關於軟件破解的事')).toEqual(['軟件破解'])
    expect(find(['project  falcon'], 'Project\n Falcon')).toEqual(['Project\n Falcon'])
  })

  test('of letters are whole words unless they may lie within others', () => {
    expect(find(['cat'], 'concatenate cat, cats')).toEqual(['cat'])
    expect(find(['cat'], 'concatenate', true)).toEqual(['cat'])
    expect(find(['猫'], '小猫咪')).toEqual(['猫'])
    expect(find(['gpt模型'], '用gpt模型吧')).toEqual(['gpt模型'])
  })

  test('that overlap are found as one, however the text is parted', () => {
    const terms = ['ab', 'bca', 'abc', 'cc', 'a b']
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '\u200b'), maxLength: 40 }),
        sizes,
        fc.boolean(),
        (text, by, within) => {
          const scanner = createTermScanner({ folder, terms, within, what: 'term' })
          expect(scanPieces(scanner, text, by)).toEqual(scanText(scanner, text))
        },
      ),
      { numRuns: 150 },
    )
  })

  test('are all found: the same as by looking for each', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.string({ unit: fc.constantFrom('a', 'b', 'x'), maxLength: 40 }),
        (terms, text) => {
          const covered = new Set<number>()
          for (const { start, end } of scanText(createTermScanner({ folder, terms, within: true, what: 'term' }), text))
            for (let at = start; at < end; at++) covered.add(at)
          const wanted = new Set<number>()
          for (const term of terms)
            for (let at = text.indexOf(term); at !== -1; at = text.indexOf(term, at + 1))
              for (let place = at; place < at + term.length; place++) wanted.add(place)
          expect(covered).toEqual(wanted)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('of which nothing is seen are refused', () => {
    expect(() => createTermScanner({ folder, terms: ['\u200b'], within: false, what: 'term' })).toThrow(/term 1/)
  })
})
