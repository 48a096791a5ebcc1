/** Rows as CSV (RFC 4180): fields with commas, quotes or line breaks in quotes, lines ended by CRLF. */
export function toCsv(columns: readonly string[], rows: readonly Readonly<Record<string, string | null>>[]): string {
  const line = (fields: readonly string[]): string => `${fields.map(toField).join(',')}\r\n`
  return line(columns) + rows.map((row) => line(columns.map((column) => row[column] ?? ''))).join('')
}

/** A field that a spreadsheet would run as a formula is shown as text. */
function toField(value: string): string {
  const safe = /^[=+@\t\r]/.test(value) || /^-[^\d.]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A table read from CSV: the names of its columns, and its rows with the line each begins on. */
export interface CsvTable {
  readonly columns: readonly string[]
  readonly rows: readonly { readonly line: number; readonly fields: readonly string[] }[]
}

/** Reads CSV: quotes, line breaks inside them, LF and CRLF, a byte order mark. A quote left open is a fault with its line. */
export function readCsv(text: string): CsvTable | { readonly fault: string } {
  const records: { line: number; fields: string[] }[] = []
  let fields: string[] = []
  let field = ''
  let isQuoted = false
  let line = 1
  let begunAt = 1
  const source = text.startsWith('\ufeff') ? text.slice(1) : text
  const endRecord = (): void => {
    fields.push(field)
    if (fields.length > 1 || field !== '') records.push({ line: begunAt, fields })
    fields = []
    field = ''
    begunAt = line
  }
  for (let index = 0; index < source.length; index++) {
    const letter = source[index] ?? ''
    if (letter === '\n') line++
    if (isQuoted) {
      if (letter !== '"') field += letter
      else if (source[index + 1] === '"') {
        field += '"'
        index++
      } else isQuoted = false
    } else if (letter === '"' && field === '') isQuoted = true
    else if (letter === ',') {
      fields.push(field)
      field = ''
    } else if (letter === '\n') endRecord()
    else if (letter !== '\r' || source[index + 1] !== '\n') field += letter
  }
  if (isQuoted) return { fault: `the quote that opens on line ${begunAt} is never closed` }
  endRecord()
  const [head, ...rows] = records
  if (head === undefined) return { fault: 'the file is empty' }
  return { columns: head.fields.map((name) => name.trim()), rows }
}
