import { deflateSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { configSchema } from '../../config/index.ts'
import { toParseReport, type ParsedDocument } from './index.ts'
import { pdf, type PdfLine, type PdfPageSpec } from '../../../test/kit/pdf.ts'
import { preparationWith, toFile } from './testing.ts'

const preparation = preparationWith()
afterAll(() => preparation.close())

const parse = (pages: readonly PdfPageSpec[]): Promise<ParsedDocument> => preparation.parse(toFile('a.pdf', pdf(pages)))

const lines = (texts: readonly string[], x = 72, top = 700): readonly PdfLine[] =>
  texts.map((text, index) => ({ text, x, y: top - index * 12 }))

describe('text of a PDF', () => {
  test('lines become paragraphs, parted words are joined, larger lines are headings; each line has its box', async () => {
    const document = await parse([
      {
        lines: [
          { text: 'Annual report', x: 72, y: 740, size: 18 },
          ...lines(['The committee finds that rev-', 'enue has grown in every region of', 'the country.']),
          ...lines(['A second paragraph begins here.'], 72, 640),
        ],
      },
    ])
    expect(document.text).toBe(
      '# Annual report\n\nThe committee finds that revenue has grown in every region of the country.\n\nA second paragraph begins here.',
    )
    expect(document.title).toBe('Annual report')
    const boxes = document.origins.map(({ start, end, box, page }) => [
      document.text.slice(start, end),
      page,
      box?.slice(0, 2),
    ])
    expect(boxes[0]).toEqual(['Annual report', 0, [72, 37.6]])
    expect(boxes[1]).toEqual(['The committee finds that rev', 0, [72, 84]])
    expect(document.pages).toMatchObject([{ kind: 'page', number: 1, state: 'ok', size: [612, 792] }])
  })

  test('Chinese by a character map that only the maps of the engine know, without blanks between lines', async () => {
    const gbk = { first: 'd6d0bbaac8cbc3f1b9b2bacdb9fa', second: 'cdf8c2e7b0b2c8abb7a8' }
    const document = await parse([
      {
        lines: [
          { text: '', gbk: gbk.first, x: 72, y: 700 },
          { text: '', gbk: gbk.second, x: 72, y: 688 },
        ],
      },
    ])
    expect(document.text).toBe('中华人民共和国网络安全法')
  })

  test('bold lines on their own are headings, bold words of a sentence are not', async () => {
    const { sections } = await parse([
      {
        lines: [
          { text: 'Scope', x: 72, y: 720, isBold: true },
          ...lines(['This rule holds for everybody who works here, and for', 'everybody who visits.']),
          { text: 'Note:', x: 72, y: 640, isBold: true },
          { text: 'it is short.', x: 102, y: 640 },
        ],
      },
    ])
    expect(sections.flatMap((section) => section.headings)).toEqual(['Scope'])
  })

  test('items of a list are items, with what goes on below them', async () => {
    const { text } = await parse([
      {
        lines: [
          { text: '1. Bring a ticket that is', x: 72, y: 706 },
          { text: 'valid.', x: 84, y: 694 },
          { text: '2. Leave early', x: 72, y: 682 },
        ],
      },
    ])
    expect(text).toBe('1. Bring a ticket that is valid.\n2. Leave early')
  })

  test('two columns are read one after the other, also when they are drawn line by line', async () => {
    const left = Array.from({ length: 12 }, (_, index) => `left line ${index} goes on for some time and`)
    const right = Array.from({ length: 12 }, (_, index) => `right line ${index} goes on for some time too`)
    const rows = left.flatMap((text, index) => [
      { text, x: 60, y: 700 - index * 12 },
      { text: right[index] ?? '', x: 330, y: 700 - index * 12 },
    ])
    const { text } = await parse([{ lines: rows }])
    expect(text.indexOf('left line 11')).toBeLessThan(text.indexOf('right line 0'))
  })

  test('what stands in the margins of many pages is set apart', async () => {
    const page = (number: number): PdfPageSpec => ({
      lines: [
        { text: 'Confidential draft', x: 72, y: 770 },
        ...lines([`Body of page ${number} says something of its own.`]),
        { text: `${number}`, x: 300, y: 20 },
      ],
    })
    const document = await parse([1, 2, 3, 4].map(page))
    const furniture = toParseReport('a.pdf', document).blocks.filter((block) => block.type === 'furniture')
    expect(furniture.map(({ start, end }) => document.text.slice(start, end)).slice(0, 2)).toEqual([
      'Confidential draft',
      '1',
    ])
    expect(document.pages.map((each) => document.text.slice(each.start, each.end).trim().split('\n')[0])).toEqual(
      [1, 2, 3, 4].map((number) => `Body of page ${number} says something of its own.`),
    )
  })
})

describe('tables of a PDF', () => {
  const cells = [
    ['Region', 'Sales', 'Share'],
    ['North', '120', '40 %'],
    ['South', '180', '60 %'],
  ]
  const placed = cells.flatMap((row, index) =>
    row.map((text, column) => ({ text, x: 80 + column * 120, y: 600 - index * 16 })),
  )
  const expected = '| Region | Sales | Share |\n| - | - | - |\n| North | 120 | 40 % |\n| South | 180 | 60 % |'

  test('columns that are only aligned make a table', async () => {
    const { text } = await parse([{ lines: [...lines(['Figures of the year follow.']), ...placed] }])
    expect(text).toContain(expected)
  })

  test('drawn boxes make a table whatever stands in them, and merged cells stand in every place', async () => {
    const grid = [0, 1, 2, 3].map((row) => `70 ${612 - row * 16} m 430 ${612 - row * 16} l S`)
    const walls = [0, 1, 2, 3].map(
      (column) => `${70 + column * 120} ${column === 1 ? 596 : 612} m ${70 + column * 120} 564 l S`,
    )
    const merged = placed
      .filter(({ text }) => text !== 'Sales')
      .map((line) => (line.text === 'Region' ? { ...line, text: 'Where and how much' } : line))
    const { text, origins } = await parse([{ lines: merged, drawing: [...grid, ...walls].join('\n') }])
    expect(text).toBe(
      '| Where and how much | Where and how much | Share |\n| - | - | - |\n| North | 120 | 40 % |\n| South | 180 | 60 % |',
    )
    expect(origins.find(({ row, column }) => row === 1 && column === 1)?.box).toEqual([190, 196, 310, 212])
  })
})

describe('what a PDF says its glyphs stand for', () => {
  const write = async (operators: string): Promise<string> => {
    const bytes = deflateSync(Buffer.from(`BT /F1 10 Tf 72 700 Td ${operators} ET`, 'latin1'))
    const page = { lines: [], packed: { filter: '/FlateDecode', bytes } }
    return (await preparation.parse(toFile('a.pdf', pdf([page])))).text
  }

  test('is read in their place, also where they are blank', async () => {
    expect(await write('/Span<</ActualText<FEFF00660069>>> BDC (x) Tj EMC (nd) Tj')).toBe('find')
    expect(await write('/Span <</Lang (de)/ActualText <FEFF4E00> >> BDC ( ) Tj EMC (is one) Tj')).toBe('一 is one')
  })

  test('is left alone where it is no text', async () => {
    expect(await write('/Span<</ActualText<FEFF0084>>> BDC (x) Tj EMC (yz) Tj')).toBe('xyz')
    expect(await write('/P <</MCID 0>> BDC (plain) Tj EMC')).toBe('plain')
  })
})

describe('pages of a PDF', () => {
  test('where pictures are not read, a page that is one has failed and says so, an empty one is blank, the others are read', async () => {
    const picture = { width: 4, height: 4, pixels: new Uint8Array(16) }
    const ocr = { ...configSchema.parse({}).knowledge.ocr, enabled: false }
    const document = await preparationWith({}, { ocr }).parse(
      toFile(
        'a.pdf',
        pdf([{ lines: [], picture }, { lines: [] }, { lines: lines(['Readable text of the last page.']) }]),
      ),
    )
    expect(document.pages.map(({ state, reason }) => [state, reason])).toEqual([
      ['failed', 'no-text'],
      ['ok', 'blank'],
      ['ok', undefined],
    ])
    expect(document.text).toBe('Readable text of the last page.')
  })

  test('a long document comes whole: each line once, in its order, on its page, with its own words and box', async () => {
    const words = (number: number): string => (number % 7 === 0 ? '网络安全法' : `Line ${number} of a report`)
    const pages = Array.from({ length: 120 }, (_, page) => ({
      lines: Array.from({ length: 20 }, (__, line): PdfLine => {
        const [number, y] = [page * 20 + line, 700 - line * 30]
        return number % 7 === 0
          ? { text: '', gbk: 'cdf8c2e7b0b2c8abb7a8', x: 72, y }
          : { text: words(number), x: 72, y }
      }),
    }))
    const { origins, text } = await parse(pages)
    const found = origins.map(({ start, end, page, box }) => [text.slice(start, end), page, box?.[1]])
    const wanted = Array.from({ length: 2_400 }, (_, number) => [words(number), Math.floor(number / 20)])
    expect(found.map(([line, page]) => [line, page])).toEqual(wanted)
    expect(new Set(found.map(([, , top]) => top)).size).toBe(20)
  })

  test('pages beyond the bound fail with their reason and are counted', async () => {
    const document = await preparationWith({ pagesMax: 2 }).parse(
      toFile('a.pdf', pdf([1, 2, 3, 4].map((number) => ({ lines: lines([`Page number ${number} has text.`]) })))),
    )
    expect(document.pages.map(({ state, reason }) => [state, reason])).toEqual([
      ['ok', undefined],
      ['ok', undefined],
      ['failed', 'pages'],
    ])
    expect(document.notices).toEqual(['pages: 4, of which 2 are read'])
  })
})
