import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AnswerEvent } from '../../../core/chat.ts'
import type { Passage } from '../../../core/ports.ts'
import { guardEvents, type GuardBounds, type PassageRights } from './guard.ts'
import { createOverlapMeter, type Overlap } from './overlap-meter.ts'

const everything = { tokensMin: 0, charactersMin: 0, tokensMax: 1_000_000, charactersMax: 1_000_000 }

/** The words of a text with their places; the reference for what the meter reads. */
function wordsOf(text: string): readonly { readonly word: string; readonly start: number; readonly end: number }[] {
  return [...text.matchAll(/[\u3400-\u9fff]|[a-zA-Z0-9_]+/g)].map((match) => ({
    word: match[0].toLowerCase(),
    start: match.index,
    end: match.index + match[0].length,
  }))
}

function read(sources: readonly string[], answer: string, cuts: readonly number[] = []): readonly Overlap[] {
  const reader = createOverlapMeter(sources.map((text) => ({ text }))).createReader(everything)
  const places = [...new Set(cuts.map((cut) => cut % (answer.length + 1)))].toSorted((left, right) => left - right)
  const found = [0, ...places].flatMap((place, index) =>
    reader.read(answer.slice(place, places[index] ?? answer.length)),
  )
  return [...found, ...reader.end()]
}

describe('the meter', () => {
  const piece = fc.constantFrom('a', 'b', 'B', 'cd', '年', '假', ' ', ' ', ', ', '。', '\n')
  const text = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''))

  test('finds every longest stretch, where it stands in the answer and in a source, however the answer is parted', () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 3 }),
        text,
        fc.array(fc.nat(60)),
        (sources, answer, cuts) => {
          const said = wordsOf(answer)
          const known = sources.map((source) => wordsOf(source).map(({ word }) => word))
          const longest = said.map((_, last) => {
            for (let length = last + 1; length > 0; length--) {
              const stretch = said.slice(last - length + 1, last + 1).map(({ word }) => word)
              const isIn = known.some((words) =>
                words.some((__, at) => stretch.every((word, index) => words[at + index] === word)),
              )
              if (isIn) return length
            }
            return 0
          })
          const expected = longest.flatMap((length, last) =>
            length > 0 && longest[last + 1] !== length + 1 ? [[said[last - length + 1]?.start, said[last]?.end]] : [],
          )
          const found = read(sources, answer, cuts)
          expect(found.map(({ answerStart, answerEnd }) => [answerStart, answerEnd])).toEqual(expected)
          for (const { source, start, end, answerStart, answerEnd } of found) {
            const there = wordsOf((sources[source] ?? '').slice(start, end)).map(({ word }) => word)
            expect(there).toEqual(wordsOf(answer.slice(answerStart, answerEnd)).map(({ word }) => word))
          }
        },
      ),
      { numRuns: 400 },
    )
  })

  test('counts words and marks, at the edges those that both have', () => {
    const [overlap] = read(['„Das ist, wie man weiß, so."'], 'Er sagte: „Das ist, wie man weiß, so." Gut.')
    expect(overlap).toMatchObject({ tokens: 11, characters: 20 })
    const [chinese] = read(['员工每年享有十五天年假。'], '规定：员工每年享有十五天年假。')
    expect(chinese).toMatchObject({ tokens: 12, characters: 11, answerStart: 3, answerEnd: 14 })
  })

  test('tells where a stretch goes beyond a bound', () => {
    const reader = createOverlapMeter([{ text: 'one two three four five six' }]).createReader({
      ...everything,
      tokensMax: 3,
    })
    reader.read('so: one two three four five ')
    expect(reader.current).toMatchObject({ tokens: 5, beyondTokens: 'so: one two three'.length })
    expect(reader.end()).toHaveLength(1)
    expect(createOverlapMeter([]).createReader(everything).read('one two')).toEqual([])
  })

  test('numbers and Han signs outside the blocks of letters are words', () => {
    const source = '二〇〇八年，步骤Ⅳ；①然后人々'
    expect(read([source], `据说：${source}！`)[0]).toMatchObject({ start: 0, end: source.length, answerStart: 3 })
    expect(read(['步骤Ⅳ'], '步骤Ⅲ')[0]).toMatchObject({ start: 0, end: 2 })
  })

  test.each([
    ['Ils ont vécu à Noël dans la forêt, où l’élève naïf a reçu ça', 'fr'],
    ['ДО СВИДАНИЯ, ЁЖИК; й и Й', 'ru'],
    ['Ο Σωκράτης ήταν φιλόσοφος ΜΕΓΆΛΟΣ', 'el'],
    ['ガギグゲゴがぎぐげごパピプぱぴぷ', 'ja'],
  ])('accents in one piece or behind their letter, large or small, do not hide a stretch: %s', (text) => {
    const whole = text.normalize('NFC')
    for (const form of ['NFC', 'NFD'] as const) {
      for (const other of [text, text.toUpperCase(), text.toLowerCase()]) {
        const found = read([whole], `x ${other.normalize(form)}`, [5, 8, 9, 13])
        expect(found).toHaveLength(1)
        expect(found[0]).toMatchObject({ start: 0, answerStart: 2 })
        expect(found[0]?.end).toBeGreaterThanOrEqual(whole.length - 1)
      }
    }
  })

  test('case, width and punctuation do not hide a stretch', () => {
    expect(read(['Full Time staff'], 'ＦＵＬＬ-time STAFF')[0]).toMatchObject({ start: 0, end: 15, tokens: 4 })
  })
})

