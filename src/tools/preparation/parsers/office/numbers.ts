import { InlineBuilder, type Inline } from '../../canonical/index.ts'

/** What stands before an item of a list or a numbered heading. */
export interface Label {
  readonly text: string
  readonly isBullet: boolean
}

/** How an item begins: plain numbers as Markdown has them, labels of several levels or other scripts after a dash. */
export function toMarker(label: Label): string {
  if (label.isBullet || label.text.trim() === '') return '-'
  const text = label.text.trim()
  return /^\d+[.)]$/.test(text) ? text : `- ${/^\d+$/.test(text) ? `${text}.` : text}`
}

/** A heading with its number. */
export function prefixed(label: Label | undefined, inline: Inline): Inline {
  if (label === undefined || label.isBullet || label.text.trim() === '') return inline
  const words = new InlineBuilder()
  words.run(`${label.text.trim()} `)
  words.append(inline)
  return words.build()
}

/** A number as lists show it, by the name that Office documents have for its kind. */
export function formatNumber(count: number, format: string): string {
  switch (format) {
    case 'upperLetter':
      return toLetters(count).toUpperCase()
    case 'lowerLetter':
      return toLetters(count)
    case 'upperRoman':
      return toRoman(count)
    case 'lowerRoman':
      return toRoman(count).toLowerCase()
    case 'decimalZero':
      return String(count).padStart(2, '0')
    case 'chineseCounting':
    case 'chineseCountingThousand':
    case 'ideographDigital':
    case 'japaneseCounting':
    case 'taiwaneseCounting':
    case 'taiwaneseCountingThousand':
      return toHan(count)
    case 'decimalEnclosedCircle':
    case 'decimalEnclosedCircleChinese':
      return count >= 1 && count <= 20 ? String.fromCodePoint(0x245f + count) : String(count)
    default:
      return String(count)
  }
}

function toLetters(count: number): string {
  if (count < 1 || count > 780) return String(count)
  return String.fromCharCode(97 + ((count - 1) % 26)).repeat(Math.ceil(count / 26))
}

function toRoman(count: number): string {
  if (count < 1 || count > 3_999) return String(count)
  const numerals: readonly (readonly [number, string])[] = [
    [1000, 'M'],
    [900, 'CM'],
    [500, 'D'],
    [400, 'CD'],
    [100, 'C'],
    [90, 'XC'],
    [50, 'L'],
    [40, 'XL'],
    [10, 'X'],
    [9, 'IX'],
    [5, 'V'],
    [4, 'IV'],
    [1, 'I'],
  ]
  let left = count
  let roman = ''
  for (const [value, numeral] of numerals) {
    roman += numeral.repeat(Math.floor(left / value))
    left %= value
  }
  return roman
}

/** 一, 十, 十二, 二十一, 一百零三. */
function toHan(count: number): string {
  if (count < 1 || count > 9_999) return String(count)
  const digits = '零一二三四五六七八九'
  const units = ['', '十', '百', '千']
  let text = ''
  const figures = Array.from(String(count), Number)
  for (const [index, figure] of figures.entries()) {
    const unit = units[figures.length - 1 - index] ?? ''
    if (figure !== 0) text += (digits[figure] ?? '') + unit
    else if (!text.endsWith('零') && figures.slice(index).some((rest) => rest !== 0)) text += '零'
  }
  return text.replace(/^一十/, '十')
}
