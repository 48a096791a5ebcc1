import { afterAll, describe, expect, test } from 'vitest'
import type { ParsedDocument } from './index.ts'
import { preparationWith, toFile, zip } from './testing.ts'

const preparation = preparationWith()
afterAll(() => preparation.close())

const names = 'office text table style draw svg fo chart xlink dc presentation'
  .split(' ')
  .map((name) => `xmlns:${name}="${name}"`)

interface Parts {
  readonly styles?: string
  readonly more?: Readonly<Record<string, string>>
}

async function textOf(body: string, { styles = '', more = {} }: Parts = {}): Promise<string> {
  const content = `<office:document-content ${names.join(' ')}><office:automatic-styles>${styles}</office:automatic-styles><office:body><office:text>${body}</office:text></office:body></office:document-content>`
  const bytes = zip({ mimetype: 'application/vnd.oasis.opendocument.text', 'content.xml': content, ...more })
  return (await preparation.parse(toFile('a.odt', bytes))).text
}

const item = (...children: readonly string[]): string => `<text:list-item>${children.join('')}</text:list-item>`
const words = (text: string): string => `<text:p>${text}</text:p>`

describe('OpenDocument text', () => {
  const styles = `<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>
    <text:list-level-style-number text:level="2" style:num-format="a" style:num-prefix="(" style:num-suffix=")"/></text:list-style>
    <text:list-style style:name="B"><text:list-level-style-bullet text:level="1" text:bullet-char="•"/></text:list-style>`

  test('items of lists have the labels that people see, also where a list goes on', async () => {
    const body = [
      `<text:list text:style-name="L">${item(words('one'), words('more of it'))}${item(words('two'), `<text:list>${item(words('deeper'))}</text:list>`)}</text:list>`,
      words('Between.'),
      `<text:list text:style-name="L" text:continue-numbering="true">${item(words('three'))}<text:list-header>${words('no item')}</text:list-header></text:list>`,
      `<text:list text:style-name="L"><text:list-item text:start-value="7">${words('seven')}</text:list-item></text:list>`,
      `<text:list text:style-name="B">${item(words('dot'))}</text:list>`,
    ]
    expect(await textOf(body.join(''), { styles })).toBe(
      '1. one\n  more of it\n2. two\n    - (a) deeper\n\nBetween.\n\n3. three\n\nno item\n\n7. seven\n- dot',
    )
  })

  test('lists within cells have their labels, and levels that cannot be are read as the nearest that can', async () => {
    const list = `<text:list text:style-name="L"><text:list-item text:start-value="4">${words('four')}</text:list-item>${item(words('five'))}</text:list>`
    const cell = `<table:table-cell>${list}</table:table-cell><table:table-cell>${words('b')}</table:table-cell>`
    const heading = (level: string): string => `<text:h text:outline-level="${level}">Part ${level}</text:h>`
    const body = `${heading('1')}${heading('-1')}${heading('1.5')}<table:table><table:table-row>${cell}</table:table-row></table:table>`
    const outline =
      '<text:outline-style><text:outline-level-style text:level="1" style:num-format="1"/></text:outline-style>'
    expect(await textOf(body, { styles: styles + outline })).toBe(
      '## 1 Part 1\n\n## 2 Part -1\n\n## 3 Part 1.5\n\n| 4. four 5. five | b |\n| - | - |',
    )
  })

  test('titles are headings, by the ancestors of their style; code keeps its blanks; what is hidden is left out', async () => {
    const more = `<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>
      <style:style style:name="P2" style:family="paragraph" style:parent-style-name="Preformatted_20_Text"/>
      <style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/></style:style>
      <style:style style:name="S1" style:family="section"><style:section-properties text:display="none"/></style:style>`
    const body = [
      '<text:p text:style-name="P1">Report</text:p><text:p text:style-name="Subtitle">of spring</text:p>',
      words('Seen<text:span text:style-name="T1"> never</text:span>.'),
      `<text:section text:style-name="S1">${words('nor this')}</text:section>`,
      '<text:p text:style-name="P2">if x:</text:p><text:p text:style-name="P2"><text:s text:c="4"/>y()</text:p>',
      words('<text:ruby><text:ruby-base>東京</text:ruby-base><text:ruby-text>とうきょう</text:ruby-text></text:ruby>'),
    ]
    expect(await textOf(body.join(''), { styles: more })).toBe(
      '# Report\n\n## of spring\n\nSeen.\n\n```\nif x:\n    y()\n```\n\n東京',
    )
  })

  test('merged cells stand in every place they cover, in both directions', async () => {
    const cell = (text: string, spans = ''): string => `<table:table-cell ${spans}>${words(text)}</table:table-cell>`
    const covered = '<table:covered-table-cell/>'
    const both = 'table:number-columns-spanned="2" table:number-rows-spanned="2"'
    const rows = [
      `<table:table-header-rows><table:table-row>${cell('a')}${cell('b')}${cell('c')}</table:table-row></table:table-header-rows>`,
      `<table:table-row>${cell('1')}${cell('both', both)}${covered}</table:table-row>`,
      `<table:table-row>${cell('2')}<table:covered-table-cell table:number-columns-repeated="2"/></table:table-row>`,
    ]
    expect(await textOf(`<table:table>${rows.join('')}</table:table>`)).toBe(
      '| a | b | c |\n| - | - | - |\n| 1 | both | both |\n| 2 | both | both |',
    )
  })

  test('pictures are described, boxes and charts are read, heads of pages stand apart', async () => {
    const chart = `<office:document-content><office:body><office:chart><chart:chart chart:class="chart:bar"><chart:title>${words('Sales')}</chart:title>
      <table:table><table:table-row><table:table-cell/><table:table-cell>${words('2024')}</table:table-cell></table:table-row>
      <table:table-row><table:table-cell>${words('North')}</table:table-cell><table:table-cell>${words('9.5')}</table:table-cell></table:table-row></table:table></chart:chart></office:chart></office:body></office:document-content>`
    const head = `<office:document-styles><office:master-styles><style:master-page><style:header>${words('Confidential')}</style:header></style:master-page></office:master-styles></office:document-styles>`
    const body = [
      words('Our cat<draw:frame><draw:image xlink:href="a.png"/><svg:desc>A cat asleep</svg:desc></draw:frame>'),
      words(`Box:<draw:frame><draw:text-box>${words('inside')}</draw:text-box></draw:frame>`),
      words('<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>'),
    ]
    expect(await textOf(body.join(''), { more: { 'Object 1/content.xml': chart, 'styles.xml': head } })).toBe(
      'Our cat A cat asleep\n\nBox:\n\ninside\n\nSales\n\nBar chart\n\n|  | 2024 |\n| - | - |\n| North | 9.5 |\n\nConfidential',
    )
  })
})

