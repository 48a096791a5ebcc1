import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { PlatformError } from '../../core/errors.ts'
import { createSystemClock } from '../../core/time.ts'
import { docx, paragraph, preparationWith, relationsOf, toFile, xlsx, zip } from './testing.ts'
import { pdf } from '../../../test/kit/pdf.ts'

const preparation = preparationWith({ archiveBytesMax: 4_194_304, nodesMax: 100_000 })
afterAll(() => preparation.close())

/** The reason of a refusal, or the states and reasons of the pages. */
async function outcomeOf(source: string, content: string | Uint8Array, mediaType?: string): Promise<unknown> {
  try {
    const { pages } = await preparation.parse(toFile(source, content, mediaType))
    return pages.map(({ state, reason }) => (reason === undefined ? state : `${state}: ${reason}`))
  } catch (thrown) {
    if (thrown instanceof PlatformError && thrown.code === 'DOCUMENT_REFUSED') return thrown.details?.['reason']
    throw thrown
  }
}

const word = docx(paragraph('A contract.'))
const sheet = xlsx({ S: '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>' })
const page = pdf([{ lines: [{ text: 'A page with some words on it.', x: 72, y: 700 }] }])

/** Where the directory has the checksum of the text. */
const checksumAt = Buffer.from(word).lastIndexOf('word/document.xml') - 46 + 16

/** A document of OpenDocument of that kind, with that content. */
function openDocument(kind: string, content: string): Uint8Array {
  return zip({ mimetype: `application/vnd.oasis.opendocument.${kind}`, 'content.xml': content })
}

const nestedSheet = `<office:spreadsheet><table:table>${'<table:table-row-group>'.repeat(1_000)}`

function nestedParts(depth: number): string {
  const heads = Array.from(
    { length: depth },
    (_, part) => `Content-Type: multipart/mixed; boundary=b${part}\r\n\r\n--b${part}\r\n`,
  )
  return `Subject: a\r\n${heads.join('')}\r\nend`
}

const clock = createSystemClock()

