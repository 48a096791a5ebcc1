import type { Element } from '../../reading/index.ts'
import { money, plainNumber, showInstant, showSpan, showTruth, type Shown } from '../office/values.ts'

/** What a cell shows: its own words where the program wrote them, else its value. */
export function showValue({ attributes }: Element, words: string): Shown {
  const type = attributes['office:value-type'] ?? attributes['calcext:value-type'] ?? ''
  // A column that is too narrow shows crosses.
  const isShown = words !== '' && (type === 'string' || !/^#+$/.test(words))
  const text = isShown ? words : toText(type, attributes) || words
  return { text, unit: unitOf(type, text, attributes['office:currency']) }
}

function toText(type: string, attributes: Element['attributes']): string {
  const value = Number(attributes['office:value'] ?? Number.NaN)
  const known = Number.isFinite(value) ? plainNumber(value) : undefined
  switch (type) {
    case 'percentage':
      return known === undefined ? '' : `${plainNumber(value * 100)}%`
    case 'currency':
      return [known ?? '', attributes['office:currency'] ?? ''].join(' ').trim()
    case 'date':
      return showInstant(attributes['office:date-value'] ?? '')
    case 'time':
      return toTime(attributes['office:time-value'] ?? '')
    case 'boolean':
      return showTruth(attributes['office:boolean-value'] ?? '')
    case 'string':
      return attributes['office:string-value'] ?? ''
    default:
      return known ?? toFormula(attributes['table:formula'])
  }
}

/** A formula that was never computed is shown itself: `of:=SUM([.A1:.A9])` as `=SUM(A1:A9)`. */
function toFormula(formula: string | undefined): string {
  return (formula ?? '')
    .replace(/^\w+:(?==)/, '')
    .replace(/\[([^\]]*)\]/g, (_, place: string) => place.replace(/(^|:)\./g, '$1'))
}

/** `PT30H15M00S` as `30:15:00`. */
function toTime(duration: string): string {
  const match = /^(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,]\d+)?S)?$/.exec(duration)
  if (match === null) return duration
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(2).map((part) => Number(part ?? 0))
  const total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
  return showSpan(match[1] === '-' ? -total : total)
}

/** The unit that the format of a number adds to its digits. */
function unitOf(type: string, text: string, currency: string | undefined): string | undefined {
  if (type === 'percentage') return '%'
  if (type === 'currency') return money.exec(text)?.[0] ?? currency
  if (type !== 'float') return undefined
  const after = /^[-+−]?\d[\d.,'\u00a0\u202f ]*?\s?([\p{L}\p{Sc}°%‰][\p{L}\p{Sc}°²³/]{0,11})$/u.exec(text)?.[1]
  return after ?? /^[-+−]?(\p{Sc})\s?\d/u.exec(text)?.[1]
}
