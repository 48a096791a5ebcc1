import { afterAll, describe, expect, test } from 'vitest'
import { toMarkdown, type ParsedDocument } from './index.ts'
import { preparationWith, toFile } from './testing.ts'

const preparation = preparationWith({ nodesMax: 100_000 })
afterAll(() => preparation.close())

const head =
  '\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss\\fcharset0 Arial;}{\\f1\\fcharset204 Times;}{\\f2\\fcharset134 SimSun;}{\\f3\\fcharset128 MS Mincho;}{\\f4\\fcharset2 Symbol;}{\\f5\\cpg21866 A;}{\\f6\\cpg28605 B;}{\\f7\\cpg51932 C;}{\\f8\\fcharset254 D;}}'
const styles =
  '{\\stylesheet{\\ql Normal;}{\\s1 heading 1;}{\\s5\\outlinelevel1 Mine;}{\\s6 Title;}{\\*\\cs10 heading 2;}}'

const parse = (body: string, end = '}'): Promise<ParsedDocument> =>
  preparation.parse(toFile('a.rtf', Buffer.from(`{\\rtf1${head}${styles}\n${body}${end}`, 'latin1')))
const textOf = async (body: string): Promise<string> => (await parse(body)).text

describe('rich text', () => {
  test.each([
    ['bytes of the page of codes', "caf\\'e9 \\'80", 'café €'],
    [
      'bytes of the font of the words',
      "{\\f1 \\'cf\\'f0\\'e8\\'e2\\'e5\\'f2} {\\f2 \\'d6\\'d0\\'ce\\'c4}",
      'Привет 中文',
    ],
    ['a second byte that is a letter', "{\\f3 \\'83A\\'83\\'43}", 'アイ'],
    ['a second byte that has to be escaped', "{\\f3 \\'83\\\\\\'83\\{\\'95\\\\ \\{\\}}", 'ソボ表 {}'],
    ['a first byte without a second', "{\\f3 \\'83}{\\f3 \\'83\\b x\\'83\\~y}", 'x y'],
    [
      'bytes of pages of codes that a font names by number',
      "{\\f5 \\'f0\\'d2\\'c9} {\\f6 \\'a4} {\\f7 \\'c6\\'fc\\'cb\\'dc} {\\f8 \\'81\\'e1}",
      'При € 日本 üß',
    ],
    ['bytes as they are', 'na\u00efve', 'naïve'],
    ['code points with what stands in for them', "\\u20013?\\uc2\\u25991\\'3f\\'3f.\\uc0\\u33521x", '中文.英x'],
    ['code points beyond the sixteen bits, and below zero', '\\u-10179?\\u-8704?', '😀'],
    ['letters of the font Symbol', 'angle {\\f4 a} = {\\f4\\u-3934?}', 'angle α = ′'],
    ['letters of Symbol that are boxes in other fonts', '{\\f4 noR}', 'νοΡ'],
    [
      'fields that are signs, by their font',
      '{\\field{\\*\\fldinst SYMBOL 254 \\\\f "Wingdings" \\\\s 10}{\\fldrslt }} {\\field{\\*\\fldinst SYMBOL 112 \\\\f "Symbol"}}{\\field{\\*\\fldinst SYMBOL 169 \\\\f Arial}}',
      '☒ π©',
    ],
    ['words for characters', '\\ldblquote a\\rdblquote \\endash \\~b\\_c\\-d \\{\\}\\\\', '“a”– b-cd {}\\'],
  ])('reads %s', async (...[, body, text]) => {
    expect(await textOf(body)).toBe(text)
  })

  test('UTF-8 is read where the document says so, whatever charset its fonts have', async () => {
    const source =
      "{\\rtf1\\ansi\\ansicpg65001{\\fonttbl{\\f0\\fcharset0 Arial;}{\\f1\\fcharset204 Times;}}Grüße 中文 {\\f1\\'cf}\\par}"
    expect((await preparation.parse(toFile('a.rtf', source))).text).toBe('Grüße 中文 П')
  })

  test('a byte order mark and blanks may stand before it; places count them', async () => {
    const source = '\ufeff\r\n  {\\rtf1 One\\par}'
    const { text, parser, origins } = await preparation.parse(toFile('a.rtf', source))
    expect({ text, parser }).toEqual({ text: 'One', parser: 'rtf@2' })
    expect(origins).toMatchObject([{ source: { start: 14, end: 17 } }])
  })

  test('words come from where they stand in the file', async () => {
    const body = "\\pard One {\\b two} na\\'efve.\\par \\u20013?\\u25991? end\\par"
    const source = `{\\rtf1${head}${styles}\n${body}}`
    const { text, origins } = await parse(body)
    expect(text).toBe('One two naïve.\n\n中文 end')
    const places = origins.map(({ start, end, source: at }) => [
      text.slice(start, end),
      source.slice(at?.start, at?.end),
    ])
    expect(places).toEqual([
      ['One', 'One'],
      ['two', 'two'],
      ['naïve.', "na\\'efve."],
      ['中文', '\\u20013?\\u25991'],
      ['end', 'end'],
    ])
  })

  test('headings are told by their style or outline; looks and links are marks; hidden text is left out and said so', async () => {
    const body = `{\\pard\\s6 Report\\par}{\\pard\\s1 Leave\\par}{\\pard\\s5 Annual\\par}\\pard\\outlinelevel2 Deep\\par
\\pard{\\b bold} {\\i\\strike both} x{\\super 2} {\\v hidden}{\\deleted gone}{\\field{\\*\\fldinst HYPERLINK "https://example.org/a"}{\\fldrslt there}} {\\field{\\*\\fldinst HYPERLINK \\\\l "part2"}{\\fldrslt below}}\\par`
    const document = await parse(body)
    expect(toMarkdown(document)).toBe(
      '# Report\n\n## Leave\n\n### Annual\n\n#### Deep\n\n**bold** *~~both~~* x^2 [there](https://example.org/a) [below](#part2)',
    )
    expect(document.notices).toEqual(['hidden text'])
  })

  test('a title is that of its properties, unless a program gives it to all of its documents', async () => {
    const titled = async (title: string): Promise<string | undefined> =>
      (await parse(`{\\info{\\title ${title}}{\\author Ada}}{\\pard\\s1 Leave\\par}`)).title
    expect(await titled('Rules of leave')).toBe('Rules of leave')
    expect(await titled('Word Document')).toBe('Leave')
    expect(await titled('')).toBe('Leave')
  })

  test('items have the labels that people see, however a program writes them', async () => {
    const item = (label: string, words: string, level = 0): string =>
      `{\\pard{\\listtext ${label}\\tab}\\ilvl${level}\\ls1 ${words}\\par}\n`
    const body = [
      item('1.', 'one'),
      item('a)', 'deeper', 1),
      item("{\\f4\\'b7}", 'dot'),
      '{\\pard\\li360\\fi-360\\bullet\\tab written out\\par}{\\pard\\fi-360 7.\\tab seventh\\par}',
      '{\\pard 7.\\tab no item\\par}',
    ]
    expect(await textOf(body.join(''))).toBe('1. one\n    - a) deeper\n- dot\n- written out\n7. seventh\n\n7. no item')
  })

  test('cells stand in every column and row they cover; tables within cells are read as words', async () => {
    const row = (cells: string, words: string): string => `\\trowd\\trleft0${cells}\\pard\\intbl ${words}\\row\n`
    const body = [
      row('\\cellx1000\\cellx2000\\cellx3000', 'a\\cell b\\cell c\\cell'),
      row('\\clvmgf\\cellx1010\\cellx2990', 'down\\cell wide\\par more\\cell'),
      row('\\clvmrg\\cellx1000\\clmgf\\cellx2000\\clmrg\\cellx3000', '\\cell left\\cell\\cell'),
      '\\pard after\\par',
      row(
        '\\cellx1000\\cellx2000',
        'x\\par\\itap2 in\\nestcell{\\*\\nesttableprops\\trowd\\cellx9\\nestrow}\\itap1\\cell y\\cell',
      ),
    ]
    expect(await textOf(body.join(''))).toBe(
      '| a | b | c |\n| - | - | - |\n| down | wide more | wide more |\n| down | left | left |\n\nafter\n\n| x in | y |\n| - | - |',
    )
  })

  test('notes, comments, boxes, heads and feet of pages stand beside the text; pictures are described', async () => {
    const body = [
      '{\\header Of the council\\par}{\\footer\\pard Of the council\\par}',
      'Text{\\super\\chftn{\\footnote\\chftn  A note.}} goes on',
      '{\\*\\atnid AB}{\\*\\atnauthor Ada}\\chatn{\\*\\annotation{\\*\\atndate -2017263872} Check}',
      '{\\shp{\\*\\shpinst{\\sp{\\sn dxTextLeft}{\\sv 0}}{\\shptxt In a box\\par}}{\\shprslt{\\pict 00ff}}}',
      '{\\*\\shppict{\\pict{\\*\\picprop{\\sp{\\sn wzDescription}{\\sv A cat asleep}}}\\pngblip 89504e47}}{\\nonshppict{\\pict 00}}.\\par',
      '{\\object{\\*\\objdata 0105}{\\result shown}}\\par{\\*\\unknown never}{\\pict\\bin5 }}}}}}after\\par',
    ]
    const { text, sections } = await parse(body.join(''))
    expect(text).toBe(
      'Text [^1] goes on A cat asleep .\n\nIn a box\n\nshown\n\nafter\n\n[^1]: A note.\n\n[author: Ada]: Check\n\nOf the council',
    )
    const kinds = sections.flatMap(({ blocks }) => blocks.map(({ kind }) => kind))
    expect(kinds.slice(-3)).toEqual(['note', 'note', 'furniture'])
  })
})

