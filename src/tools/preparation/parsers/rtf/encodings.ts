import { findCodePage } from '../../reading/index.ts'
import { isGreekFont, toSign } from '../office/signs.ts'

/** What the bytes of a font stand for. */
export interface ByteDecoder {
  /** How many bytes stand for one character, by the first of them. */
  readonly lengthOf: (first: number) => number
  readonly decode: (bytes: readonly number[]) => string
  /** Of a font of signs, as Wingdings is. */
  readonly isSymbol: boolean
}

/** Pages of codes by the charset of a font. */
const charsets: Readonly<Record<number, number>> = {
  0: 1252,
  77: 10000,
  78: 10001,
  79: 10003,
  80: 10008,
  81: 10002,
  128: 932,
  129: 949,
  134: 936,
  136: 950,
  161: 1253,
  162: 1254,
  163: 1258,
  177: 1255,
  178: 1256,
  186: 1257,
  204: 1251,
  222: 874,
  238: 1250,
  254: 437,
  255: 850,
}

const symbolCharset = 2

/** The page of codes of a font's charset; `undefined` where it has that of the document. */
export function pageOfCharset(charset: number): number | undefined {
  return charsets[charset]
}

export function isSymbolCharset(charset: number | undefined): boolean {
  return charset === symbolCharset
}

const ascii = /^[\0-\u007f]*$/

export function isAscii(text: string): boolean {
  return ascii.test(text)
}

/** Makes decoders, each once. */
export class Decoders {
  readonly #known = new Map<string, ByteDecoder>()

  /** Of a page of codes; of one that is not known, that of Western Europe. */
  ofPage(page: number): ByteDecoder {
    const upper = upperHalves[page]
    if (upper !== undefined) return this.#get(`page ${page}`, () => createSingle(upper))
    const label = findCodePage(page) ?? 'windows-1252'
    return this.#get(label, () => createDecoder(label))
  }

  /** Of a font of signs. */
  ofSigns(font: string): ByteDecoder {
    return this.#get(isGreekFont(font) ? 'symbol' : 'signs', () => ({
      isSymbol: true,
      lengthOf: () => 1,
      decode: ([byte = 0]) => toSign(byte, font),
    }))
  }

  #get(label: string, create: () => ByteDecoder): ByteDecoder {
    const known = this.#known.get(label) ?? create()
    this.#known.set(label, known)
    return known
  }
}

function createSingle(upper: string): ByteDecoder {
  const decode = ([byte = 0]: readonly number[]): string =>
    byte < 0x80 ? String.fromCharCode(byte) : (upper[byte - 0x80] ?? '')
  return { isSymbol: false, lengthOf: () => 1, decode }
}

function createDecoder(label: string): ByteDecoder {
  const decoder = new TextDecoder(label)
  const known = new Map<number, string>()
  return {
    isSymbol: false,
    lengthOf: (first) => lengthIn(label, first),
    decode(bytes) {
      if (bytes.length > 2) return decoder.decode(Uint8Array.from(bytes))
      const key = bytes.reduce((sum, byte) => sum * 256 + byte, bytes.length)
      const text = known.get(key) ?? decoder.decode(Uint8Array.from(bytes))
      known.set(key, text)
      return text
    },
  }
}

function lengthIn(label: string, first: number): number {
  if (first < 0x81 || first > 0xfe) return 1
  if (label === 'utf-8') return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  if (label === 'shift_jis') return first >= 0xa0 && first <= 0xdf ? 1 : 2
  if (label === 'euc-jp' && first === 0x8f) return 3
  return ['gbk', 'gb18030', 'euc-jp', 'euc-kr', 'big5'].includes(label) ? 2 : 1
}

/** The upper halves of pages that the platform does not decode: those that computers had before Windows. */
const upperHalves: Readonly<Record<number, string>> = {
  437: 'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0',
  850: 'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0',
}
