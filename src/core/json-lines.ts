import { PlatformError } from './errors.ts'

/** The value of one line of JSON lines. Throws INVALID_REQUEST that names the line, and what would mend it. */
export function parseJsonLine(line: string, lineNumber: number): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    const what = `line ${lineNumber} is not JSON: ${adviseOn(line)}`
    throw new PlatformError('INVALID_REQUEST', what, { param: `line ${lineNumber}`, cause })
  }
}

/** What programs write in the place of a line of JSON, most often. */
function adviseOn(line: string): string {
  if (/[:,[]\s*(?:NaN|-?Infinity|None|True|False)\b/.test(line))
    return 'NaN, Infinity, None, True and False are no JSON; leave out a score, or whatever else is not known'
  if (/^\s*[[{]\s*$/.test(line)) return 'one object to a line, not one array or object over many'
  return 'each line is one whole value, text in quotation marks'
}
