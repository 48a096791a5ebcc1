import { afterAll, describe, expect, test } from 'vitest'
import { toMarkdown, toParseReport, type ParsedDocument } from './index.ts'
import { docx, paragraph, preparationWith, relationsOf, toFile, xlsx, zip } from './testing.ts'

const preparation = preparationWith()
afterAll(() => preparation.close())

const parse = (source: string, content: string | Uint8Array): Promise<ParsedDocument> =>
  preparation.parse(toFile(source, content))

/** What stands at the origins that have a cell: `B2 = 7`. */
function cellsOf({ text, origins }: ParsedDocument): readonly string[] {
  return origins.flatMap(({ start, end, cell }) => (cell === undefined ? [] : [`${cell} = ${text.slice(start, end)}`]))
}

describe('Word documents', () => {
  const numbering = `<w:abstractNum w:abstractNumId="0">
    <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="第%1条"/></w:lvl>
    <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%2."/></w:lvl>
    </w:abstractNum><w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num>`
  const item = (text: string, level: number): string =>
    paragraph(text, `<w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="7"/></w:numPr>`)

  test('headings, paragraphs and lists keep their order, levels and labels', async () => {
    const body = [
      paragraph('劳动合同', '<w:pStyle w:val="H1"/>'),
      paragraph('Preamble.'),
      item('试用期', 0),
      item('six months at most', 1),
      item('once only', 1),
      item('终止', 0),
    ]
    const document = await parse('contract.docx', docx(body.join(''), { numbering }))
    expect(document.text).toBe(
      '## 劳动合同\n\nPreamble.\n\n- 第一条 试用期\n    1. six months at most\n    2. once only\n- 第二条 终止',
    )
    expect(document.sections.at(-1)?.headings).toEqual(['劳动合同'])
    expect(document.origins.map((origin) => origin.paragraph)).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('a level that is passed over counts as begun, as Word shows it', async () => {
    const levels = [0, 1, 2].map(
      (level) =>
        `<w:lvl w:ilvl="${level}"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="${['%1', '%1.%2', '%1.%2.%3'][level]}"/></w:lvl>`,
    )
    const outline = `<w:abstractNum w:abstractNumId="0">${levels.join('')}</w:abstractNum><w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num>`
    const heading = (text: string, level: number): string =>
      paragraph(
        text,
        `<w:pStyle w:val="H${level + 1}"/><w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="7"/></w:numPr>`,
      )
    const { text } = await parse(
      'a.docx',
      docx([heading('a', 0), heading('b', 2), heading('c', 1)].join(''), { numbering: outline }),
    )
    expect(text).toBe('## 1 a\n\n#### 1.1.1 b\n\n### 1.2 c')
  })

  test('merged cells of a table stand in every place they cover', async () => {
    const cell = (text: string, properties = ''): string =>
      `<w:tc><w:tcPr>${properties}</w:tcPr>${paragraph(text)}</w:tc>`
    const body = `<w:tbl>
      <w:tr>${cell('Year', '<w:vMerge w:val="restart"/>')}${cell('Sales', '<w:gridSpan w:val="2"/>')}</w:tr>
      <w:tr>${cell('', '<w:vMerge/>')}${cell('north|east')}${cell('south')}</w:tr></w:tbl>`
    const { text, sections } = await parse('a.docx', docx(body))
    expect(text).toBe('| Year | Sales | Sales |\n| - | - | - |\n| Year | north\\|east | south |')
    expect(sections[0]?.blocks[0]).toMatchObject({ kind: 'table', header: { text: 'Year · Sales · Sales' } })
  })

  test('what tracked changes have deleted is gone, what they inserted stays; links and looks are marks', async () => {
    const body = `<w:p><w:del><w:r><w:delText>old </w:delText></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins>
      <w:r><w:t xml:space="preserve"> and </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">bold words</w:t></w:r>
      <w:r><w:t xml:space="preserve"> at </w:t></w:r><w:hyperlink r:id="l"><w:r><w:t>the site</w:t></w:r></w:hyperlink></w:p>`
    const document = await parse('a.docx', docx(body, { relations: { l: ['hyperlink', 'https://example.com/a'] } }))
    expect(document.text).toBe('new and bold words at the site')
    expect(toMarkdown(document)).toBe('new and **bold words** at [the site](https://example.com/a)')
  })

  test('equations are LaTeX, an exponent is no digit', async () => {
    const body = `<w:p><m:oMath><m:f><m:num><m:r><m:t>π</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath></w:p>
      <w:p><w:r><w:t>10</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>6</w:t></w:r></w:p>`
    expect((await parse('a.docx', docx(body))).text).toBe('$\\frac{ \\pi }{2}$\n\n10^6')
  })

  test('text boxes, notes, comments and heads of pages are read, each as what it is', async () => {
    const body = `<w:p><w:r><w:t>Text</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>
      <w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx><w:txbxContent>${paragraph('in a box')}</w:txbxContent></wps:txbx></w:drawing></mc:Choice>
      <mc:Fallback><w:pict><w:txbxContent>${paragraph('in a box')}</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>`
    const names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    const document = await parse(
      'a.docx',
      docx(body, {
        relations: { f: ['footnotes', 'f.xml'], c: ['comments', 'c.xml'], h: ['header', 'h.xml'] },
        more: {
          'word/f.xml': `<w:footnotes ${names}><w:footnote w:id="1">${paragraph('never referred to')}</w:footnote><w:footnote w:id="2">${paragraph('a note')}</w:footnote></w:footnotes>`,
          'word/c.xml': `<w:comments ${names}><w:comment w:id="0" w:author="Li">${paragraph('why?')}</w:comment></w:comments>`,
          'word/h.xml': `<w:hdr ${names}>${paragraph('Confidential')}</w:hdr>`,
        },
      }),
    )
    const blocks = toParseReport('a.docx', document).blocks.map(({ type, start, end }) => [
      type,
      document.text.slice(start, end),
    ])
    expect(blocks).toEqual([
      ['paragraph', 'Text [^2]'],
      ['paragraph', 'in a box'],
      ['note', '[^2]: a note'],
      ['note', '[author: Li]: why?'],
      ['furniture', 'Confidential'],
    ])
  })
})

describe('workbooks', () => {
  const styles = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts><numFmt numFmtId="164" formatCode="&quot;€&quot;#,##0.00"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/><numFmt numFmtId="166" formatCode="0.0&quot; kg&quot;"/></numFmts>
    <cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="10"/><xf numFmtId="14"/><xf numFmtId="165"/><xf numFmtId="166"/></cellXfs></styleSheet>`
  const text = (cell: string, words: string): string => `<c r="${cell}" t="inlineStr"><is><t>${words}</t></is></c>`

  test('cells have addresses and units; dates, shares and money read as they are shown, digits unrounded', async () => {
    const rows = `<row r="2">${text('B2', 'Item')}${text('C2', 'Value')}</row>
      <row r="3">${text('B3', 'price')}<c r="C3" s="1"><v>1234.5</v></c></row>
      <row r="4">${text('B4', 'share')}<c r="C4" s="2"><v>0.125</v></c></row>
      <row r="5">${text('B5', 'day')}<c r="C5" s="3"><v>45292</v></c></row>
      <row r="6">${text('B6', 'moment')}<c r="C6" s="4"><v>45292.75</v></c></row>
      <row r="7">${text('B7', 'weight')}<c r="C7" s="5"><v>0.30000000000000004</v></c></row>`
    const document = await parse(
      'a.xlsx',
      xlsx({ Data: `<sheetData>${rows}</sheetData>` }, { 'xl/styles.xml': styles }),
    )
    expect(cellsOf(document)).toEqual([
      'B2 = Item',
      'C2 = Value',
      'B3 = price',
      'C3 = €1234.5',
      'B4 = share',
      'C4 = 12.5%',
      'B5 = day',
      'C5 = 2024-01-01',
      'B6 = moment',
      'C6 = 2024-01-01 18:00:00',
      'B7 = weight',
      'C7 = 0.3 kg',
    ])
    expect(document.origins.map(({ unit }) => unit).filter((unit) => unit !== undefined)).toEqual(['€', '%', 'kg'])
    expect(document.pages).toMatchObject([{ kind: 'sheet', name: 'Data', state: 'ok' }])
  })

  test('what touches is one table, what does not is another; a lone label above a head is its title', async () => {
    const rows = `<row r="1">${text('A1', 'Staff')}</row><row r="2">${text('A2', 'Name')}${text('B2', 'Room')}</row><row r="3">${text('A3', '王芳')}${text('B3', '12')}</row>
      <row r="4">${text('D4', 'x')}${text('E4', 'y')}</row>`
    const { text: canonical } = await parse('a.xlsx', xlsx({ S: `<sheetData>${rows}</sheetData>` }))
    expect(canonical).toBe('## S\n\nStaff\n\n| Name | Room |\n| - | - |\n| 王芳 | 12 |\n\n| x | y |\n| - | - |')
  })

  test('a formula that was never computed is shown itself, a hidden sheet is named', async () => {
    const bytes = xlsx({ S: '<sheetData><row r="1"><c r="A1"><f>1+1</f></c></row></sheetData>' })
    expect(cellsOf(await parse('a.xlsx', bytes))).toEqual(['A1 = =1+1'])
  })
})

describe('presentations', () => {
  const names =
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
  const shape = (place: string, top: number, paragraphs: string): string =>
    `<p:sp><p:nvSpPr><p:cNvPr id="1" name="x"/><p:nvPr>${place}</p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="0" y="${top}"/><a:ext cx="12700" cy="12700"/></a:xfrm></p:spPr><p:txBody>${paragraphs}</p:txBody></p:sp>`
  const line = (text: string, properties = ''): string =>
    `<a:p><a:pPr>${properties}</a:pPr><a:r><a:t>${text}</a:t></a:r></a:p>`
  const deck = (slide: string, notes: string): Uint8Array =>
    zip({
      '_rels/.rels': relationsOf({ r: ['officeDocument', 'ppt/presentation.xml'] }),
      'ppt/presentation.xml': `<p:presentation ${names}><p:sldIdLst><p:sldId id="256" r:id="s1"/><p:sldId id="257" r:id="gone"/></p:sldIdLst></p:presentation>`,
      'ppt/_rels/presentation.xml.rels': relationsOf({ s1: ['slide', 'slides/slide1.xml'] }),
      'ppt/slides/slide1.xml': `<p:sld ${names}><p:cSld><p:spTree>${slide}</p:spTree></p:cSld></p:sld>`,
      'ppt/slides/_rels/slide1.xml.rels': relationsOf({ n: ['notesSlide', '../notesSlides/n1.xml'] }),
      'ppt/notesSlides/n1.xml': `<p:notes ${names}><p:cSld><p:spTree>${notes}</p:spTree></p:cSld></p:notes>`,
    })

  test('a slide is a page: title first, then from the top, lists numbered, notes last; a missing slide has failed', async () => {
    const slide = [
      shape('', 5_000_000, line('below')),
      shape(
        '',
        1_000_000,
        line('one', '<a:buAutoNum type="arabicPeriod"/>') + line('two', '<a:buAutoNum type="arabicPeriod"/>'),
      ),
      shape('<p:ph type="title"/>', 9_000_000, line('年度总结')),
    ]
    const document = await parse('a.pptx', deck(slide.join(''), shape('<p:ph type="body"/>', 0, line('say hello'))))
    expect(document.text).toBe('# 年度总结\n\n1. one\n2. two\n\nbelow\n\nsay hello')
    expect(document.pages).toMatchObject([
      { kind: 'slide', number: 1, state: 'ok', start: 0, end: document.text.length },
      { kind: 'slide', number: 2, state: 'failed', reason: 'corrupt' },
    ])
    expect(toParseReport('a.pptx', document)).toMatchObject({ state: 'degraded' })
    expect(document.origins[0]?.box).toEqual([0, 708.7, 1, 709.7])
  })
})

describe('web pages', () => {
  test('structure is kept, scripts and what is hidden are not, and places are those of the source', async () => {
    const source = `<!DOCTYPE html><title>年假</title><script>x()</script><h1>Leave &amp; rest</h1><p>25   days
      a <b>year</b><p hidden>secret</p><ul><li>first<ul><li>inner</li></ul></li><li>second</li></ul><pre>a\n  b</pre>`
    const document = await parse('a.html', source)
    expect(document.title).toBe('年假')
    expect(document.text).toBe('# Leave & rest\n\n25 days a year\n\n- first\n    - inner\n- second\n\n```\na\n  b\n```')
    for (const { start, end, source: span } of document.origins) {
      if (span === undefined) continue
      const there = source.slice(span.start, span.end)
      if (there.length === end - start) expect(document.text.slice(start, end)).toBe(there)
    }
    const year = document.origins.find(({ start }) => document.text.startsWith('year', start))?.source
    expect(source.slice(year?.start, year?.end)).toBe('year')
  })

  test('cells that span rows and columns stand in every place; a row of nothing but their beginnings is none', async () => {
    const table = `<table><tr><th>Year<th>Month<th>Sum</tr><tr><th rowspan=3>2025</th></tr><tr><td>May<td>1</tr><tr><td>June<td>2</tr></table>`
    expect((await parse('a.html', table)).text).toBe(
      '| Year | Month | Sum |\n| - | - | - |\n| 2025 | May | 1 |\n| 2025 | June | 2 |',
    )
  })
})

describe('tables that only place what is in them', () => {
  const long = 'Words of an article go on and on. '.repeat(10)

  test.each([
    ['it says so', '<table role="presentation"><tr><td><p>one</p></td><td><p>two</p></td></tr></table>', 'one\n\ntwo'],
    [
      'it names nothing and holds sections',
      `<table><tr><td colspan=3><table><tr><td>a</td><td>b</td></tr></table><h1>News</h1><p>${long}</p></td></tr></table>`,
      `| a | b |\n| - | - |\n\n# News\n\n${long.trim()}`,
    ],
  ])('are no tables: %s', async (...[, source, text]) => {
    expect((await parse('a.html', source)).text).toBe(text)
  })

  test('tables of data that hold other ones stay tables', async () => {
    const inner = '<table><tr><td>1</td><td>2</td></tr></table>'
    const text = '| x | 1 2 |\n| - | - |\n| y | z |'
    expect((await parse('a.html', `<table><tr><td>x<td>${inner}<tr><td>y<td>z</table>`)).text).toBe(text)
    const named = `<table><tr><th>head</th></tr><tr><td>${inner}${long}</td></tr></table>`
    expect((await parse('a.html', named)).text).toMatch(/^\| head \|\n/)
  })

  test('brackets in addresses of links are written so that they end none', async () => {
    const source = '<a href="https://example.com/a_(b)">c</a>'
    expect(toMarkdown(await parse('a.html', source))).toBe('[c](https://example.com/a_%28b%29)')
  })
})

