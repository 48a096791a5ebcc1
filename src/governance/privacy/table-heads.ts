/** What stands above a place in a table: its column's head. */
export interface TableHeads {
  /** The head of the cell at this place, empty where there is none. */
  headOf(at: number): string
}

const marks = ['\t', '|', ',', ';'] as const
const headLengthMax = 2_000
/** A cell further from the start of its line is not counted to. */
const rowLengthMax = 4_000

/** Whether a mark stands near on the same line: without one, nothing has to be looked for. */
export function hasMarkNear(text: string, at: number): boolean {
  return hasMark(text, at - 1, -1) || hasMark(text, at, 1)
}

function hasMark(text: string, from: number, step: 1 | -1): boolean {
  for (let at = from, count = 0; count < nearMax; at += step, count++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x2c || unit === 0x09 || unit === 0x7c || unit === 0x3b) return true
    if (unit === 0x0a || Number.isNaN(unit)) return false
  }
  return false
}

const nearMax = 64
const markAny = /[\t|,;]/

interface Table {
  readonly mark: Mark
  readonly heads: readonly string[]
}

/**
 * Tables of lines that are parted by tabs, bars, commas or semicolons: neighbouring lines with the same number of them, quotes left
 * out, under a first line that has no number in it. Read upwards from where it is asked, each row once: linear in the text.
 */
export function createTableHeads(text: string): TableHeads {
  /** By where a line starts; `undefined` for one that is no row. */
  const known = new Map<number, Table | undefined>()

  function tableOf(start: number): Table | undefined {
    if (known.has(start)) return known.get(start)
    const own = countMarks(text, start)
    let above = lineAbove(text, start)
    const mark = marks.find((each) => (own[each] ?? 0) > 0 && above !== undefined && isAlike(above, each, own))
    let table: Table | undefined
    const rows = [start]
    while (mark !== undefined && above !== undefined) {
      const line = above
      above = lineAbove(text, line)
      if (known.get(line)?.mark === mark) table = known.get(line)
      else if (above !== undefined && isAlike(above, mark, own)) {
        rows.push(line)
        continue
      } else table = readHeads(text.slice(line, endOfLine(text, line)), mark)
      break
    }
    for (const row of rows) known.set(row, table)
    return table
  }

  function isAlike(line: number, mark: Mark, counts: Counts): boolean {
    return countMarks(text, line)[mark] === counts[mark]
  }

  return {
    headOf(at) {
      const back = text.slice(Math.max(0, at - rowLengthMax), at)
      const start = at - back.length + back.lastIndexOf('\n') + 1
      const isFar = back.length === rowLengthMax && !back.includes('\n')
      const table = isFar ? undefined : tableOf(start)
      return table?.heads[cellsOf(text.slice(start, at), table.mark).length - 1] ?? ''
    },
  }
}

type Mark = (typeof marks)[number]
type Counts = Readonly<Partial<Record<Mark, number>>>

/** How often each mark stands in the line, outside of quotes; none in a very long one. */
function countMarks(text: string, start: number): Counts {
  const line = text.slice(start, endOfLine(text, start))
  if (line.length > rowLengthMax || !markAny.test(line)) return {}
  return Object.fromEntries(marks.map((mark) => [mark, cellsOf(line, mark).length - 1]))
}

function lineAbove(text: string, start: number): number | undefined {
  return start === 0 ? undefined : start === 1 ? 0 : text.lastIndexOf('\n', start - 2) + 1
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf('\n', start)
  return end === -1 ? text.length : end
}

function readHeads(line: string, mark: Mark): Table | undefined {
  if (line.length > headLengthMax || /\d{4}/.test(line)) return undefined
  return { mark, heads: cellsOf(line, mark) }
}

/** The cells of a line; marks between quotes are text. */
function cellsOf(line: string, mark: string): readonly string[] {
  if (!line.includes('"')) return line.split(mark)
  const cells = ['']
  let isQuoted = false
  for (const character of line) {
    if (character === '"') isQuoted = !isQuoted
    if (character === mark && !isQuoted) cells.push('')
    else cells[cells.length - 1] += character
  }
  return cells
}
