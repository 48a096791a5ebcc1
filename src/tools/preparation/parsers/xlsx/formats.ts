import { childrenOf, findPath, type Element } from '../../reading/index.ts'
import { money, plainNumber, showSpan, type Shown } from '../office/values.ts'

/** How the numbers of cells are shown, by the index of their style. */
export interface CellFormats {
  /** A number as it reads: dates as `2024-01-31`, shares as `12.5%`, money with its sign; the digits are never rounded. */
  show(value: number, style: number): Shown
}

type Format =
  | { readonly type: 'plain' }
  | { readonly type: 'percent' }
  | { readonly type: 'date'; readonly hasDate: boolean; readonly hasTime: boolean }
  | { readonly type: 'elapsed' }
  | { readonly type: 'unit'; readonly unit: string; readonly isBefore: boolean }

export function readCellFormats(root: Element | undefined, epoch: 1900 | 1904): CellFormats {
  const styles = findPath(root, 'styleSheet')
  const codes = new Map<number, string>()
  for (const { attributes } of childrenOf(findPath(styles, 'numFmts'), 'numFmt')) {
    codes.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? '')
  }
  const formats = childrenOf(findPath(styles, 'cellXfs'), 'xf').map(({ attributes }) => {
    const id = Number(attributes['numFmtId'] ?? 0)
    return readFormat(codes.get(id) ?? builtIn(id))
  })
  return { show: (value, style) => show(value, formats[style] ?? { type: 'plain' }, epoch) }
}

/** Codes that files refer to without stating them (ECMA-376, 18.8.30). */
function builtIn(id: number): string {
  if (id === 9 || id === 10) return '0%'
  if (
    (id >= 14 && id <= 17) ||
    (id >= 27 && id <= 31) ||
    id === 36 ||
    (id >= 50 && id <= 54) ||
    id === 57 ||
    id === 58
  ) {
    return 'yyyy-mm-dd'
  }
  if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47) || id === 55 || id === 56)
    return 'h:mm:ss'
  return id === 22 ? 'yyyy-mm-dd h:mm' : 'General'
}

function readFormat(code: string): Format {
  const [section = ''] = code.split(';')
  const literals: string[] = []
  const bare = section
    .replace(/"([^"]*)"/g, (_, text: string) => keep(literals, text))
    .replace(/\[\$([^\]-]*)(?:-[^\]]*)?\]/g, (_, text: string) => keep(literals, text))
    .replace(/\[(?:h+|m+|s+)\]/gi, 'h')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\\(.)/g, (_, character: string) => keep(literals, character))
    .replace(/[_*]./g, '')
  // Hours, minutes or seconds in brackets go on beyond a day.
  if (/\[(?:h+|m+|s+)\]/i.test(section.replace(/"[^"]*"/g, ''))) return { type: 'elapsed' }
  if (/General/i.test(bare) && literals.join('').trim() === '') return { type: 'plain' }
  if (/[ymdhs]/i.test(bare.replace(/General/gi, '')) && !/[0#?]/.test(bare.replace(/[.,]0+/g, ''))) {
    return { type: 'date', hasDate: /[yd]|m(?!.*[hs])(?<!h.*)/i.test(bare), hasTime: /[hs]/i.test(bare) }
  }
  if (bare.includes('%')) return { type: 'percent' }
  const digits = bare.search(/[0#?]/)
  const sign = money.exec(bare)?.[0]
  if (sign !== undefined) return { type: 'unit', unit: sign, isBefore: bare.indexOf(sign) < digits }
  const number = literals.findIndex((literal) => /[\p{L}°%‰\p{Sc}]/u.test(literal))
  const unit = literals[number]?.trim()
  if (unit === undefined || digits < 0) return { type: 'plain' }
  const place = bare.split(literalSign, number + 1).join(literalSign).length
  return { type: 'unit', unit, isBefore: place < digits }
}

/** Stands for a literal in a code; no letter, so that it is taken for none. */
const literalSign = '\u2063'

/** Puts a literal aside, so that its letters are not taken for codes. */
function keep(literals: string[], text: string): string {
  literals.push(text)
  return literalSign
}

function show(value: number, format: Format, epoch: 1900 | 1904): Shown {
  switch (format.type) {
    case 'percent':
      return { text: `${plainNumber(value * 100)}%`, unit: '%' }
    case 'date':
      return { text: showDate(value, format, epoch) ?? plainNumber(value), unit: undefined }
    case 'elapsed':
      return { text: showSpan(value * 86_400), unit: undefined }
    case 'unit': {
      const number = plainNumber(value)
      const gap = /^[\p{L}]{2}/u.test(format.unit) || !format.isBefore ? ' ' : ''
      const text = format.isBefore ? `${format.unit}${gap}${number}` : `${number}${gap}${format.unit}`
      return { text, unit: format.unit }
    }
    default:
      return { text: plainNumber(value), unit: undefined }
  }
}

const dayMs = 86_400_000

function showDate(value: number, format: Extract<Format, { type: 'date' }>, epoch: 1900 | 1904): string | undefined {
  if (!(value >= 0 && value < 2_958_466)) return undefined
  // Day 60 of the 1900 epoch is a leap day that never was.
  const days = epoch === 1904 ? value + 1_462 : value < 60 ? value + 1 : value
  const date = new Date(Math.round((days - 25_569) * dayMs))
  const iso = date.toISOString()
  const time = iso.slice(11, 19)
  if (!format.hasDate) return time
  return format.hasTime ? `${iso.slice(0, 10)} ${time}` : iso.slice(0, 10)
}
