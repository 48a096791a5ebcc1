import { afterAll, describe, expect, test } from 'vitest'
import { toMarkdown, type ParsedDocument } from './index.ts'
import { docx, paragraph, preparationWith, relationsOf, toFile, xlsx, zip } from './testing.ts'

const preparation = preparationWith()
afterAll(() => preparation.close())

const parse = (source: string, bytes: Uint8Array): Promise<ParsedDocument> => preparation.parse(toFile(source, bytes))
const textOf = async (source: string, bytes: Uint8Array): Promise<string> => (await parse(source, bytes)).text

describe('Word documents', () => {
  test('a paragraph that goes on in the next one is one: after a large first letter, or where its mark was deleted', async () => {
    const body = [
      paragraph('O', '<w:framePr w:dropCap="drop" w:lines="3"/>'),
      paragraph('nce upon a time.'),
      paragraph('One half', '<w:rPr><w:del w:id="1"/></w:rPr>'),
      paragraph('and the other.'),
      paragraph('Nothing follows.', '<w:rPr><w:del w:id="2"/></w:rPr>'),
    ]
    expect(await textOf('a.docx', docx(body.join('')))).toBe(
      'Once upon a time.\n\nOne half and the other.\n\nNothing follows.',
    )
  })

  test('rows that tracked changes deleted are gone; words before and after a break of pages stay apart', async () => {
    const row = (text: string, properties = ''): string =>
      `<w:tr><w:trPr>${properties}</w:trPr><w:tc>${paragraph(text)}</w:tc><w:tc>${paragraph('x')}</w:tc></w:tr>`
    const body = `<w:tbl>${row('kept')}${row('gone', '<w:del w:id="1"/>')}${row('last')}</w:tbl>
      <w:p><w:r><w:t>before</w:t><w:br w:type="page"/><w:t>after</w:t></w:r></w:p>`
    expect(await textOf('a.docx', docx(body))).toBe('| kept | x |\n| - | - |\n| last | x |\n\nbefore\nafter')
  })

  test('what is written above characters is left out; pictures are described, but for the names of their files', async () => {
    const picture = (description: string): string =>
      `<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" name="Picture 1" descr="${description}"/></wp:inline></w:drawing></w:r></w:p>`
    const ruby =
      '<w:p><w:r><w:ruby><w:rt><w:r><w:t>とうきょう</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>東京</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>'
    const body = `${ruby}${picture('A cat asleep&#10;&#10;Description automatically generated')}${picture('C:\\tmp\\cat.png')}${picture('cat.png')}`
    expect(await textOf('a.docx', docx(body))).toBe('東京\n\nA cat asleep')
  })

  test('signs are read by their font, and fields lead to addresses and to places in the document', async () => {
    const sign = (font: string, code: string): string => `<w:r><w:sym w:font="${font}" w:char="${code}"/></w:r>`
    const field = (instruction: string, words: string): string =>
      `<w:r><w:fldChar w:fldCharType="begin"/><w:instrText> HYPERLINK ${instruction} </w:instrText><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>${words}</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>`
    const signs = ['F061', '006F'].map((code) => sign('Symbol', code)).join('') + sign('Wingdings', 'F0FE')
    const links =
      field('"https://example.org/a" \\l "top"', 'there') + field('\\l "part2"', 'below') + field('\\h', 'nowhere')
    const document = await preparation.parse(toFile('a.docx', docx(`<w:p>${signs}</w:p><w:p>${links}</w:p>`)))
    expect(document.text).toBe('αο☒\n\ntherebelownowhere')
    expect(document.marks.map(({ href }) => href)).toEqual(['https://example.org/a#top', '#part2'])
  })

  test('files of other formats that stand in the text are read, and named when they cannot be', async () => {
    const body = `${paragraph('Before.')}<w:altChunk r:id="one"/><w:altChunk r:id="two"/><w:altChunk r:id="three"/>${paragraph('After.')}`
    const document = await parse(
      'a.docx',
      docx(body, {
        relations: { one: ['aFChunk', 'one.html'], two: ['aFChunk', 'two.rtf'], three: ['aFChunk', 'three.bin'] },
        more: {
          'word/one.html': '<h2>Inside</h2><p>words',
          'word/two.rtf': '{\\rtf1 rich}',
          'word/three.bin': '\u007fELF',
        },
      }),
    )
    expect(document.text).toBe('Before.\n\n## Inside\n\nwords\n\nrich\n\nAfter.')
    expect(document.pages).toMatchObject([{ kind: 'text', start: 0, end: document.text.length, state: 'ok' }])
    expect(document.notices).toEqual(['part left out: word/three.bin (media-type)'])
  })
})