const work =
  'It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it was the ' +
  'epoch of belief, it was the epoch of incredulity, it was the season of light, it was the season of darkness.'

function toPassage(text: string): Passage {
  const place = { collection: 'c', document: 'd', source: 'tale.txt', version: 'v', headings: [], score: 1 }
  return { ...place, start: 100, end: 100 + text.length, text }
}

interface Watched {
  readonly text: string
  readonly citations: readonly {
    readonly start: number
    readonly quoted: string
    readonly licence: string | undefined
  }[]
}

async function watch(
  answer: string,
  options: {
    readonly source?: string
    readonly rights?: Partial<PassageRights>
    readonly bounds?: Partial<GuardBounds>
    readonly size?: number
  },
): Promise<Watched> {
  const passages = [toPassage(options.source ?? work)]
  const rights = [{ mayCopy: true, licence: undefined, attribution: undefined, ...options.rights }]
  const bounds: GuardBounds = {
    citeTokensMin: 10,
    citeCharactersMin: 1_000,
    limitTokensMax: 20,
    codeCharactersMax: 60,
    beyondLimit: 'cut',
    ...options.bounds,
  }
  async function* events(): AsyncGenerator<AnswerEvent> {
    const size = options.size ?? 7
    for (let at = 0; at < answer.length; at += size)
      yield await Promise.resolve<AnswerEvent>({ type: 'text-delta', text: answer.slice(at, at + size) })
    yield { type: 'finish', reason: 'stop' }
  }
  let text = ''
  const cited: {
    readonly place: readonly [number, number]
    readonly start: number
    readonly licence: string | undefined
  }[] = []
  const meter = createOverlapMeter(passages)
  for await (const event of guardEvents(events(), { meter, passages, rights, bounds })) {
    if (event.type === 'text-delta') text += event.text
    if (event.type === 'citation') {
      const { answerStart = 0, answerEnd = 0, start, licence } = event.citation
      cited.push({ place: [answerStart, answerEnd], start, licence })
    }
  }
  return { text, citations: cited.map(({ place, ...each }) => ({ ...each, quoted: text.slice(...place) })) }
}

describe('an answer that gives its source again', () => {
  const quoted = work.slice(0, 51)

  test('has a citation of the exact stretch, with its licence, and is otherwise as it was', async () => {
    for (const size of [1, 7, 1_000]) {
      const { text, citations } = await watch(`He says: "${quoted}" and no more.`, {
        rights: { licence: 'CC-BY-4.0' },
        size,
      })
      expect(text).toBe(`He says: "${quoted}" and no more.`)
      expect(citations).toEqual([{ start: 100, quoted, licence: 'CC-BY-4.0' }])
    }
  })

  test('shorter than a quotation is left alone', async () => {
    expect((await watch('It was the best of times, wasn’t it?', {})).citations).toEqual([])
  })

  test('beyond the limit without a licence is cut there, and goes on behind the stretch', async () => {
    for (const size of [1, 5, 1_000]) {
      const { text, citations } = await watch(`Listen: ${work} The end of it.`, { rights: { mayCopy: false }, size })
      expect(text).toBe(
        `Listen: ${work.slice(0, work.indexOf(', it was the age of foolishness'))} […] . The end of it.`,
      )
      expect(citations).toHaveLength(1)
    }
  })

  test('beyond the limit with a licence goes through', async () => {
    expect((await watch(work, {})).text).toBe(work)
  })

  test('ends with COPYRIGHT_REFUSED where that is asked for', async () => {
    const refused = watch(work, { rights: { mayCopy: false }, bounds: { beyondLimit: 'refuse' } })
    await expect(refused).rejects.toMatchObject({ code: 'COPYRIGHT_REFUSED' })
  })

  test('as code is cut after its characters, not its words', async () => {
    const code =
      'for (let i = 0; i < n; i++) { sum += a[i] * b[i]; if (sum > max) { max = sum; at = i; } } return [max, at];'
    const { text } = await watch(`Use this:\n${code}\nDone.`, {
      source: code,
      rights: { mayCopy: false },
      bounds: { limitTokensMax: 500 },
    })
    expect(text).not.toContain('return')
    expect(text).toContain('[…]')
    expect(text).toMatch(/Done\.$/)
  })
})