describe('separated values', () => {
  test.each([
    [',', 'a,b\n1,"x, y"'],
    [';', 'a;b\n1;"x; y"'],
    ['\t', 'a\tb\n1\t"x, y"'],
    ['|', 'a|b\n1|"x| y"'],
  ])('the separator %j is found, quotes are honoured, cells know their place', async (...[, source]) => {
    const document = await parse('a.csv', source)
    const cells = document.origins.map(({ cell, source: span }) => [cell, source.slice(span?.start, span?.end)])
    expect(cells.slice(0, 3)).toEqual([
      ['A1', 'a'],
      ['B1', 'b'],
      ['A2', '1'],
    ])
    expect(cells[3]?.[1]).toMatch(/^x. y$/)
  })

  test('rows may be of different length, and a quote that is never closed ends with the file', async () => {
    expect((await parse('a.csv', 'a,b\n1\n2,3,4')).text).toBe('| a | b |  |\n| - | - | - |\n| 1 |  |  |\n| 2 | 3 | 4 |')
    expect((await parse('b.csv', 'a,b\n1,"open\n2,3')).text).toContain('open 2,3')
  })
})

describe('messages', () => {
  test('a message has its heads, its text and its attachments as pages; one that cannot be read says why', async () => {
    const mail = [
      'From: =?gb18030?B?zfW3vA==?= <wang@example.com>',
      'To: team@example.com',
      'Subject: =?utf-8?B?5ZGo5oql?=',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain; charset=gb18030',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from([0xb1, 0xbe, 0xd6, 0xdc]).toString('base64'),
      '--b',
      'Content-Type: text/csv; name=a.csv',
      'Content-Disposition: attachment; filename=a.csv',
      '',
      'x,y',
      '1,2',
      '--b',
      'Content-Type: application/zip; name=b.zip',
      'Content-Disposition: attachment; filename=b.zip',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('PK\u0003\u0004broken').toString('base64'),
      '--b--',
    ]
    const document = await parse('a.eml', mail.join('\r\n'))
    expect(document.title).toBe('周报')
    expect(document.text).toContain('From: 王芳 <wang@example.com>')
    expect(document.text).toContain('本周')
    expect(document.text).toContain('| x | y |\n| - | - |\n| 1 | 2 |')
    expect(document.pages.map(({ name, state, reason }) => [name, state, reason])).toEqual([
      ['message', 'ok', undefined],
      ['a.csv', 'ok', undefined],
      ['b.zip', 'failed', 'truncated'],
    ])
    expect(document.origins.map(({ cell }) => cell)).toEqual(['A1', 'B1', 'A2', 'B2'])
  })
})

