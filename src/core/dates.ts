const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const monthName = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?'

/** Year, month, day: `2024-03-05`, `2024年3月5日`; `March 5, 2024`; `5 March 2024`. */
const forms = [
  { pattern: /(?<!\d)(\d{4})(?:[-/.]|\s?年\s?)(\d{1,2})(?:[-/.]|\s?月\s?)(\d{1,2})(?!\d)/g, order: [0, 1, 2] },
  { pattern: new RegExp(`\\b${monthName}\\s+(\\d{1,2})(?:st|nd|rd|th)?,?\\s+(\\d{4})\\b`, 'gi'), order: [2, 0, 1] },
  {
    pattern: new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)?\\s+(?:of\\s+)?${monthName},?\\s+(\\d{4})\\b`, 'gi'),
    order: [2, 1, 0],
  },
] as const

export interface FoundDate {
  /** `20240305`. */
  readonly date: string
  readonly start: number
  readonly end: number
}

/** Whole dates in a text, however they are written, by form and then by place. */
export function findDates(text: string): readonly FoundDate[] {
  return forms.flatMap(({ pattern, order: [yearAt, monthAt, dayAt] }) =>
    [...text.matchAll(pattern)].flatMap((match) => {
      const year = match[yearAt + 1] ?? ''
      const [month, day] = [toMonth(match[monthAt + 1] ?? ''), Number(match[dayAt + 1])]
      if (month < 1 || month > 12 || day < 1 || day > 31) return []
      const date = `${year}${String(month).padStart(2, '0')}${String(day).padStart(2, '0')}`
      return [{ date, start: match.index, end: match.index + match[0].length }]
    }),
  )
}

function toMonth(written: string): number {
  return /^\d+$/.test(written) ? Number(written) : months.indexOf(written.slice(0, 3).toLowerCase()) + 1
}
