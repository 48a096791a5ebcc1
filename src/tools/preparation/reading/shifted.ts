import type { DecodedText } from './decode.ts'

/** Text of encodings that no decoder of the platform knows or that look like ASCII; `undefined` for all others. */
export function decodeShifted(bytes: Uint8Array): DecodedText | undefined {
  const wide = findUtf32(bytes)
  if (wide !== undefined) return { text: decodeUtf32(bytes, wide), encoding: wide }
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, sampleBytesMax)).toString('latin1')
  if (!/^[\0-\u007f]*$/.test(head)) return undefined
  if (head.includes(koreanShift)) return { text: decodeAs('euc-kr', lift(bytes)), encoding: 'iso-2022-kr' }
  if (japaneseShifts.some((shift) => head.includes(shift)))
    return { text: decodeAs('iso-2022-jp', bytes), encoding: 'iso-2022-jp' }
  return undefined
}

const koreanShift = '\u001b$)C'
const japaneseShifts = ['\u001b$@', '\u001b$B', '\u001b(J', '\u001b(I']

const sampleBytesMax = 65_536

type Utf32 = 'utf-32le' | 'utf-32be'

/** By its mark, or since two bytes of every four are zero, and a third is small. */
function findUtf32(bytes: Uint8Array): Utf32 | undefined {
  const [a, b, c, d] = bytes
  if (bytes.length < 4 || bytes.length % 4 !== 0) return undefined
  if (a === 0xff && b === 0xfe && c === 0 && d === 0) return 'utf-32le'
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return 'utf-32be'
  const isLike = (high: number, middle: number): boolean => {
    for (let index = 0; index < Math.min(bytes.length, sampleBytesMax); index += 4) {
      if (bytes[index + high] !== 0 || (bytes[index + middle] ?? 0) > 0x10) return false
    }
    return true
  }
  if (isLike(3, 2)) return 'utf-32le'
  return isLike(0, 1) ? 'utf-32be' : undefined
}

function decodeUtf32(bytes: Uint8Array, encoding: Utf32): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pieces: string[] = []
  for (let index = 0; index + 4 <= bytes.length; index += 4) {
    const code = view.getUint32(index, encoding === 'utf-32le')
    if (index > 0 || code !== 0xfeff) pieces.push(code <= 0x10_ffff ? String.fromCodePoint(code) : '\ufffd')
  }
  return pieces.join('').toWellFormed()
}

function decodeAs(encoding: string, bytes: Uint8Array): string {
  return new TextDecoder(encoding).decode(bytes)
}

/** Sets the high bit of what is shifted, which is how EUC-KR has it; signs of shifts and the head that announces them are left out. */
function lift(bytes: Uint8Array): Uint8Array {
  const lifted = new Uint8Array(bytes.length)
  let length = 0
  let isShifted = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === 0x0e || byte === 0x0f) isShifted = byte === 0x0e
    else if (byte === 0x1b) at += 3
    else {
      if (byte === 0x0a) isShifted = false
      lifted[length++] = isShifted && byte > 0x20 ? byte | 0x80 : byte
    }
  }
  return lifted.subarray(0, length)
}

/** Text in an encoding of seven bits that somebody named and the platform does not know; `undefined` for all others. */
export function decodeNamed(bytes: Uint8Array, label: string): string | undefined {
  const decode = named.get(label)
  return decode !== undefined && bytes.every((byte) => byte < 0x80) ? decode(bytes) : undefined
}

const named: ReadonlyMap<string, (bytes: Uint8Array) => string> = new Map([
  ['iso-2022-kr', (bytes) => decodeAs('euc-kr', lift(bytes))],
  ['hz-gb-2312', decodeHz],
  ['hz', decodeHz],
  ['utf-7', decodeUtf7],
  ['unicode-1-1-utf-7', decodeUtf7],
])

/** GB 2312 between `~{` and `~}` (RFC 1843). */
function decodeHz(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  return text.replace(/~\{([!-~]*?)~\}|~~|~\n/g, (sign, shifted: string | undefined) => {
    if (shifted === undefined) return sign === '~~' ? '~' : ''
    return decodeAs(
      'gb18030',
      Uint8Array.from(shifted, (character) => character.charCodeAt(0) | 0x80),
    )
  })
}

/** UTF-16 as Base64 between `+` and `-` (RFC 2152). */
function decodeUtf7(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  return text.replace(/\+([A-Za-z0-9+/]*)-?/g, (_, packed: string) => {
    if (packed === '') return '+'
    const units = Buffer.from(packed, 'base64')
    return decodeAs('utf-16be', units.subarray(0, units.length & ~1))
  })
}