describe('books and OpenDocument', () => {
  test('a book is read chapter by chapter in the order of its spine, and says which are missing', async () => {
    const document = await parse(
      'a.epub',
      zip({
        mimetype: 'application/epub+zip',
        'META-INF/container.xml': '<container><rootfiles><rootfile full-path="OEBPS/a.opf"/></rootfiles></container>',
        'OEBPS/a.opf': `<package xmlns:dc="x"><metadata><dc:title>西游记</dc:title></metadata><manifest>
          <item id="one" href="1.xhtml"/><item id="two" href="2%20b.xhtml"/><item id="gone" href="3.xhtml"/></manifest>
          <spine><itemref idref="two"/><itemref idref="one"/><itemref idref="gone"/></spine></package>`,
        'OEBPS/1.xhtml': '<html><head><title>t</title></head><body><h1>One</h1><p>first</p></body></html>',
        'OEBPS/2 b.xhtml': '<html><body><h1>Two</h1><p>second</p></body></html>',
      }),
    )
    expect(document.title).toBe('西游记')
    expect(document.text).toBe('# Two\n\nsecond\n\n# One\n\nfirst')
    expect(document.pages.map(({ state, reason }) => [state, reason])).toEqual([
      ['ok', undefined],
      ['ok', undefined],
      ['failed', 'corrupt'],
    ])
  })

  test('an OpenDocument text keeps headings, lists, tables and notes', async () => {
    const content = `<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="b"><office:body><office:text>
      <text:h text:outline-level="1">Plan</text:h><text:p>We<text:s/>start<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>soon</text:p></text:note-body></text:note>.</text:p>
      <text:list><text:list-item><text:p>a</text:p><text:list><text:list-item><text:p>b</text:p></text:list-item></text:list></text:list-item></text:list>
      <table:table><table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>H</text:p></table:table-cell><table:covered-table-cell/></table:table-row>
      <table:table-row><table:table-cell><text:p>1</text:p></table:table-cell><table:table-cell><text:p>2</text:p></table:table-cell></table:table-row></table:table>
      </office:text></office:body></office:document-content>`
    const bytes = zip({ mimetype: 'application/vnd.oasis.opendocument.text', 'content.xml': content })
    expect((await parse('a.odt', bytes)).text).toBe(
      '## Plan\n\nWe start [^1].\n\n- a\n    - b\n\n| H | H |\n| - | - |\n| 1 | 2 |\n\n[^1]: soon',
    )
  })
})

