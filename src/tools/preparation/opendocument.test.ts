import { afterAll, describe, expect, test } from 'vitest'
import { preparationWith, toFile, zip } from './testing.ts'

const preparation = preparationWith()
afterAll(() => preparation.close())

const names = 'office text table style draw svg fo chart xlink dc'.split(' ').map((name) => `xmlns:${name}="${name}"`)

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
