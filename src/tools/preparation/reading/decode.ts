import type * as Chardet from 'chardet'
import { loadPackage } from '../../../core/packages.ts'
import type { SourceFile } from '../preparation.ts'
import { refuse } from './refusal.ts'
import { findScriptEncoding } from './scripts.ts'
import { decodeNamed, decodeShifted } from './shifted.ts'

export interface DecodedText {
  /** Without a byte order mark. */
  readonly text: string
  /** As the WHATWG names it: `utf-8`, `gb18030`, `big5`. */
  readonly encoding: string
}

/**
 * The text of a file: what its byte order mark says, else what was declared if the bytes bear it out, else UTF-8 if
 * they are that, else what they look like. Encodings of seven bits are UTF-8 as well, so there what was declared comes first.
 * Throws DOCUMENT_REFUSED: `binary`, `encoding`.
 */
export function decodeText(file: SourceFile, declared?: string): DecodedText {
  const { bytes } = file
  const shifted = decodeShifted(bytes)
  if (shifted !== undefined) return checked(file, shifted.text, shifted.encoding)
  const marked = byteOrderMarks.find(({ mark }) => mark.every((byte, index) => bytes[index] === byte))
  if (marked !== undefined) return decodeAs(file, marked.encoding, { strict: false })
  const utf16 = looksLikeUtf16(bytes)
  if (utf16 !== undefined) return decodeAs(file, utf16, { strict: true })
  const label = declared ?? charsetOf(file.mediaType) ?? ''
  const named = decodeNamed(bytes, label)
  if (named !== undefined) return checked(file, named, label)
  const utf8 = tryDecode(bytes, 'utf-8')
  if (utf8 !== undefined) return checked(file, utf8, 'utf-8')
  const charset = findCharset(label)
  if (charset !== undefined && !/^utf-?8$/.test(charset)) {
    const text = tryDecode(bytes, charset)
    if (text !== undefined) return checked(file, text, charset)
  }
  return decodeAs(file, guess(file), { strict: false })
}

/** The charset of a media type: `text/plain; charset=big5`. */
export function charsetOf(mediaType: string | undefined): string | undefined {
  return /;\s*charset\s*=\s*["']?([^"';\s]+)/i.exec(mediaType ?? '')?.[1]?.toLowerCase()
}

/** Whether the bytes are UTF-8 without NUL; the text if so. */
export function findUtf8(bytes: Uint8Array): string | undefined {
  return bytes.includes(0) ? undefined : tryDecode(bytes, 'utf-8')
}

const byteOrderMarks = [
  { mark: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { mark: [0xff, 0xfe], encoding: 'utf-16le' },
  { mark: [0xfe, 0xff], encoding: 'utf-16be' },
] as const

/** Bytes that are looked at to tell an encoding. */
const sampleBytesMax = 65_536

function decodeAs(file: SourceFile, encoding: string, { strict }: { readonly strict: boolean }): DecodedText {
  if (strict) {
    const text = tryDecode(file.bytes, encoding)
    if (text === undefined) throw refuse(file.source, 'encoding', `is no ${encoding}, though it looks like it`)
    return checked(file, text, encoding)
  }
  return checked(file, new TextDecoder(encoding).decode(file.bytes), encoding)
}

function tryDecode(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch (thrown) {
    if (thrown instanceof TypeError || thrown instanceof RangeError) return undefined
    throw thrown
  }
}

/** An encoding by a name that the platform knows; `undefined` when it knows none. */
export function findCharset(label: string): string | undefined {
  const name = label.toLowerCase()
  const known = nameOfPage(Number(/^(?:cp|ms|windows-?|ibm)(\d{3,5})$/.exec(name)?.[1])) ?? name
  try {
    return new TextDecoder(known).encoding === '' ? undefined : known
  } catch {
    return undefined
  }
}

/** The encoding of a page of codes, by the number that Windows gives it; `undefined` when the platform has none. */
export function findCodePage(page: number): string | undefined {
  return findCharset(`windows-${page}`)
}

function nameOfPage(page: number): string | undefined {
  return page > isoPages && page <= isoPages + 16 ? `iso-8859-${page - isoPages}` : pages[page]
}

/** Before the page of ISO 8859-1. */
const isoPages = 28_590

/** Pages whose encoding is not named by their number. */
const pages: Readonly<Record<number, string>> = {
  819: 'iso-8859-1',
  866: 'ibm866',
  874: 'windows-874',
  932: 'shift_jis',
  936: 'gbk',
  949: 'euc-kr',
  950: 'big5',
  10000: 'macintosh',
  10001: 'shift_jis',
  10002: 'big5',
  10003: 'euc-kr',
  10007: 'x-mac-cyrillic',
  10008: 'gbk',
  20866: 'koi8-r',
  20932: 'euc-jp',
  21866: 'koi8-u',
  51932: 'euc-jp',
  51949: 'euc-kr',
  54936: 'gb18030',
  65001: 'utf-8',
}

/** Text has hardly any control characters, and few characters that could not be decoded. */
function checked(file: SourceFile, text: string, encoding: string): DecodedText {
  const sample = text.slice(0, 100_000)
  const controls = encoding === 'utf-8' ? 0 : (sample.match(/[^\P{Cc}\s]/gu)?.length ?? 0)
  if (sample.includes('\0') || controls > Math.max(2, sample.length / 200)) {
    const at = file.bytes.indexOf(0)
    throw refuse(
      file.source,
      'binary',
      `is no text: ${at < 0 ? 'it has control characters' : `it has a NUL byte at ${at}`}`,
    )
  }
  // The last character may be cut without more being wrong.
  const inside = sample.length > 20 ? sample.slice(0, -1) : sample
  const lost = encoding === 'utf-8' ? 0 : (inside.match(/\ufffd/g)?.length ?? 0)
  if (lost > sample.length / 50) {
    throw refuse(file.source, 'encoding', `is in no encoding that is known here (${encoding} is the likeliest)`)
  }
  return { text, encoding }
}

/** UTF-16 without a mark: every other byte is nearly always zero, or the high byte of a Han character or kana. */
function looksLikeUtf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const sample = bytes.subarray(0, sampleBytesMax & ~1)
  if (sample.length < 4 || bytes.length % 2 !== 0) return undefined
  const zeros = [0, 0]
  for (let index = 0; index < sample.length; index++)
    if (sample[index] === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  const half = sample.length / 2
  if (odd > half * 0.3 && even < half * 0.05) return 'utf-16le'
  if (even > half * 0.3 && odd < half * 0.05) return 'utf-16be'
  if (even + odd > 0 || tryDecode(sample.subarray(0, sample.length - 4), 'utf-8') !== undefined) {
    if (even + odd === 0) return undefined
  }
  for (const encoding of ['utf-16le', 'utf-16be'] as const) {
    const text = tryDecode(sample, encoding)
    if (text !== undefined && scoreOf(text.slice(0, 2_000)) > 1) return encoding
  }
  return undefined
}

const doubleByte = ['gb18030', 'big5', 'shift_jis', 'euc-jp', 'euc-kr'] as const

/** What bytes that are no UTF-8 look like: by the characters that are common in each script, else by statistics. */
function guess(file: SourceFile): string {
  const sample = file.bytes.subarray(0, sampleBytesMax)
  let best: { readonly encoding: string; readonly score: number } | undefined
  for (const encoding of doubleByte) {
    const text = decodeSample(sample, encoding, file.bytes.length > sample.length)
    if (text === undefined) continue
    const score =
      (isLonely(text) ? -1 : scoreOf(text)) +
      (encoding === 'euc-kr' ? hangulShare(text) : 0) +
      kanaShare(text, encoding)
    if (best === undefined || score > best.score) best = { encoding, score }
  }
  if (best !== undefined && best.score > 0.6) return best.encoding
  const script = findScriptEncoding(sample)
  if (script !== undefined) return script
  const found = loadPackage<typeof Chardet>('chardet').detect(sample)
  const charset = found === null ? undefined : findCharset(found)
  if (charset === undefined) return best?.encoding ?? 'windows-1252'
  return /^(utf|ascii)/.test(charset) ? 'windows-1252' : charset
}

/** Decoded strictly; the last character of a sample may be cut. */
function decodeSample(sample: Uint8Array, encoding: string, isCut: boolean): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(sample, { stream: isCut })
  } catch {
    return undefined
  }
}

