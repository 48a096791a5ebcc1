import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { letter, png, readFont, type GreyPicture } from '../../../test/kit/lettering/index.ts'
import { pdf } from '../../../test/kit/pdf.ts'
import { configSchema } from '../../config/index.ts'
import { createOcrInstaller, createPreparation, toParseReport } from './index.ts'
import { preparationWith, toFile } from './testing.ts'

const preparation = preparationWith()
afterAll(() => preparation.close())

const require = createRequire(import.meta.url)
const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`))
const latin = readFont(join(folderOf('pdfjs-dist'), 'standard_fonts/LiberationSans-Regular.ttf'))
const chinese = [
  readFont(join(folderOf('@fontsource/noto-sans-sc'), 'files/noto-sans-sc-chinese-simplified-400-normal.woff')),
  latin,
]
const write = (text: string, fonts = [latin]): GreyPicture => letter(text, { fonts, emPixels: 40, width: 1_000 })

const english = 'Staff may carry over up to five days of annual leave into the next year.'

describe('pictures of text', () => {
  test('English is read, each word with its box and how sure it is', async () => {
    const document = await preparation.parse(toFile('scan.png', png(write(english))))
    expect(document.text).toBe(english)
    expect(document.parser).toBe('image@1')
    expect(document.pages).toMatchObject([{ kind: 'page', number: 1, size: [1_000, 208], state: 'ok', reason: 'ocr' }])
    expect(document.pages[0]?.confidence).toBeGreaterThan(0.85)
    const words = document.origins.map(({ start, end, box }) => ({ text: document.text.slice(start, end), box }))
    expect(words.map(({ text }) => text)).toEqual(english.split(' '))
    const [first, second] = words
    // The first letter stands at the margin of 40 pixels; words follow each other on the line.
    expect(first?.box?.[0]).toBeGreaterThanOrEqual(38)
    expect(first?.box?.[0]).toBeLessThanOrEqual(46)
    expect(second?.box?.[0]).toBeGreaterThan(first?.box?.[2] ?? 0)
    expect(words.at(-1)?.box?.[1]).toBeGreaterThan(first?.box?.[3] ?? 0)
  })

  test('Chinese is read without blanks between its characters and with wide marks', async () => {
    const text = '员工每年可以享受十五天带薪年假，未用完的结转到下一年。'
    const document = await preparation.parse(toFile('scan.png', png(write(text, chinese))))
    expect(document.text).toBe(text)
    expect(document.language).toBe('zh-Hans')
  })

  test('an empty picture has no text and says so', async () => {
    const blank = { width: 200, height: 100, pixels: new Uint8Array(20_000).fill(255) }
    const document = await preparation.parse(toFile('blank.png', png(blank)))
    expect(document.text).toBe('')
    expect(document.pages).toMatchObject([{ state: 'degraded', reason: 'no-text' }])
  })

  test('what is no text fails instead of giving made-up words', async () => {
    let seed = 7
    const next = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) >> 16
    const pixels = Uint8Array.from({ length: 300 * 300 }, () => (next() % 2 === 0 ? 0 : 255))
    const { pages, text } = await preparation.parse(toFile('noise.png', png({ width: 300, height: 300, pixels })))
    expect(text).toBe('')
    expect(pages[0]?.state).not.toBe('ok')
  })

  test('a TIFF has a page for each of its pictures', async () => {
    const pictures = [write('First page of the fax'), write('Second page of the fax')]
    const document = await preparation.parse(toFile('fax.tif', tiff(pictures)))
    expect(document.pages.map(({ number, state }) => [number, state])).toEqual([
      [1, 'ok'],
      [2, 'ok'],
    ])
    const texts = document.pages.map(({ start, end }) => document.text.slice(start, end).trim())
    expect(texts).toEqual(['First page of the fax', 'Second page of the fax'])
  })

  test('a picture in a message is read as its attachment', async () => {
    const body = Buffer.from(png(write(english))).toString('base64')
    const message = [
      'From: a@example.com',
      'Subject: A scan',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'See the scan.',
      '--b',
      'Content-Type: image/png; name=scan.png',
      'Content-Disposition: attachment; filename=scan.png',
      'Content-Transfer-Encoding: base64',
      '',
      body,
      '--b--',
    ].join('\r\n')
    const { text, pages } = await preparation.parse(toFile('a.eml', message))
    expect(text).toContain(english)
    expect(pages.at(-1)).toMatchObject({ name: 'scan.png', state: 'ok', reason: 'ocr' })
  })
})

describe('scanned pages of a PDF', () => {
  test('are read from their pictures; boxes are points of the page; other pages are as they were', async () => {
    const line = { text: 'This page has a text layer of its own and needs no reading.', x: 72, y: 700 }
    const document = await preparation.parse(
      toFile('scan.pdf', pdf([{ lines: [], picture: scannedPage() }, { lines: [line] }])),
    )
    expect(document.text).toBe(`${english}\n\n${line.text}`)
    expect(document.pages).toMatchObject([
      { number: 1, state: 'ok', reason: 'ocr' },
      { number: 2, state: 'ok' },
    ])
    expect(document.pages[1]?.reason).toBeUndefined()
    const [first] = document.origins
    // 200 of 1,700 pixels are 72 of 612 points.
    expect(first?.box?.[0]).toBeGreaterThan(70)
    expect(first?.box?.[0]).toBeLessThan(76)
    const { blocks, state } = toParseReport('scan.pdf', document)
    expect(state).toBe('ok')
    expect(blocks[0]?.origins[0]).toMatchObject({ page: 0, confidence: expect.any(Number) })
  })

  test('pages beyond the bound of pages that are read from pictures fail with their reason', async () => {
    const limited = preparationWith({}, { ocr: { ...configSchema.parse({}).knowledge.ocr, pagesMax: 1 } })
    const picture = scannedPage()
    const { pages } = await limited.parse(toFile('scan.pdf', pdf([0, 1].map(() => ({ lines: [], picture })))))
    expect(pages.map(({ state, reason }) => [state, reason])).toEqual([
      ['ok', 'ocr'],
      ['failed', 'pages'],
    ])
    await limited.close()
  })
})

describe('hostile pictures', () => {
  test.each([
    ['a head of 100,000 by 100,000 pixels', hugePng(), 'size'],
    ['a picture that is cut off', png(write(english)).subarray(0, 2_000), 'corrupt'],
    ['a head without a picture', png(write(english)).subarray(0, 20), 'corrupt'],
    ['a JPEG of rubbish', Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), Buffer.alloc(4_000, 7)]), 'corrupt'],
    ['a TIFF whose directory leads to itself', Buffer.from('49492a00080000000000080000000000', 'hex'), 'corrupt'],
  ])('%s is refused with its reason', async (_, bytes, reason) => {
    await expect(preparation.parse(toFile('hostile.png', bytes))).rejects.toMatchObject({
      code: 'DOCUMENT_REFUSED',
      details: { reason },
    })
  })

  test('do no harm to what is read after them', async () => {
    const document = await preparation.parse(toFile('scan.png', png(write(english))))
    expect(document.text).toBe(english)
  })

  test('a page that takes too long fails, and the next one is read', async () => {
    const hasty = preparationWith({}, { ocr: { ...configSchema.parse({}).knowledge.ocr, pageTimeoutMs: 1 } })
    const document = await hasty.parse(toFile('scan.png', png(write(english))))
    expect(document.pages).toMatchObject([{ state: 'failed', reason: 'time' }])
    await hasty.close()
  })

  test('a page whose picture is too large to be unpacked fails and says so', async () => {
    const limited = preparationWith({}, { ocr: { ...configSchema.parse({}).knowledge.ocr, pixelsMax: 10_000 } })
    const { pages } = await limited.parse(toFile('scan.pdf', pdf([{ lines: [], picture: scannedPage() }])))
    expect(pages).toMatchObject([{ state: 'failed', reason: 'size' }])
    await limited.close()
  })
})

describe('without what reads pictures', () => {
  const off = preparationWith({}, { ocr: { ...configSchema.parse({}).knowledge.ocr, enabled: false } })
  afterAll(() => off.close())

  test('a picture is refused and a scanned page fails, both naming the command that helps', async () => {
    const scan = png(write(english))
    await expect(off.parse(toFile('scan.png', scan))).rejects.toMatchObject({
      code: 'DOCUMENT_REFUSED',
      message: expect.stringContaining('strata runtime add ocr'),
      details: { reason: 'ocr' },
    })
    const { pages, notices } = await off.parse(toFile('a.pdf', pdf([{ lines: [], picture: write(english) }])))
    expect(pages).toMatchObject([{ state: 'failed', reason: 'no-text' }])
    expect(notices.join()).toContain('strata runtime add ocr')
  })

  test('what a document is made to depends on it, and texts do not', () => {
    const { knowledge } = configSchema.parse({})
    const folder = mkdtempSync(join(tmpdir(), 'strata-ocr-'))
    try {
      addPackages(folder)
      const [without, withIt] = [undefined, folder].map((ocrFolder) => createPreparation(knowledge, { ocrFolder }))
      const scan = toFile('scan.png', png(write('A')))
      const text = toFile('notes.md', 'A')
      expect(withIt?.keyOf(scan)).not.toBe(without?.keyOf(scan))
      expect(withIt?.keyOf(text)).toBe(without?.keyOf(text))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('adding what reads pictures', () => {
  test('asks npm for exact versions without scripts, and believes only what is there afterwards', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'strata-ocr-'))
    try {
      const commands: string[] = []
      const installer = createOcrInstaller({
        folder,
        languages: ['eng'],
        run: (command, { args }) => {
          commands.push([command, ...args].join(' '))
          return Promise.resolve(0)
        },
      })
      const options = { onProgress: () => undefined, signal: new AbortController().signal }
      await expect(installer.install(options)).rejects.toMatchObject({ code: 'RUNTIME_MISSING' })
      expect(commands).toEqual([
        `npm install --prefix ${folder} --ignore-scripts --no-audit --no-fund --save-exact tesseract.js-core@7.0.0 @tesseract.js-data/eng@1.0.0`,
      ])
      addPackages(folder)
      await expect(installer.install(options)).resolves.toEqual({ version: '7.0.0' })
      rmSync(join(folder, 'node_modules/@tesseract.js-data/eng/4.0.0_best_int/eng.traineddata.gz'))
      await expect(installer.install(options)).rejects.toThrow('eng missing')
      addPackages(folder)
      await expect(installer.install(options)).resolves.toEqual({ version: '7.0.0' })
      expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toEqual({ private: true })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

/** What npm would put there, without its substance. */
function addPackages(folder: string): void {
  const core = join(folder, 'node_modules/tesseract.js-core')
  const data = join(folder, 'node_modules/@tesseract.js-data/eng')
  for (const place of [core, data]) {
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'package.json'), '{ "version": "7.0.0-test" }')
  }
  mkdirSync(join(data, '4.0.0_best_int'), { recursive: true })
  writeFileSync(join(data, '4.0.0_best_int/eng.traineddata.gz'), '')
}

/** A page of letter size at 200 dots per inch, with 200 pixels of margin. */
function scannedPage(): GreyPicture {
  const { pixels } = letter(english, { fonts: [latin], emPixels: 46, width: 1_700, margin: 200 })
  const page = { width: 1_700, height: 2_200, pixels: new Uint8Array(1_700 * 2_200).fill(255) }
  page.pixels.set(pixels)
  return page
}

/** The head of a PNG that would take 40 GB. */
function hugePng(): Uint8Array {
  const small = Buffer.from(png({ width: 8, height: 8, pixels: new Uint8Array(64) }))
  small.writeUInt32BE(100_000, 16)
  small.writeUInt32BE(100_000, 20)
  return small
}

/** Grey pictures, not packed, one directory after the other. */
function tiff(pictures: readonly GreyPicture[]): Uint8Array {
  const pieces: Buffer[] = [Buffer.from('49492a0000000000', 'hex')]
  let at = 8
  let link = { piece: 0, offset: 4 }
  for (const { width, height, pixels } of pictures) {
    const tags: readonly (readonly [tag: number, value: number])[] = [
      [256, width],
      [257, height],
      [258, 8],
      [259, 1],
      [262, 1],
      [273, at],
      [277, 1],
      [278, height],
      [279, pixels.length],
    ]
    const padded = pixels.length + (pixels.length % 2)
    const directory = Buffer.alloc(2 + tags.length * 12 + 4)
    directory.writeUInt16LE(tags.length, 0)
    for (const [index, [tag, value]] of tags.entries()) {
      directory.writeUInt16LE(tag, 2 + index * 12)
      directory.writeUInt16LE(4, 4 + index * 12)
      directory.writeUInt32LE(1, 6 + index * 12)
      directory.writeUInt32LE(value, 10 + index * 12)
    }
    pieces[link.piece]?.writeUInt32LE(at + padded, link.offset)
    pieces.push(Buffer.concat([pixels, Buffer.alloc(padded - pixels.length)]), directory)
    link = { piece: pieces.length - 1, offset: directory.length - 4 }
    at += padded + directory.length
  }
  return Buffer.concat(pieces)
}
