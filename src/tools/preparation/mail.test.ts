import { afterAll, describe, expect, test } from 'vitest'
import { preparationWith, toFile } from './testing.ts'

const preparation = preparationWith()
afterAll(() => preparation.close())

const textOf = async (bytes: string | Uint8Array): Promise<string> =>
  (await preparation.parse(toFile('a.eml', bytes))).text

/** Bytes of a text in an encoding, made by asking which two bytes stand for each character. */
function encode(text: string, encoding: string): Buffer {
  const decoder = new TextDecoder(encoding)
  const table = new Map<string, Buffer>()
  for (let high = 0xa1; high < 0xff; high++) {
    for (let low = 0x40; low < 0xff; low++) {
      const bytes = Buffer.from([high, low])
      const character = decoder.decode(bytes)
      if (character.length === 1 && !table.has(character)) table.set(character, bytes)
    }
  }
  return Buffer.concat(Array.from(text, (character) => table.get(character) ?? Buffer.from(character)))
}

const words = '各位同事：年假为二十五天，请假须提前两周申请，由主任批准。'

describe('messages whose encodings are not what they say', () => {
  test.each([
    ['none', ''],
    ['one that cannot be', 'Content-Type: text/plain; charset=us-ascii\r\n'],
    ['one that nobody knows', 'Content-Type: text/plain; charset=x-unknown\r\n'],
    ['one of seven bits', 'Content-Type: text/plain; charset=hz\r\n'],
    ['that it is UTF-8', 'Content-Type: text/plain; charset=utf-8\r\n'],
  ])('a body in GBK is read when its charset says %s', async (_, type) => {
    const head = encode(`Subject: 年假通知\r\nFrom: 人事部 <hr@example.com>\r\n${type}\r\n`, 'gbk')
    expect(await textOf(Buffer.concat([head, encode(words, 'gbk')]))).toBe(
      `# 年假通知\n\nFrom: 人事部 <hr@example.com>\n\n${words}`,
    )
  })

  test.each([
    ['utf-7', '+VARPTVQMTos-, +-.', '各位同事, +.'],
    ['hz-gb-2312', '~{8wN;M,JB~}, ~~', '各位同事, ~'],
    ['iso-2022-kr', '\u001b$)C\u000eGQ1[\u000f.', '한글.'],
  ])('%s is read, which no decoder of the platform knows', async (charset, body, text) => {
    const head = `Subject: a\r\nContent-Type: text/plain; charset=${charset}\r\n\r\n`
    expect(await textOf(`${head}${body}\r\n`)).toBe(`# a\n\n${text}`)
  })

  test('encoded words that are cut within a character are read as one; names of attachments are, too', async () => {
    const bytes = encode('年假通', 'gbk')
    const word = (part: Uint8Array): string => `=?GB2312?B?${Buffer.from(part).toString('base64')}?=`
    const head = `Subject: ${word(bytes.subarray(0, 3))}\r\n ${word(bytes.subarray(3))}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n`
    const name = encode('通知.txt', 'gbk')
    const parts = Buffer.concat([
      Buffer.from('--b\r\nContent-Type: text/plain; charset=gbk\r\n\r\n'),
      encode(words, 'gbk'),
      Buffer.from('\r\n--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="'),
      name,
      Buffer.from('"\r\n\r\nattached\r\n--b--\r\n'),
    ])
    expect(await textOf(Buffer.concat([Buffer.from(head), parts]))).toBe(
      `# 年假通\n\n${words}\n\n## 通知.txt\n\nattached\n`,
    )
  })

  test('a message in UTF-16, with a mark or with breaks of lines of another kind is a message', async () => {
    const mail = 'Subject: a\r\nFrom: b@example.com\r\n\r\nWörter\r\n'
    const read = '# a\n\nFrom: b@example.com\n\nWörter'
    expect(await textOf(Buffer.from(`\ufeff${mail}`, 'utf16le'))).toBe(read)
    expect(await textOf(Buffer.from(`\ufeff${mail}`))).toBe(read)
    expect(await textOf(mail.replaceAll('\r\n', '\r'))).toBe(read)
    expect(await textOf('no heads\r\n\r\nnor a second line')).toBe('no heads\n\nnor a second line')
  })

  test('parts whose boundary begins another one stay apart; parts that are not there are text', async () => {
    const parts = (inner: string): string =>
      `Subject: a\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/alternative; boundary=xy\r\n\r\n--xy\r\n${inner}\r\n--xy--\r\n--x--\r\n`
    const german = Buffer.from('Content-Type: text/plain\r\n\r\nGrüße über Köln, für alle schönen Öfen', 'latin1')
    const [before = '', after = ''] = parts('|').split('|')
    expect(await textOf(Buffer.concat([Buffer.from(before), german, Buffer.from(after)]))).toBe(
      '# a\n\nGrüße über Köln, für alle schönen Öfen',
    )
    expect(await textOf('Subject: a\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\nbody')).toBe('# a\n\nbody')
  })

  test('uuencoded text is unpacked; what a report of delivery says is read', async () => {
    const packed =
      'Subject: a\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a.txt\r\n+2&5L;&\\@=V]R;&0\r\n`\r\nend\r\n'
    expect(await textOf(packed)).toBe('# a\n\nHello world')
    const report =
      'Subject: a\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nBounced.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n--b--\r\n'
    expect(await textOf(report)).toContain('Action: failed')
  })
})