describe('JSON', () => {
  test('the text is the file itself; lines are records, and broken ones are counted', async () => {
    const source = '{"a": 1}\n{"b": \n{"c": "x, y"}\n'
    const document = await parse('a.jsonl', source)
    expect(document.text).toBe(source)
    expect(document.sections[0]?.blocks.map(({ start, end }) => source.slice(start, end))).toEqual(
      source.trim().split('\n'),
    )
    expect(document.pages).toMatchObject([{ state: 'degraded', reason: 'corrupt' }])
    expect(document.notices).toEqual(['lines that are no JSON: 1'])
    expect((await parse('a.json', '[{"a": 1}, {"b": 2}]')).pages).toMatchObject([{ state: 'ok' }])
  })
})

describe('languages and encodings', () => {
  test.each([
    [
      'gb18030',
      'gb18030',
      'd6d0bbaac8cbc3f1b9b2bacdb9facfdcb7a8a3acb9abc3f1d3d0d1d4c2dbd7d4d3c9a1a3',
      '中华人民共和国宪法,公民有言论自由。',
      'zh-Hans',
    ],
    ['big5', 'big5', 'a4a4b5d8a5c1b0eabecbaa6bb3b9aabaa57ca67bbba1a9fab3b4a9dbaacc', undefined, 'zh-Hant'],
    [
      'utf-16le',
      'utf-16le',
      Buffer.from('年假为二十五天,病假十天,都要申请。', 'utf16le').toString('hex'),
      '年假为二十五天,病假十天,都要申请。',
      'zh-Hans',
    ],
    ['shift_jis', 'shift_jis', '8ce094798dcd944c82c582a082e98142968c914f82cd82dc82be96b382a28142', undefined, 'ja'],
    [
      'windows-1252',
      undefined,
      Buffer.from('Die Straße führt über die Brücke, und größer wird sie nicht.', 'latin1').toString('hex'),
      'Die Straße führt über die Brücke, und größer wird sie nicht.',
      'de',
    ],
  ])('%s is told and read', async (...[, encoding, hex, text, language]) => {
    const document = await parse('a.txt', Buffer.from(hex, 'hex'))
    if (encoding !== undefined) expect(document.notices).toEqual([`encoding: ${encoding}`])
    if (text !== undefined) expect(document.text.normalize('NFKC')).toBe(text.normalize('NFKC'))
    expect(document.language).toBe(language)
  })
})