/** The parts of a drawing with a bar chart, anchored in row 5, that draws these cells and keeps no values of its own. */
function chartParts(categories: string, values: string): Readonly<Record<string, string>> {
  const drawing = `<wsDr xmlns="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"><oneCellAnchor><from><col>3</col><row>4</row></from>
    <graphicFrame><chart xmlns="http://schemas.openxmlformats.org/drawingml/2006/chart" xmlns:q="http://schemas.openxmlformats.org/officeDocument/2006/relationships" q:id="c"/></graphicFrame></oneCellAnchor></wsDr>`
  const series = `<ser><cat><strRef><f>${categories}</f></strRef></cat><val><numRef><f>${values}</f></numRef></val></ser>`
  return {
    'xl/worksheets/_rels/sheet1.xml.rels': relationsOf({ d: ['drawing', '../drawings/d.xml'] }),
    'xl/drawings/d.xml': drawing,
    'xl/drawings/_rels/d.xml.rels': relationsOf({ c: ['chart', '../charts/c.xml'] }),
    'xl/charts/c.xml': `<chartSpace xmlns="http://schemas.openxmlformats.org/drawingml/2006/chart"><chart><plotArea><barChart>${series}</barChart></plotArea></chart></chartSpace>`,
  }
}

describe('workbooks', () => {
  const text = (cell: string, words: string): string => `<c r="${cell}" t="inlineStr"><is><t>${words}</t></is></c>`

  test('a chart stands where it is anchored, and draws the cells when it keeps no values of its own', async () => {
    const rows = `<row r="1">${text('A1', 'North')}<c r="B1"><v>7</v></c></row><row r="2">${text('A2', 'South')}<c r="B2"><v>9</v></c></row>
      <row r="9">${text('A9', 'below')}${text('B9', 'it')}</row>`
    const bytes = xlsx(
      { 'S t': `<sheetData>${rows}</sheetData><drawing r:id="d"/>` },
      chartParts("'S t'!$A$1:$A$2", "'S t'!$B$1:$B$2"),
    )
    expect(await textOf('a.xlsx', bytes)).toBe(
      '## S t\n\n| North | 7 |\n| - | - |\n| South | 9 |\n\nBar chart\n\n|  |  |\n| - | - |\n| North | 7 |\n| South | 9 |\n\n| below | it |\n| - | - |',
    )
  })

  test('a chart of a whole sheet draws its first cells and takes no memory for the empty ones', async () => {
    const rows = '<row r="1"><c r="A1"><v>7</v></c></row><row r="200000"><c r="A200000"><v>9</v></c></row>'
    const bytes = xlsx(
      { S: `<sheetData>${rows}</sheetData><drawing r:id="d"/>` },
      chartParts('', 'S!$A$1:$XFD$1048576'),
    )
    expect(await textOf('a.xlsx', bytes)).toContain('Bar chart\n\n|  |  |\n| - | - |\n|  | 7 |\n\n| 9 |')
  })

  test('rows and columns that are hidden are read, and said to be', async () => {
    const rows = `<row r="1">${text('A1', 'a')}${text('B1', 'b')}</row><row r="2" hidden="1">${text('A2', 'c')}${text('B2', 'd')}</row>
      <row r="3" hidden="1">${text('A3', 'e')}</row><row r="9" hidden="1"/>`
    const columns = '<cols><col min="2" max="3" hidden="1"/><col min="7" max="7" hidden="true"/></cols>'
    const { text: read, notices } = await parse('a.xlsx', xlsx({ S: `${columns}<sheetData>${rows}</sheetData>` }))
    expect(read).toBe('## S\n\n| a | b |\n| - | - |\n| c | d |\n| e |  |')
    expect(notices).toEqual(['hidden rows: S 2-3', 'hidden columns: S B-C'])
  })

  test('spans of time go on beyond a day', async () => {
    const styles = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts><numFmt numFmtId="164" formatCode="[h]:mm"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>`
    const rows = '<row r="1"><c r="A1" s="1"><v>1.25</v></c><c r="B1" s="1"><v>-0.5</v></c></row>'
    const bytes = xlsx({ S: `<sheetData>${rows}</sheetData>` }, { 'xl/styles.xml': styles })
    expect(await textOf('a.xlsx', bytes)).toBe('## S\n\n| 30:00:00 | -12:00:00 |\n| - | - |')
  })
})

describe('presentations', () => {
  test('pictures are described, hidden slides are read and said so, numbers of charts have the digits people see', async () => {
    const names =
      'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    const chart = `<p:graphicFrame><a:graphic><a:graphicData><c:chart r:id="c"/></a:graphicData></a:graphic></p:graphicFrame>`
    const slide = `<p:sld ${names} show="0"><p:cSld><p:spTree><p:pic><p:nvPicPr><p:cNvPr id="2" name="Picture 2" descr="Sales by region"/></p:nvPicPr></p:pic>${chart}</p:spTree></p:cSld></p:sld>`
    const series = '<c:ser><c:val><c:pt idx="0"><c:v>4.4000000000000004</c:v></c:pt></c:val></c:ser>'
    const document = await parse(
      'a.pptx',
      zip({
        '_rels/.rels': relationsOf({ a: ['officeDocument', 'ppt/presentation.xml'] }),
        'ppt/presentation.xml': `<p:presentation ${names}><p:sldIdLst><p:sldId id="256" r:id="s"/></p:sldIdLst></p:presentation>`,
        'ppt/_rels/presentation.xml.rels': relationsOf({ s: ['slide', 'slides/slide1.xml'] }),
        'ppt/slides/slide1.xml': slide,
        'ppt/slides/_rels/slide1.xml.rels': relationsOf({ c: ['chart', '../charts/c.xml'] }),
        'ppt/charts/c.xml': `<c:chartSpace><c:chart><c:plotArea><c:pieChart>${series}</c:pieChart></c:plotArea></c:chart></c:chartSpace>`,
      }),
    )
    expect(toMarkdown(document)).toBe('Sales by region\n\nPie chart\n\n|  |  |\n| - | - |\n|  | 4.4 |')
    expect(document.notices).toEqual(['hidden slide: 1'])
  })

  test.each([
    ['alphaLcParenR', 27, '- aa)'],
    ['romanUcPeriod', 104, '- CIV.'],
    ['ea1ChsPeriod', 3, '- 三.'],
    ['arabicParenBoth', 2, '- (2)'],
    ['arabicPlain', 5, '5.'],
  ])('items of %s are numbered as on the slide', async (scheme, startAt, marker) => {
    const item = `<a:p><a:pPr><a:buAutoNum type="${scheme}" startAt="${startAt}"/></a:pPr><a:r><a:t>one</a:t></a:r></a:p>`
    const shape = `<p:sp><p:nvSpPr><p:cNvPr id="1" name="x"/><p:nvPr/></p:nvSpPr><p:txBody>${item}</p:txBody></p:sp>`
    const bytes = zip({
      '_rels/.rels': relationsOf({ a: ['officeDocument', 'ppt/presentation.xml'] }),
      'ppt/presentation.xml': '<p:presentation><p:sldIdLst><p:sldId r:id="s"/></p:sldIdLst></p:presentation>',
      'ppt/_rels/presentation.xml.rels': relationsOf({ s: ['slide', 'slides/slide1.xml'] }),
      'ppt/slides/slide1.xml': `<p:sld><p:cSld><p:spTree>${shape}</p:spTree></p:cSld></p:sld>`,
    })
    expect(await textOf('a.pptx', bytes)).toBe(`${marker} one`)
  })
})
