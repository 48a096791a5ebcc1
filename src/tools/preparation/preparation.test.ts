import fc from 'fast-check'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { afterAll, describe, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { countUnits } from './cuts.ts'
import { createPreparation, type PreparedDocument } from './index.ts'

const encoder = new TextEncoder()

function prepare(text: string, options: { source?: string; chunkUnitsMax?: number } = {}): Promise<PreparedDocument> {
  const chunkUnitsMax = options.chunkUnitsMax ?? 1_600
  const preparation = createPreparation(configSchema.parse({ knowledge: { chunkUnitsMax } }).knowledge)
  return preparation.prepare({ source: options.source ?? 'note.md', bytes: encoder.encode(text) })
}

describe('structure of Markdown', () => {
  test('a chunk stands under its headings, which are beside it and not inside', async () => {
    const { title, chunks } = await prepare(
      '# Leave\n\n## 年假 *annual*\n\nStaff have 25 days.\n\n## Sick\n\nCall first.\n',
    )
    expect(title).toBe('Leave')
    expect(chunks.map((chunk) => [chunk.headings, chunk.text])).toEqual([
      [['Leave', '年假 annual'], 'Staff have 25 days.'],
      [['Leave', 'Sick'], 'Call first.'],
    ])
  })

  test('underlined headings count, fenced code and comments hold none', async () => {
    const { chunks } = await prepare(
      'Top\n===\n\n```sh\n# no heading\n```\n\n<!--\n# nor this\n-->\n\nSub\n---\ntext\n',
    )
    expect(chunks.map((chunk) => chunk.headings)).toEqual([['Top'], ['Top', 'Sub']])
    expect(chunks[0]?.text).toContain('# no heading')
  })

  test('a heading with nothing under it is a chunk of its own, one with sections under it is not', async () => {
    const { chunks } = await prepare('# A\n\n## Open from 9 to 5\n\n## C\n\ntext')
    expect(chunks.map((chunk) => [chunk.headings, chunk.text])).toEqual([
      [['A'], '## Open from 9 to 5'],
      [['A', 'C'], 'text'],
    ])
  })

  test('front matter is metadata: its title counts, its text is in no chunk', async () => {
    const { title, chunks } = await prepare('---\ntitle: "Travel"\nowner: finance\n---\nBook early.\n')
    expect(title).toBe('Travel')
    expect(chunks.map((chunk) => chunk.text)).toEqual(['Book early.'])
  })

  test('a line of dashes that opens a text is no front matter', async () => {
    expect((await prepare('---\n\nfirst\n\n---\n\nsecond\n')).chunks.map((chunk) => chunk.text)).toEqual([
      '---\n\nfirst\n\n---\n\nsecond',
    ])
  })

  test('rows of a long table are never cut, and carry the head of the table', async () => {
    const rows = Array.from({ length: 30 }, (_, row) => `| City ${row} | ${row * 10} euro |`)
    const { chunks } = await prepare(`## Rates\n\n| City | Daily rate |\n|---|--:|\n${rows.join('\n')}\n`, {
      chunkUnitsMax: 200,
    })
    expect(chunks.length).toBeGreaterThan(2)
    expect(chunks[0]?.headings).toEqual(['Rates'])
    expect(chunks[1]?.headings).toEqual(['Rates', 'City · Daily rate'])
    for (const chunk of chunks) for (const line of chunk.text.split('\n')) expect(line).toMatch(/^\|.*\|$/)
  })

  test('a long list is parted between items', async () => {
    const items = Array.from({ length: 20 }, (_, item) => `- item ${item} has a few words\n  and a second line`)
    const { chunks } = await prepare(items.join('\n'), { chunkUnitsMax: 150 })
    for (const chunk of chunks) expect(chunk.text).toMatch(/^- item/)
  })

  test('a long paragraph is parted between sentences, Chinese and English', async () => {
    const text = '年假为二十五天。'.repeat(30) + 'Leave is 25 days. It costs 3.5 days of pay. '.repeat(20)
    for (const chunk of (await prepare(text, { chunkUnitsMax: 300 })).chunks) expect(chunk.text).toMatch(/[。.]$/)
  })
})

describe('bytes', () => {
  const config = configSchema.parse({ knowledge: { documentBytesMax: 1_024 } }).knowledge
  const preparation = createPreparation(config)
  afterAll(() => preparation.close())

  test('a byte order mark is not part of the text', async () => {
    expect((await prepare('\ufeff# A\n\nb')).chunks[0]).toMatchObject({ headings: ['A'], text: 'b' })
  })

  test('plain text is chunked by paragraphs, whatever its extension', async () => {
    expect((await prepare('# no heading\n\nb', { source: 'notes.log' })).chunks).toMatchObject([
      { headings: [], text: '# no heading\n\nb' },
    ])
  })

  test.each([
    ['NUL bytes', [0x61, 0x00, 0x62], undefined, 'binary', /NUL byte at 1/],
    ['a media type nothing reads', [0x61], 'application/msword', 'media-type', /application\/msword/],
    ['a program', [0x7f, 0x45, 0x4c, 0x46, 1, 1], 'text/plain', 'media-type', /is a program/],
    ['a gzip', [0x1f, 0x8b, 0x08, 0], undefined, 'media-type', /gzip/],
    ['a file of WordPerfect', [0xff, ...encoder.encode('WPC')], undefined, 'legacy-format', /save it as DOCX/],
    ['more bytes than allowed', Array.from({ length: 1_025 }, () => 0x61), undefined, 'size', /documentBytesMax/],
  ])('%s is refused with the reason', async (...[, bytes, mediaType, reason, statement]) => {
    const file = { source: 'file', bytes: Uint8Array.from(bytes), mediaType }
    const refusal = await preparation.prepare(file).catch((thrown: unknown) => thrown)
    expect(refusal).toMatchObject({ code: 'DOCUMENT_REFUSED', details: { reason } })
    expect(String(refusal)).toMatch(statement)
  })

  test('a document of blanks has no chunks', async () => {
    expect((await prepare(' \n\u3000\n')).chunks).toEqual([])
  })
})

describe('any document', () => {
  const line = fc.oneof(
    fc.constantFrom('# 标题 one', '## Two', '### Three ###', 'Setext', '---', '===', '', '', '```', '~~~ts', '> quote'),
    fc.constantFrom(
      '- item',
      '  1. 第一',
      '| a | b |',
      '|---|:-:|',
      '<div>',
      '<!-- c',
      '-->',
      '    code',
      '\t- x',
      '***',
    ),
    fc.constantFrom(
      '---\ntitle: x\n---',
      '年假为二十五天。病假十天！',
      'He left. She stayed? 3.5 days; e.g. two',
      '👩‍👩‍👧 é e\u0301\u0302',
    ),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.toWellFormed().replaceAll('\0', '')),
    fc.string({ unit: fc.constantFrom('年', '𠮷', '，', 'a', ' ', '\u0301', '\u200d', '。', '.'), maxLength: 400 }),
  )
  const text = fc
    .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\n\n')), { maxLength: 40 })
    .map((lines) => lines.flat().join(''))
  const source = fc.constantFrom('a.md', 'a.txt')
  test('chunks are exact, in order, within bounds, and hold every character that is not blank but headings and metadata', async () => {
    await fc.assert(
      fc.asyncProperty(text, source, fc.integer({ min: 100, max: 400 }), async (document, name, chunkUnitsMax) => {
        const prepared = await prepare(document, { source: name, chunkUnitsMax })
        let end = 0
        for (const chunk of prepared.chunks) {
          expect(prepared.text.slice(chunk.start, chunk.end)).toBe(chunk.text)
          expect(chunk.start).toBeGreaterThanOrEqual(end)
          expect(chunk.text.trim()).not.toBe('')
          expect(breaksCharacter(prepared.text, chunk.start)).toBe(false)
          expect(breaksCharacter(prepared.text, chunk.end)).toBe(false)
          if (countUnits(chunk.text, { start: 0, end: chunk.text.length }) > chunkUnitsMax) {
            expect(chunk.text).toMatch(/^[^\n][\p{M}\u200d\S]*$/u) // one character of many marks and joiners
          }
          end = chunk.end
        }
        expect(findLost(prepared)).toBe('')
      }),
      { numRuns: 500 },
    )
  })

  /** What is not blank and stands neither in a chunk, nor in the metadata, nor in a heading that a chunk stands under. */
  function findLost({ text: canonical, metadata, sections, chunks }: PreparedDocument): string {
    const titles = new Set(chunks.flatMap((chunk) => chunk.headings))
    const beside = sections.filter(({ headings }) => headings.length === 0 || titles.has(headings.at(-1) ?? ''))
    let rest = canonical
    for (const span of [...chunks, metadata, ...beside.map((section) => section.heading)]) {
      if (span === undefined) continue
      rest = rest.slice(0, span.start) + ' '.repeat(span.end - span.start) + rest.slice(span.end)
    }
    return rest.trim()
  }

  function words(markup: string): string {
    return markup.replace(/[^\p{L}\p{N}]+/gu, '')
  }

  function breaksCharacter(document: string, offset: number): boolean {
    if (offset === 0 || offset === document.length) return false
    const around = document.slice(offset - 1, offset + 1)
    if (/^[\ud800-\udbff][\udc00-\udfff]$/.test(around)) return true
    return !/^[\r\n]/.test(around) && /^\p{M}/u.test(document.slice(offset))
  }

  test('headings are those of CommonMark', async () => {
    const plain = fc.constantFrom(
      ...'# One|## 二 two ##|#no|####### seven|words|||Under|---|===|- item|```|~~~|> # quoted'.split('|'),
      ...'    # indented|<div>|<!-- # c -->|***|1. # in item|#|\\# not'.split('|'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(plain, { maxLength: 14 }), async (lines) => {
        // Text that goes on lazily inside an item or a quote is where a reader of lines differs: see the README.
        const document = lines.map((each) => (/^(- |> |1\. )/.test(each) ? `\n${each}\n` : each)).join('\n')
        const { chunks } = await prepare(document, { chunkUnitsMax: 100 })
        const found = new Set(chunks.flatMap((chunk) => chunk.headings))
        const expected = fromMarkdown(document).children.flatMap((node) =>
          node.type === 'heading' ? [document.slice(node.position?.start.offset, node.position?.end.offset)] : [],
        )
        const titles = new Set(expected.map((heading) => words(heading)))
        for (const heading of found) expect(titles).toContain(words(heading))
        const beside = chunks.map((chunk) => chunk.text).join('\n')
        for (const title of titles) {
          if (title !== '') expect([...found].map(words).includes(title) || words(beside).includes(title)).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('hostile nesting takes no longer than its length', async () => {
    const hostile = [
      '>'.repeat(200_000),
      '['.repeat(200_000),
      '| '.repeat(100_000),
      '*'.repeat(200_000),
      '# a\n'.repeat(50_000),
    ]
    for (const document of hostile) expect((await prepare(document)).text).toBe(document)
  })
})