describe('a hostile file ends in a named state', () => {
  test.each([
    ['a Word document that is cut short', 'a.docx', word.subarray(0, word.length - 40), 'truncated'],
    ['a workbook cut within a file', 'a.xlsx', sheet.subarray(0, 100), 'truncated'],
    ['an archive that swells', 'a.docx', zip({ 'word/document.xml': new Uint8Array(8_388_608) }), 'archive-bomb'],
    [
      'an archive of too many files',
      'a.docx',
      zip(Object.fromEntries(Array.from({ length: 20_001 }, (_, index) => [`f${index}`, '']))),
      'archive-bomb',
    ],
    ['an archive that is no document', 'a.docx', zip({ 'a.txt': 'x' }), 'media-type'],
    ['a spreadsheet without sheets', 'a.ods', openDocument('spreadsheet', ''), 'corrupt'],
    ['slides that swell', 'a.odp', openDocument('presentation', ' '.repeat(8_388_608)), 'archive-bomb'],
    [
      'one file of XML that is cut short',
      'a.fodt',
      '<office:document office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text><text:p>An agree',
      'truncated',
    ],
    ['a formula of OpenDocument', 'a.odf', openDocument('formula', ''), 'media-type'],
    [
      'a document of the first OpenOffice',
      'a.sxw',
      zip({ mimetype: 'application/vnd.sun.xml.writer' }),
      'legacy-format',
    ],
    ['a binary workbook', 'a.xlsb', zip({ 'xl/workbook.bin': 'x' }), 'media-type'],
    ['a document of Pages', 'a.pages', zip({ 'Index/Document.iwa': 'x' }), 'media-type'],
    ['a sheet nested too deep', 'a.ods', openDocument('spreadsheet', nestedSheet), 'nesting'],
    ['a Word document without its text', 'a.docx', zip({ 'word/document.xml': '<w:document/>' }), 'corrupt'],
    ['a PDF cut short', 'a.pdf', page.subarray(0, 60), 'truncated'],
    ['a PDF of noise', 'a.pdf', Buffer.from(`%PDF-1.7\n${'x'.repeat(2_000)}\n%%EOF`), 'corrupt'],
    ['an encrypted Office document', 'a.docx', compound('EncryptedPackage'), 'password'],
    ['an old Word document', 'a.doc', compound('WordDocument'), 'legacy-format'],
    ['an old workbook', 'a.xls', compound('Workbook'), 'legacy-format'],
    ['a workbook of the eighties', 'a.xls', Buffer.from([9, 0, 4, 0, 7, 0, 16, 0]), 'legacy-format'],
    ['a broken message of Outlook', 'a.msg', compound('__properties_version1.0'), 'corrupt'],
    [
      'an encrypted OpenDocument text',
      'a.odt',
      zip({
        mimetype: 'application/vnd.oasis.opendocument.text',
        'META-INF/manifest.xml': '<m><manifest:encryption-data/></m>',
        'content.xml': '',
      }),
      'password',
    ],
    [
      'an archive whose checksum is wrong',
      'a.docx',
      Buffer.from(word).fill(0x55, checksumAt, checksumAt + 4),
      'corrupt',
    ],
    ['parts too deep in each other', 'a.eml', nestedParts(100), 'nesting'],
    ['heads too long', 'a.eml', `X: ${'y'.repeat(2_200_000)}`, 'size'],
    ['bytes of chance', 'a.txt', createHash('sha512').update('x').digest(), 'binary'],
    ['a program that calls itself text', 'a.txt', Buffer.from('\u007fELF\u0001\u0002'), 'media-type'],
    ['too many elements', 'a.html', '<p>x'.repeat(60_000), 'memory'],
  ] as const)('%s: %s', async (...[, source, content, reason]) => {
    expect(await outcomeOf(source, content)).toBe(reason)
  })

  test.each([
    ['a.doc', 'WordDocument', 'DOCX'],
    ['a.xls', 'Workbook', 'XLSX'],
    ['a.ppt', 'PowerPoint Document', 'PPTX'],
  ])('an old Office document %s says what to save it as', async (source, name, as) => {
    const refusal = preparation.parse(toFile(source, compound(name)))
    await expect(refusal).rejects.toThrow(`${source} is an old Office document (before 2007); save it as ${as}`)
  })

  test('an encrypted PDF asks for its password', async () => {
    const encrypted = Buffer.from(page)
      .toString('latin1')
      .replace(
        '/Root 1 0 R',
        `/Root 1 0 R /ID [<${'00'.repeat(16)}> <${'00'.repeat(16)}>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <${'11'.repeat(32)}> /U <${'22'.repeat(32)}> >>`,
      )
    expect(await outcomeOf('a.pdf', Buffer.from(encrypted, 'latin1'))).toBe('password')
  })

  test('a stream of a PDF that swells is left out and said so; the other pages are read', async () => {
    const packed = { filter: '/FlateDecode', bytes: deflateSync(Buffer.alloc(64_000_000, ' ')) }
    const spec = [{ lines: [], packed }, { lines: [{ text: 'A page with some words on it.', x: 72, y: 700 }] }]
    expect(await outcomeOf('a.pdf', pdf(spec))).toEqual(['degraded: archive-bomb', 'ok'])
    const twice = { filter: '[/FlateDecode /FlateDecode]', bytes: deflateSync(packed.bytes) }
    expect(await outcomeOf('a.pdf', pdf([{ lines: [], packed: twice }]))).toEqual(['degraded: archive-bomb'])
  })

  test('entities that a document declares are never expanded, nor is anything fetched', async () => {
    const lol = Array.from({ length: 9 }, (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`)
    const head = `<!DOCTYPE d [<!ENTITY l0 "lol"><!ENTITY file SYSTEM "file:///etc/passwd">${lol.join('')}]>`
    const bytes = zip({
      'word/document.xml': `<?xml version="1.0"?>${head}<w:document><w:body><w:p><w:r><w:t>a&l9;&file;b</w:t></w:r></w:p></w:body></w:document>`,
    })
    const { text } = await preparation.parse(toFile('a.docx', bytes))
    expect(text.length).toBeLessThan(100)
    expect(text).not.toContain('root:')
  })

  test('paths that lead out of an archive are not seen', async () => {
    const bytes = zip({
      '../../word/document.xml': '<w:document><w:body><w:p><w:r><w:t>evil</w:t></w:r></w:p></w:body></w:document>',
    })
    expect(await outcomeOf('a.docx', bytes)).toBe('media-type')
    const relations = docx(paragraph('good'), { relations: { x: ['footnotes', '../../../../etc/passwd'] } })
    expect((await preparation.parse(toFile('a.docx', relations))).text).toBe('good')
  })

  test('comments that no page follows are looked at once, however many they are', async () => {
    const startedMs = clock.monotonicMs()
    expect(await outcomeOf('comments', `${'<!---->'.repeat(30)}x`)).toEqual(['ok'])
    expect(await outcomeOf('comments', `${'<!-- a -->\n'.repeat(30)}<html><p>x</p></html>`)).toEqual(['ok'])
    expect(clock.monotonicMs() - startedMs).toBeLessThan(5_000)
  })

  test('a million nested tags are read in bounded time, flattened, and said so', async () => {
    const startedMs = clock.monotonicMs()
    expect(await outcomeOf('a.html', `${'<div>'.repeat(1_000_000)}deep`)).toEqual(['degraded: nesting'])
    const nested = `<w:document><w:body>${'<w:sdt><w:sdtContent>'.repeat(20_000)}<w:p><w:r><w:t>deep</w:t></w:r></w:p></w:body></w:document>`
    expect(await outcomeOf('a.docx', zip({ 'word/document.xml': nested }))).toBe('nesting')
    expect(clock.monotonicMs() - startedMs).toBeLessThan(60_000)
  })

  test('what a file is counts, not what it is called; a wrong name is noted', async () => {
    const document = await preparation.parse(toFile('report.pdf', word, 'application/pdf'))
    expect(document).toMatchObject({ text: 'A contract.', notices: ['mislabelled: docx'] })
  })

  test('an archive whose last bytes were cut or added to is read; the main part may have any name', async () => {
    const commented = Buffer.from(word)
    commented.writeUInt16LE(1, commented.length - 2)
    for (const bytes of [commented, Buffer.concat([word, Buffer.from('\r\n')])]) {
      expect((await preparation.parse(toFile('a.docx', bytes))).text).toBe('A contract.')
    }
    const main = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml'
    const elsewhere = zip({
      '[Content_Types].xml': `<Types><Override PartName="/word/document2.xml" ContentType="${main}"/></Types>`,
      '_rels/.rels': relationsOf({ rId1: ['officeDocument', 'word/document2.xml'] }),
      'word/document2.xml': '<w:document><w:body><w:p><w:r><w:t>Elsewhere.</w:t></w:r></w:p></w:body></w:document>',
    })
    expect((await preparation.parse(toFile('a.docx', elsewhere))).text).toBe('Elsewhere.')
  })

  test('merged cells beyond the bound stand in their first place, not in all they cover', async () => {
    const bounded = preparationWith({ nodesMax: 500 })
    const rows = [1, 30].map((row) => `<row r="${row}"><c r="A${row}"><v>${row}</v></c></row>`)
    const merges = '<mergeCells><mergeCell ref="A1:T20"/><mergeCell ref="A30:T49"/></mergeCells>'
    const bytes = xlsx({ S: `<sheetData>${rows.join('')}</sheetData>${merges}` })
    const { text } = await bounded.parse(toFile('a.xlsx', bytes))
    expect(text.match(/ 1 (?=\|)/g)).toHaveLength(400)
    expect(text.match(/ 30 (?=\|)/g)).toHaveLength(1)
    await bounded.close()
  })

  test('links of fields within fields are those of the innermost', async () => {
    const open = (address: string): string =>
      `<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>HYPERLINK "${address}"</w:instrText><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>${address}</w:t></w:r>`
    const fields = Array.from({ length: 3_000 }, (_, number) => open(`a${number}`))
    const { marks } = await preparation.parse(toFile('a.docx', docx(`<w:p>${fields.join('')}</w:p>`)))
    expect(marks).toHaveLength(3_000)
  })

  test('macros are noted, or refused where the configuration says so', async () => {
    const bytes = docx(paragraph('x'), { more: { 'word/vbaProject.bin': 'x' } })
    expect((await preparation.parse(toFile('a.docm', bytes))).notices).toEqual(['macros'])
    const strict = preparationWith({ macros: 'refuse' })
    await expect(strict.parse(toFile('a.docm', bytes))).rejects.toMatchObject({ details: { reason: 'macros' } })
    await strict.close()
  })

  test('messages within messages within messages end where the bound is', async () => {
    let mail = 'Subject: innermost\r\n\r\nend'
    for (let depth = 0; depth < 5; depth++) {
      mail = `Subject: ${depth}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=m.eml\r\n\r\n${mail}\r\n--b${depth}--`
    }
    expect(await outcomeOf('a.eml', mail)).toEqual(['ok', 'ok', 'ok', 'failed: nesting'])
  })
})

describe('what one file breaks harms no other', () => {
  test('a file that fills the memory is refused, and the next one is read', async () => {
    const small = preparationWith({ memoryMbMax: 64, nodesMax: 100_000_000, workersMax: 1 })
    const [large, other] = await Promise.allSettled([
      small.parse(toFile('large.html', '<p>x'.repeat(500_000))),
      small.parse(toFile('a.docx', word)),
    ])
    expect(large).toMatchObject({ status: 'rejected', reason: { details: { reason: 'memory' } } })
    expect(other).toMatchObject({ status: 'fulfilled', value: { text: 'A contract.' } })
    await small.close()
  })

  test('a file that fills buffers outside of the heap is refused, and the next one is read', async () => {
    const small = preparationWith({ memoryMbMax: 64, workersMax: 1 })
    const runs = Buffer.alloc(8_000_000, Buffer.from([129, 32])) // Each two bytes are 128 blanks.
    const bytes = pdf([{ lines: [], packed: { filter: '/RunLengthDecode', bytes: runs } }])
    const [swelling, other] = await Promise.allSettled([
      small.parse(toFile('a.pdf', bytes)),
      small.parse(toFile('a.docx', word)),
    ])
    expect(swelling).toMatchObject({ status: 'rejected', reason: { details: { reason: 'memory' } } })
    expect(other).toMatchObject({ status: 'fulfilled', value: { text: 'A contract.' } })
    await small.close()
  })

  test('time runs out between pages: those that are left fail, those that were read stay', async () => {
    const short = preparationWith({ timeoutMs: 100 })
    const pages = Array.from({ length: 400 }, (_, number) => ({
      lines: Array.from({ length: 40 }, (__, line) => ({
        text: `Line ${line} of page ${number} has words.`,
        x: 72,
        y: 740 - line * 14,
      })),
    }))
    const document = await short.parse(toFile('a.pdf', pdf(pages)))
    expect(document.pages).toHaveLength(400)
    expect(document.pages.at(-1)).toMatchObject({ state: 'failed', reason: 'time' })
    await short.close()
  })

  test('a reading that is cancelled ends at once, and so does one that waits', async () => {
    const one = preparationWith({ workersMax: 1 })
    const leaving = new AbortController()
    const reading = [1, 2].map(() => one.parse(toFile('a.html', '<div>'.repeat(200_000)), { signal: leaving.signal }))
    leaving.abort()
    for (const each of await Promise.allSettled(reading)) expect(each).toMatchObject({ reason: { code: 'CANCELLED' } })
    expect((await one.parse(toFile('a.docx', word))).text).toBe('A contract.')
    await one.close()
  })

  test('any damage to a document ends in a document or a refusal, never otherwise', async () => {
    const samples = [
      { source: 'a.docx', bytes: word },
      { source: 'a.xlsx', bytes: sheet },
      { source: 'a.pdf', bytes: page },
      { source: 'a.html', bytes: Buffer.from('<h1>a</h1><table><tr><td rowspan=3>b</table>') },
      { source: 'a.eml', bytes: Buffer.from('Subject: a\r\nContent-Type: text/html\r\n\r\n<p>b') },
    ]
    const damage = fc.record({
      sample: fc.constantFrom(...samples),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      byte: fc.nat(255),
      cut: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(damage, async ({ sample, at, byte, cut }) => {
        const bytes = Uint8Array.from(sample.bytes)
        const place = Math.floor(at * (bytes.length - 1))
        bytes[place] = byte
        const outcome = await outcomeOf(sample.source, cut ? bytes.subarray(0, place) : bytes)
        expect(Array.isArray(outcome) || typeof outcome === 'string').toBe(true)
      }),
      { numRuns: 80 },
    )
  })
})

/** The beginning of a compound file (OLE) whose directory names that stream. */
function compound(name: string): Uint8Array {
  const bytes = Buffer.alloc(2_048)
  Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]).copy(bytes)
  Buffer.from(name, 'utf16le').copy(bytes, 1_024)
  return bytes
}
