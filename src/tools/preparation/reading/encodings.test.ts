import { describe, expect, test } from 'vitest'
import { decodeText } from './index.ts'

const told = (hex: string): { readonly text: string; readonly encoding: string } =>
  decodeText({ source: 'a.txt', bytes: Buffer.from(hex, 'hex') })

/** Bytes of a text in an encoding of one byte a character, made by asking what each byte stands for. */
function encode(text: string, encoding: string): string {
  const table = new Map<string, number>()
  for (let byte = 255; byte >= 0; byte--) table.set(new TextDecoder(encoding).decode(Uint8Array.of(byte)), byte)
  return Buffer.from(Array.from(text, (character) => table.get(character) ?? 0x3f)).toString('hex')
}

const russian = 'Все люди рождаются свободными и равными в своём достоинстве и правах. Они наделены разумом и совестью.'

describe('encodings of text', () => {
  test.each([
    ['windows-1251', russian],
    ['koi8-u', russian],
    ['ibm866', russian],
    ['iso-8859-5', russian],
    ['x-mac-cyrillic', russian],
    ['windows-1253', 'Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.'],
    ['windows-1255', 'כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.'],
    ['windows-1256', 'يولد جميع الناس أحراراً متساوين في الكرامة والحقوق.'],
    ['windows-874', 'มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ'],
  ])('%s is told from others by the letters of its words, also among much markup', (encoding, text) => {
    const page = `<item><title>News</title><link>http://example.com/a/b?c=d</link>${text}</item>`.repeat(2)
    expect(told(encode(page, encoding))).toEqual({ text: page, encoding })
  })

  test.each([
    'Größe und Maß: fünf Äpfel, süße Öle, ein Füßchen über der Straße.',
    'Été à la française : où est passée la forêt brûlée, ça et là ?',
    'ÜBERGRÖSSE ÄÖÜ, ÉTÉ À CÔTÉ',
  ])('accents of Latin words are not taken for letters of another script: %s', (text) => {
    expect(told(Buffer.from(text, 'latin1').toString('hex')).text).toBe(text)
  })

  test('UTF-32 is read with and without its mark', () => {
    const text = 'Wörter, 字 und 😀.'
    const little = Buffer.concat(
      Array.from(text, (character) => {
        const unit = Buffer.alloc(4)
        unit.writeUInt32LE(character.codePointAt(0) ?? 0)
        return unit
      }),
    )
    const big = Buffer.from(little).swap32()
    expect(told(little.toString('hex'))).toEqual({ text, encoding: 'utf-32le' })
    expect(told(big.toString('hex'))).toEqual({ text, encoding: 'utf-32be' })
    expect(told(`fffe0000${little.toString('hex')}`)).toEqual({ text, encoding: 'utf-32le' })
    expect(told(`0000feff${big.toString('hex')}`)).toEqual({ text, encoding: 'utf-32be' })
  })

  test.each([
    ['cp936', 'c4eabcd9', '年假', 'gbk'],
    ['cp949', 'c7d1b1db', '한글', 'euc-kr'],
    ['windows-28605', 'a435', '€5', 'iso-8859-15'],
    ['cp10007', '8ff0e8', 'При', 'x-mac-cyrillic'],
    ['hz-gb-2312', Buffer.from('~{8wN;M,JB~}').toString('hex'), '各位同事', 'hz-gb-2312'],
    ['utf-7', Buffer.from('W+APY-rter').toString('hex'), 'Wörter', 'utf-7'],
    ['constructor', '616263', 'abc', 'utf-8'],
  ])('what is declared to be %s is read so, where it can be', (...[charset, hex, text, encoding]) => {
    const file = { source: 'a.txt', bytes: Buffer.from(hex, 'hex'), mediaType: `text/plain; charset=${charset}` }
    expect(decodeText(file)).toEqual({ text, encoding })
  })

  test('the shifts of ISO 2022 are followed', () => {
    expect(told('1b2442467c4b5c386c1b28420a6162')).toEqual({ text: '日本語\nab', encoding: 'iso-2022-jp' })
    expect(told('1b2429430a610e4751315b0f62')).toEqual({ text: '\na한글b', encoding: 'iso-2022-kr' })
  })
})
