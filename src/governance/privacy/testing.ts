import type { Random } from '../../core/random.ts'
import { pick } from '../../core/testing.ts'

/**
 * Identifiers made up for tests and scorecards, their check digits reckoned by the tables that the standards print and
 * not by the product's own arithmetic.
 */
export interface Maker {
  readonly type: string
  /** One that is valid. */
  make(random: Random): string
  /** The same with one character of its check changed, so that the check fails; `undefined` for types that have no check. */
  spoil: ((value: string, random: Random) => string) | undefined
}

const digits = (random: Random, count: number): string =>
  Array.from({ length: count }, () => Math.floor(random.next() * 10)).join('')
const two = (value: number): string => String(value).padStart(2, '0')

const regions = ['110101', '310115', '440305', '510104', '330106', '420111', '610102', '650102', '540102', '460105']
const idWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]

function makeResidentId(random: Random): string {
  const year = 1930 + Math.floor(random.next() * 90)
  const month = 1 + Math.floor(random.next() * 12)
  const date = 1 + Math.floor(random.next() * 28)
  const body = `${pick(random, regions)}${year}${two(month)}${two(date)}${digits(random, 3)}`
  const sum = idWeights.reduce((total, weight, index) => total + weight * Number(body[index]), 0)
  return body + '10X98765432'.charAt(sum % 11)
}

const usccAlphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY'
const usccWeights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]

function makeUscc(random: Random): string {
  const body = Array.from({ length: 9 }, () => pick(random, Array.from(usccAlphabet))).join('')
  const code = `${pick(random, ['91', '92', '93', '51', '52', '11', '12'])}${pick(random, regions)}${body}`
  const sum = usccWeights.reduce((total, weight, index) => total + weight * usccAlphabet.indexOf(code.charAt(index)), 0)
  return code + usccAlphabet.charAt((31 - (sum % 31)) % 31)
}

function makeCard(prefixes: readonly string[], lengths: readonly number[]): (random: Random) => string {
  return (random) => {
    const prefix = pick(random, prefixes)
    const length = pick(random, lengths)
    const body = prefix + digits(random, length - prefix.length - 1)
    const sum = Array.from(body)
      .toReversed()
      .reduce((total, digit, index) => {
        const value = Number(digit) * (index % 2 === 0 ? 2 : 1)
        return total + Math.floor(value / 10) + (value % 10)
      }, 0)
    return body + String((10 - (sum % 10)) % 10)
  }
}

function makeHongKong(random: Random): string {
  const letter = pick(random, Array.from('ABCDEFGHKMPRSVWYZ'))
  const body = digits(random, 6)
  // 324 is 9 x 36, the blank before a single letter.
  const sum = Array.from(body).reduce((total, digit, index) => total + Number(digit) * (7 - index), 0)
  const rest = (324 + (letter.charCodeAt(0) - 55) * 8 + sum) % 11
  const check = rest === 0 ? '0' : rest === 1 ? 'A' : String(11 - rest)
  return `${letter}${body}(${check})`
}

const taiwanCodes: Readonly<Record<string, number>> = {
  A: 10,
  B: 11,
  C: 12,
  F: 15,
  H: 17,
  I: 34,
  O: 35,
  W: 32,
  Z: 33,
  X: 30,
}

function makeTaiwan(random: Random): string {
  const letter = pick(random, Object.keys(taiwanCodes))
  const body = `${pick(random, ['1', '2', '8', '9'])}${digits(random, 7)}`
  const code = taiwanCodes[letter] ?? 0
  const weights = [8, 7, 6, 5, 4, 3, 2, 1]
  const sum = weights.reduce((total, weight, index) => total + weight * Number(body[index]), 0)
  const rest = (Math.floor(code / 10) + (code % 10) * 9 + sum) % 10
  return `${letter}${body}${(10 - rest) % 10}`
}

function makePassport(random: Random): string {
  const start = pick(random, ['E', 'G', 'EA', 'EK'])
  return start + digits(random, 9 - start.length)
}

function makePlate(random: Random): string {
  const start = pick(random, Array.from('京沪粤苏浙川渝鄂湘鲁豫')) + pick(random, Array.from('ABCDEFGHJK'))
  if (random.next() < 0.4) return `${start}${pick(random, ['D', 'F'])}${digits(random, 5)}`
  return `${start}${pick(random, Array.from('ABCDEFGHJKLMNPQRSTUVWXYZ0123456789'))}${digits(random, 4)}`
}

/** Another last character of the same alphabet. */
function spoilLast(alphabet: string): (value: string, random: Random) => string {
  return (value, random) => {
    const bracket = value.endsWith(')') ? ')' : ''
    const body = bracket === '' ? value : value.slice(0, -1)
    const others = Array.from(alphabet).filter((character) => character !== body.at(-1))
    return body.slice(0, -1) + pick(random, others) + bracket
  }
}

/** The Chinese identifiers, all of which the recognisers know. */
export const chineseMakers: readonly Maker[] = [
  { type: 'cn-resident-id', make: makeResidentId, spoil: spoilLast('0123456789X') },
  { type: 'cn-uscc', make: makeUscc, spoil: spoilLast(usccAlphabet) },
  {
    type: 'cn-bank-card',
    make: makeCard(['622202', '622848', '621700', '623668'], [16, 19]),
    spoil: spoilLast('0123456789'),
  },
  { type: 'hk-id', make: makeHongKong, spoil: spoilLast('0123456789A') },
  { type: 'tw-id', make: makeTaiwan, spoil: spoilLast('0123456789') },
  {
    type: 'cn-mobile',
    make: (random) => `1${pick(random, Array.from('3456789'))}${digits(random, 9)}`,
    spoil: undefined,
  },
  { type: 'cn-passport', make: makePassport, spoil: undefined },
  { type: 'cn-license-plate', make: makePlate, spoil: undefined },
]

/** Sentences around an identifier: with and without spaces, simplified and traditional, English, lists, tables. */
const carriers: readonly ((value: string) => string)[] = [
  (value) => `登记信息如下，号码为${value}，请核对。`,
  (value) => `客户张伟（${value}）已经签约。`,
  (value) => `编号:${value}`,
  (value) => `${value}是他提供的。`,
  (value) => `資料登記：${value}。請確認`,
  (value) => `姓名\t号码\n李娜\t${value}\n`,
  (value) => `1、${value}；2、其他内容`,
  (value) => `「${value}」`,
]

export function carry(value: string, random: Random): { readonly text: string; readonly start: number } {
  const text = pick(random, carriers)(value)
  return { text, start: text.indexOf(value) }
}

/** The same identifier as other people write it: full-width, or with blanks where the type has them. */
export function restyle(type: string, value: string, random: Random): string {
  const style = random.next()
  if (style < 0.25) return toFullWidth(value)
  if (style < 0.4 && type === 'cn-mobile') return `${value.slice(0, 3)}-${value.slice(3, 7)}-${value.slice(7)}`
  if (style < 0.4 && type === 'cn-bank-card') return value.replaceAll(/(\d{4})(?=\d)/g, '$1 ')
  if (style < 0.4 && type === 'cn-resident-id') return `${value.slice(0, 6)} ${value.slice(6, 14)} ${value.slice(14)}`
  if (style < 0.4 && type === 'cn-license-plate') return `${value.slice(0, 2)}·${value.slice(2)}`
  return style < 0.5 && /^\d+X$/.test(value) ? value.toLowerCase() : value
}

function toFullWidth(value: string): string {
  return value.replaceAll(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0))
}