/** A document of one kind with that in its body. */
function openDocument(kind: 'spreadsheet' | 'presentation', body: string, { styles = '', more = {} }: Parts = {}) {
  const content = `<office:document-content ${names.join(' ')}><office:automatic-styles>${styles}</office:automatic-styles><office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>`
  return zip({ mimetype: `application/vnd.oasis.opendocument.${kind}`, 'content.xml': content, ...more })
}

describe('OpenDocument spreadsheets', () => {
  const parse = (body: string, parts?: Parts): Promise<ParsedDocument> =>
    preparation.parse(toFile('a.ods', openDocument('spreadsheet', body, parts)))
  const cell = (text: string, attributes = ''): string =>
    `<table:table-cell ${attributes}>${words(text)}</table:table-cell>`
  const row = (cells: string, attributes = ''): string => `<table:table-row ${attributes}>${cells}</table:table-row>`
  const sheet = (rows: string, attributes = ''): string =>
    `<table:table table:name="Rates" ${attributes}>${rows}</table:table>`

  test('cells stand as they are shown, with their addresses and units, also after rows and cells that are repeated', async () => {
    const gap = `<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>`
    const figures = [
      '<table:table-cell/>',
      cell('12.05.2024', 'office:value-type="date" office:date-value="2024-05-12"'),
      cell('1.234,50 €', 'office:value-type="currency" office:currency="EUR" office:value="1234.5"'),
      cell('12,5 %', 'office:value-type="percentage" office:value="0.125"'),
      cell('30 km', 'office:value-type="float" office:value="30"'),
      cell('same', 'table:number-columns-repeated="2"'),
    ]
    const { text, pages, origins } = await parse(
      sheet(gap + row(cell('') + cell('When') + cell('What')) + row(figures.join(''))),
    )
    expect(text).toBe(
      '## Rates\n\n| When | What |  |  |  |  |\n| - | - | - | - | - | - |\n| 12.05.2024 | 1.234,50 € | 12,5 % | 30 km | same | same |',
    )
    expect(pages).toMatchObject([{ kind: 'sheet', name: 'Rates', state: 'ok' }])
    const found = origins.map(({ start, end, cell: address, unit }) => [text.slice(start, end), address, unit])
    expect(found).toEqual([
      ['When', 'B3', undefined],
      ['What', 'C3', undefined],
      ['12.05.2024', 'B4', undefined],
      ['1.234,50 €', 'C4', '€'],
      ['12,5 %', 'D4', '%'],
      ['30 km', 'E4', 'km'],
      ['same', 'F4', undefined],
      ['same', 'G4', undefined],
    ])
  })

  test('values without words are shown as values, formulas that were never computed as themselves', async () => {
    const value = (type: string, attributes: string): string =>
      `<table:table-cell office:value-type="${type}" ${attributes}/>`
    const cells = [
      value('float', 'office:value="0.30000000000000004"'),
      value('percentage', 'office:value="0.07"'),
      value('currency', 'office:value="3" office:currency="CHF"'),
      value('date', 'office:date-value="2024-01-31T08:30:00"'),
      value('time', 'office:time-value="PT30H15M00S"'),
      value('boolean', 'office:boolean-value="true"'),
      '<table:table-cell table:formula="of:=SUM([.A1:.B1];[Other.C3])"/>',
      cell('###', 'office:value-type="float" office:value="5"'),
      cell('###', 'office:value-type="date" office:date-value="2024-03-01"'),
      cell('###', 'office:value-type="time" office:time-value="-PT90M"'),
      cell('##', 'office:value-type="string"'),
    ]
    const { text } = await parse(sheet(row(cells.join(''))))
    expect(text).toContain(
      '| 0.3 | 7% | 3 CHF | 2024-01-31 08:30:00 | 30:15:00 | TRUE | =SUM(A1:B1;Other.C3) | 5 | 2024-03-01 | -01:30:00 | ## |',
    )
  })

  test('merged cells stand in every place; what is hidden is read and said to be; comments name their cell', async () => {
    const styles =
      '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'
    const spans = 'table:number-columns-spanned="2" table:number-rows-spanned="2"'
    const note = `<office:annotation><dc:creator>Ada</dc:creator><dc:date>2024-05-01</dc:date>${words('Check')}</office:annotation>`
    const rows = [
      row(`${cell('wide', spans)}<table:covered-table-cell/>${cell('c')}`),
      row(`<table:covered-table-cell table:number-columns-repeated="2"/>${cell(`d</text:p>${note}<text:p>e`)}`),
      row(cell('x') + cell('y') + cell('z'), 'table:visibility="collapse"'),
    ]
    const columns = '<table:table-column/><table:table-column table:visibility="collapse"/><table:table-column/>'
    const { text, notices, origins } = await parse(sheet(columns + rows.join(''), 'table:style-name="ta2"'), { styles })
    expect(text).toBe(
      '## Rates\n\n| wide | wide | c |\n| - | - | - |\n| wide | wide | d e |\n| x | y | z |\n\n[author: Ada, time: 2024-05-01]: Check',
    )
    expect(notices).toEqual(['hidden sheet: Rates', 'hidden rows: Rates 3', 'hidden columns: Rates B'])
    expect(origins.filter((origin) => origin.cell === 'A1')).toHaveLength(4)
    expect(origins.at(-1)).toMatchObject({ cell: 'C2' })
  })

  test('charts and boxes are read where they are anchored; kept sources and tracked changes are no sheets', async () => {
    const chart = `<office:document-content><office:body><office:chart><chart:chart chart:class="chart:bar">
      <table:table><table:table-row><table:table-cell/><table:table-cell>${words('2024')}</table:table-cell></table:table-row>
      <table:table-row><table:table-cell>${words('North')}</table:table-cell><table:table-cell>${words('9.5')}</table:table-cell></table:table-row></table:table></chart:chart></office:chart></office:body></office:document-content>`
    const frame = '<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>'
    const shapes = `<table:shapes><draw:frame><draw:text-box>${words('on the page')}</draw:text-box></draw:frame></table:shapes>`
    const rows = row(cell('above')) + row(`<table:table-cell>${frame}</table:table-cell>`) + row(cell('below'))
    const elsewhere = `<table:tracked-changes><table:deletion><table:table><table:table-row>${cell('gone')}</table:table-row></table:table></table:deletion></table:tracked-changes>`
    const { text } = await parse(elsewhere + sheet(shapes + rows), { more: { 'Object 1/content.xml': chart } })
    expect(text).toBe(
      '## Rates\n\n| above |\n| - |\n\nBar chart\n\n|  | 2024 |\n| - | - |\n| North | 9.5 |\n\n| below |\n| - |\n\non the page',
    )
  })

  test('counts of repeats that no sheet has are bounded and said so', async () => {
    const huge = 'table:number-rows-repeated="1000000000"'
    const wide = 'table:number-columns-repeated="1000000000"'
    const rows = row(cell('x', wide), huge) + row(cell('beyond'))
    const { text, notices, pages } = await parse(sheet(rows))
    expect(text.length).toBeLessThan(10_000_000)
    expect(notices).toEqual([
      'rows or columns repeated 16384 times read fewer times: Rates',
      'rows or columns repeated 1048576 times read fewer times: Rates',
    ])
    expect(pages).toMatchObject([{ state: 'degraded', reason: 'memory' }])
  })

  test.each([
    ['UTF-16', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    [
      'windows-1251',
      (text: string) => Buffer.from(text.replaceAll('Отпуск', '\u00ce\u00f2\u00ef\u00f3\u00f1\u00ea'), 'latin1'),
    ],
    ['ISO-8859-5', (text: string) => Buffer.from(text)],
  ])('one file of XML that says it is in %s is read in what it is in', async (encoding, encode) => {
    const begin = `<?xml version='1.0' encoding='${encoding}'?>\n<!-- one -->\n<!-- more -->\n`
    const text = `${begin}<office:document ${names.join(' ')} office:mimetype='application/vnd.oasis.opendocument.text'><office:body><office:text>${words('Отпуск')}</office:text></office:body></office:document>`
    expect((await preparation.parse(toFile('a.fodt', encode(text)))).text).toBe('Отпуск')
  })

  test('a spreadsheet that is one file of XML is read as one in parts is; macros are noted', async () => {
    const flat = `<?xml version="1.0" encoding="UTF-8"?><office:document ${names.join(' ')} office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:meta><dc:title>Rates of 2024</dc:title></office:meta><office:body><office:spreadsheet>${sheet(row(cell('flat')))}</office:spreadsheet></office:body></office:document>`
    const document = await preparation.parse(toFile('a.fods', flat))
    expect(document).toMatchObject({ parser: 'ods@2', title: 'Rates of 2024', text: '## Rates\n\n| flat |\n| - |' })
    const { notices } = await parse(sheet(row(cell('x'))), { more: { 'Basic/Standard/Module1.xml': '<x/>' } })
    expect(notices).toEqual(['macros'])
  })
})

describe('OpenDocument presentations', () => {
  test('slides have their title first, lists, tables, furniture and notes; hidden ones are said to be', async () => {
    const styles = `<text:list-style style:name="L"><text:list-level-style-bullet text:level="1" text:bullet-char="•"/></text:list-style>
      <style:style style:name="dp2" style:family="drawing-page"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>
      <style:page-layout style:name="PM1"><style:page-layout-properties fo:page-width="28cm" fo:page-height="15.75cm"/></style:page-layout>`
    const general = `<office:document-styles><office:master-styles><style:master-page style:name="Default" style:page-layout-name="PM1"/></office:master-styles></office:document-styles>`
    const frame = (role: string, y: string, inside: string): string =>
      `<draw:frame presentation:class="${role}" svg:x="2.54cm" svg:y="${y}" svg:width="10cm" svg:height="2.54cm">${inside}</draw:frame>`
    const box = (inside: string): string => `<draw:text-box>${inside}</draw:text-box>`
    const list = `<text:list text:style-name="L">${item(words('first'))}${item(words('second'))}</text:list>`
    const table = `<table:table><table:table-row><table:table-cell>${words('a')}</table:table-cell><table:table-cell>${words('b')}</table:table-cell></table:table-row></table:table>`
    const notes = `<presentation:notes>${frame('notes', '0cm', box(words('Say hello.')))}<draw:frame presentation:class="page-number">${box(words('7'))}</draw:frame></presentation:notes>`
    const first = [
      frame('outline', '5cm', box(list)),
      `<draw:g><draw:custom-shape svg:x="2in" svg:y="10cm" svg:width="1in" svg:height="1in">${words('in a shape')}</draw:custom-shape></draw:g>`,
      frame('title', '12cm', box(words('Rates'))),
      frame('table', '8cm', table),
      frame('footer', '14cm', box(words('Internal'))),
      notes,
      `<office:annotation><dc:creator>Ada</dc:creator>${words('Shorten')}</office:annotation>`,
    ]
    const slides = [
      '<presentation:footer-decl presentation:name="f1">Of the council</presentation:footer-decl>',
      `<draw:page draw:master-page-name="Default" presentation:use-footer-name="f1">${first.join('')}</draw:page>`,
      '<draw:page draw:style-name="dp2"/>',
    ]
    const bytes = openDocument('presentation', slides.join(''), { styles, more: { 'styles.xml': general } })
    const { text, pages, origins, notices, sections } = await preparation.parse(toFile('a.odp', bytes))
    expect(text).toBe(
      '# Rates\n\n- first\n- second\n\n| a | b |\n| - | - |\n\nin a shape\n\nInternal\n\nOf the council\n\nSay hello.\n\n[author: Ada]: Shorten',
    )
    expect(pages).toMatchObject([
      { kind: 'slide', number: 1, size: [793.7, 446.5], state: 'ok' },
      { kind: 'slide', number: 2, state: 'degraded', reason: 'no-text' },
    ])
    expect(notices).toEqual(['hidden slide: 2'])
    expect(origins.find(({ start }) => text.startsWith('first', start))).toMatchObject({
      box: [72, 141.7, 355.5, 213.7],
    })
    expect(origins.find(({ start }) => text.startsWith('in a shape', start))).toMatchObject({
      box: [144, 283.5, 216, 355.5],
    })
    const kinds = sections.flatMap(({ blocks }) => blocks.map(({ kind }) => kind))
    expect(kinds).toEqual(['list', 'table', 'paragraph', 'furniture', 'furniture', 'note', 'note'])
  })

  test('drawings are read as slides are, a page for each', async () => {
    const content = `<office:document-content ${names.join(' ')}><office:body><office:drawing><draw:page><draw:rect>${words('Step 1')}</draw:rect></draw:page></office:drawing></office:body></office:document-content>`
    const bytes = zip({ mimetype: 'application/vnd.oasis.opendocument.graphics', 'content.xml': content })
    expect(await preparation.parse(toFile('a.odg', bytes))).toMatchObject({ text: 'Step 1', pages: [{ kind: 'page' }] })
  })
})