/** From below 0 to 2: how much of what is not ASCII is what Chinese, Japanese and Korean text is made of. */
function scoreOf(text: string): number {
  let score = 0
  let count = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (code < 0x80) continue
    count++
    if (code >= 0xe000 && code <= 0xf8ff) score -= 3
    else if (commonHan.has(character)) score += 2
    else if (code >= 0x4e00 && code <= 0x9fff) score += 0.2
    else if (code >= 0x3000 && code <= 0x303f) score += 1
    else if (code >= 0xff01 && code <= 0xff5e) score += 1
    else score -= code >= 0xff61 && code <= 0xff9f ? 1 : 0.3
  }
  return count === 0 ? -1 : score / count
}

/** Han characters that stand alone between Latin letters: accented letters that were taken for halves of them. */
function isLonely(text: string): boolean {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0
  const lonely = text.match(/(?<!\P{ASCII})\p{Script=Han}(?!\P{ASCII})/gu)?.length ?? 0
  return han > 0 && lonely > han * 0.5
}

function hangulShare(text: string): number {
  return 1.5 * share(text, /[\uac00-\ud7a3]/g)
}

function kanaShare(text: string, encoding: string): number {
  if (encoding === 'shift_jis' || encoding === 'euc-jp') return 1.8 * share(text, /[\u3040-\u30ff]/g)
  return -share(text, /[\u3040-\u30ff]/g)
}

function share(text: string, pattern: RegExp): number {
  const others = text.match(/[^\0-\u007f]/gu)?.length ?? 0
  return others === 0 ? 0 : (text.match(pattern)?.length ?? 0) / others
}

/** Characters that every Chinese text has many of, simplified and traditional, with the marks between them. */
const commonHan: ReadonlySet<string> = new Set(
  '的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九通目华报立活神数件安表原车应路期叫死常提感金何更反合放做系计或司利受光王果界及今京务制解各任至清物台象记边共风战干接它许八特' +
    '這個來國們為說時會過學對後發還沒開經動兩長現將實與進機業點種聲問給幾間電門東氣關並內產萬處總場師書員報馬張難數車應親務樣話題統愛認論義術結資隊帶條變聯權領傳決達辦運強轉眾語滿識極錢黨設雙歷廣議讓單據導專視濟離雖壞興線堅體頭' +
    '，。、；：「」『』（）《》！？…—',
)