describe('rich text that is hostile ends in a named state', () => {
  const stateOf = async (body: string, end?: string): Promise<unknown> => {
    const outcome = await parse(body, end).catch((thrown: { details?: { reason?: string } }) => thrown.details?.reason)
    return typeof outcome === 'object' ? outcome.pages.map(({ state, reason }) => [state, reason]) : outcome
  }

  test.each([
    ['a file that was cut off', 'Text {\\b bold', '', [['degraded', 'truncated']]],
    ['a picture longer than the file', 'Text {\\pict\\bin2000000000 x', '}}', [['degraded', 'truncated']]],
    ['a million nested groups', `${'{'.repeat(1_000_000)}deep${'}'.repeat(1_000_000)}`, '}', [['degraded', 'nesting']]],
    ['more runs than allowed', '{\\b a}b'.repeat(60_000), '}', 'memory'],
    ['nothing', '', '}', [['degraded', 'no-text']]],
    ['a word without end', `\\${'a'.repeat(2_000_000)}`, '}', [['ok', undefined]]],
    ['closing what was never opened', 'Text}}}}}', '', [['ok', undefined]]],
  ] as const)('%s', async (...[, body, end, state]) => {
    expect(await stateOf(body, end)).toEqual(state)
  })

  test('many wide rows above one another do not multiply', async () => {
    const edges = Array.from({ length: 900 }, (_, index) => `\\cellx${(index + 1) * 100}`).join('')
    const rows = `\\trowd${edges}\\pard\\intbl${' a\\cell'.repeat(900)}\\row${'\\trowd\\cellx90000\\pard\\intbl b\\cell\\row'.repeat(2_000)}`
    expect((await textOf(rows)).length).toBeLessThan(100_000)
  })
})
