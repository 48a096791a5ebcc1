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
