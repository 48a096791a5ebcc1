import { crc32 } from 'node:zlib'

/** Bits for each character, by how often each occurs (Shannon). */
function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

/** Looks like chance: enough bits for its length, and no word that stands for a key in examples. */
export function isRandom(text: string, bitsMin = 3): boolean {
  return entropyOf(text) >= bitsMin && !placeholder.test(text)
}

/** Each in one case, as people write words: chance mixes them, and `oYoUR` is chance. */
const placeholder = new RegExp(
  [
    ...'example sample dummy placeholder your redacted changeme xxxx abcdefgh test_key testkey'
      .split(' ')
      .flatMap((word) => [word, word.toUpperCase(), word.charAt(0).toUpperCase() + word.slice(1)]),
    '\\*\\*\\*|\\.\\.\\.|<|>|1234567890|process\\.env|os\\.environ|%[sdv]|\\$\\{',
  ].join('|'),
)

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** GitHub and npm: the last six characters are the CRC-32 of those between prefix and them, in base 62. */
export function hasCrcTail(token: string): boolean {
  const body = token.slice(token.indexOf('_') + 1)
  return body.length > 6 && toBase62(crc32(body.slice(0, -6))) === body.slice(-6)
}

export function toBase62(value: number): string {
  let rest = value
  let text = ''
  for (let place = 0; place < 6; place++) {
    text = (base62[rest % 62] ?? '') + text
    rest = Math.floor(rest / 62)
  }
  return text
}

const bech32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'

/** Bech32 (BIP 173): the last six characters check the rest. */
export function isBech32(text: string): boolean {
  const lower = text.toLowerCase()
  const mark = lower.lastIndexOf('1')
  const values = lower
    .slice(mark + 1)
    .split('')
    .map((character) => bech32.indexOf(character))
  return (
    mark > 0 && values.length > 6 && !values.includes(-1) && polymod([...expand(lower.slice(0, mark)), ...values]) === 1
  )
}

/** The six characters that make a text right; for making keys in tests. */
export function toBech32Tail(prefix: string, data: string): string {
  const values = data.split('').map((character) => bech32.indexOf(character))
  const sum = polymod([...expand(prefix), ...values, 0, 0, 0, 0, 0, 0]) ^ 1
  return Array.from({ length: 6 }, (_, index) => bech32[(sum >>> (5 * (5 - index))) & 31]).join('')
}

function expand(prefix: string): readonly number[] {
  const codes = prefix.split('').map((character) => character.charCodeAt(0))
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)]
}

function polymod(values: readonly number[]): number {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
  let sum = 1
  for (const value of values) {
    const top = sum >>> 25
    sum = ((sum & 0x1ffffff) << 5) ^ value
    for (const [index, generator] of generators.entries()) if (((top >> index) & 1) === 1) sum ^= generator
  }
  return sum >>> 0
}

/** A JSON Web Token: its first part is a JSON object that names an algorithm. */
export function isJwt(token: string): boolean {
  const [head = ''] = token.split('.')
  try {
    const value: unknown = JSON.parse(Buffer.from(head, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && 'alg' in value
  } catch {
    return false
  }
}

/** A body of base 64 long enough for a key stands in the block. */
export function hasKeyBody(block: string): boolean {
  const body = block.replace(/-----[^-]*-----/g, ' ').replaceAll('\\n', '\n')
  return /[A-Za-z0-9+/=]{40}/.test(body)
}
