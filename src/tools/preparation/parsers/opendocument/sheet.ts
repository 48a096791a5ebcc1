import { childrenOf, findAll, isElement, type Element } from '../../reading/index.ts'
import { HiddenLines } from '../office/hidden.ts'
import { mergesMax, width, type Range, type SheetCell } from '../office/regions.ts'
import { addressOf, type CellComment, type SheetContent } from '../office/sheets.ts'
import type { ParsingLimits } from '../../preparation.ts'
import { countOf } from './counts.ts'
import type { Styles } from './styles.ts'
import { cellsOf, isGroup, linesOf } from './tables.ts'
import { showValue } from './values.ts'
import { readWords, toLine } from './words.ts'

/** Most rows that a sheet of LibreOffice or Excel has. */
const rowsMax = 1_048_576
/** Most times that a row or a cell with words is repeated; programs fill whole columns with one formula. */
const repeatsMax = 1_000
/** Most text that is written more often than the file has it, code units. */
const repeatedUnitsMax = 500_000

export interface Drawn {
  readonly top: number
  readonly element: Element
}

export interface Sheet {
  /** Charts and boxes that are anchored to cells. */
  readonly drawn: readonly Drawn[]
  /** How often what was not read so often is repeated. */
  readonly repeatsCut: ReadonlySet<number>
  content(): Omit<SheetContent, 'drawn'>
}

/** Takes the rows of all sheets as they come, since most of what is in a workbook is cells. */
export class RowsReading {
  readonly #sheets = new Map<Element, SheetReading>()
  readonly #styles: Styles
  readonly #budget: Budget

  constructor(styles: Styles, { nodesMax }: Pick<ParsingLimits, 'nodesMax'>) {
    this.#styles = styles
    this.#budget = { cells: nodesMax, repeatedUnits: repeatedUnitsMax }
  }

  /** A row of a table of the workbook; one that stands elsewhere (kept sources, tracked changes) is no row of a sheet. */
  take(row: Element, above: readonly Element[]): void {
    const place = above.findIndex(({ name }) => name === 'office:spreadsheet')
    const [table, ...groups] = place < 0 ? [] : above.slice(place + 1)
    if (table?.name !== 'table:table' || !groups.every((group) => isGroup(group, 'row'))) return
    const isHidden = groups.some(({ attributes }) => attributes['table:display'] === 'false')
    this.#reading(table).row(row, isHidden)
  }

  sheetOf(table: Element): Sheet {
    return this.#reading(table)
  }

  #reading(table: Element): SheetReading {
    const known = this.#sheets.get(table)
    if (known !== undefined) return known
    const reading = new SheetReading(table, this.#styles, this.#budget)
    this.#sheets.set(table, reading)
    return reading
  }
}

/** What all sheets together may still have. */
interface Budget {
  cells: number
  repeatedUnits: number
}

class SheetReading implements Sheet {
  readonly drawn: Drawn[] = []
  readonly repeatsCut = new Set<number>()
  readonly #cells: SheetCell[] = []
  readonly #merged: Range[] = []
  readonly #comments: CellComment[] = []
  readonly #hidden = new HiddenLines()
  readonly #table: Element
  readonly #styles: Styles
  readonly #budget: Budget
  #row = 0
  #isCut = false

  constructor(table: Element, styles: Styles, budget: Budget) {
    this.#table = table
    this.#styles = styles
    this.#budget = budget
  }

  content(): Omit<SheetContent, 'drawn'> {
    let column = 0
    for (const element of linesOf(this.#table, 'column')) {
      const count = countOf(element, 'table:number-columns-repeated', width)
      if (isHidden(element)) this.#hidden.addColumns(column, column + count - 1)
      column += count
    }
    return {
      cells: this.#cells,
      merged: this.#merged,
      hidden: this.#hidden,
      comments: this.#comments,
      isCut: this.#isCut,
    }
  }

  row(row: Element, isInHidden: boolean): void {
    const top = this.#row
    const count = countOf(row, 'table:number-rows-repeated', rowsMax)
    this.#row = Math.min(rowsMax, top + count)
    const line: SheetCell[] = []
    const merges: Range[] = []
    let column = 0
    for (const cell of cellsOf(row)) {
      const times = countOf(cell, 'table:number-columns-repeated', width)
      if (cell.name === 'table:table-cell' && column < width)
        this.#cell(cell, { row: top, column, times, line, merges })
      column += times
    }
    if (line.length === 0 && merges.length === 0) return
    const repeats = this.#allowed(count, line)
    for (let down = 0; down < repeats; down++) {
      for (const cell of line) this.#push(down === 0 ? cell : { ...cell, row: top + down })
      for (const { left, bottom, right } of merges) {
        if (this.#merged.length < mergesMax) this.#merged.push({ top: top + down, left, bottom: bottom + down, right })
      }
    }
    if (isInHidden || isHidden(row)) this.#hidden.addRows(top, top + count - 1)
  }

  #cell(cell: Element, at: CellPlace): void {
    if (cell.children.length === 0 && cell.attributes['office:value-type'] === undefined && !hasFormula(cell)) return
    const words = this.#words(cell, at)
    const { text, unit } = showValue(cell, words)
    const { row, column, times, line, merges } = at
    const right = column + countOf(cell, 'table:number-columns-spanned', width) - 1
    const bottom = row + countOf(cell, 'table:number-rows-spanned', rowsMax) - 1
    if (text.trim() === '') return
    if (right > column || bottom > row) merges.push({ top: row, left: column, bottom, right })
    const one = { row, column, text, unit }
    const repeats = this.#allowed(Math.min(times, width - column), [one])
    for (let across = 0; across < repeats; across++) line.push(across === 0 ? one : { ...one, column: column + across })
  }

  /** The words of the cell as they are shown; what else lies in it is put aside. */
  #words(cell: Element, { row, column }: CellPlace): string {
    const pieces: string[] = []
    for (const child of childrenOf(cell)) {
      if (child.name === 'office:annotation') {
        const line = toLine(child)
        if (line !== '') this.#comments.push({ cell: addressOf(row, column), line })
      } else if (child.name.startsWith('draw:')) this.drawn.push({ top: row, element: { ...cell, children: [child] } })
      else pieces.push(...this.#paragraphs(child))
    }
    return pieces.filter((piece) => piece !== '').join(' ')
  }

  #paragraphs(element: Element): readonly string[] {
    const paragraphs = isParagraph(element) ? [element] : findAll(element, 'text:p', 'text:h')
    return paragraphs.map((paragraph) => {
      const [only] = paragraph.children
      if (paragraph.children.length === 1 && only !== undefined && !isElement(only)) return only.text.trim()
      return readWords(paragraph, { styles: this.#styles }).inline.text
    })
  }

  /** How often what was asked for is written. */
  #allowed(times: number, cells: readonly SheetCell[]): number {
    if (times === 1) return 1
    const units = cells.reduce((sum, { text }) => sum + text.length + 1, 0)
    const affordable = 1 + Math.floor(Math.max(0, this.#budget.repeatedUnits) / Math.max(1, units))
    const allowed = Math.min(times, repeatsMax, affordable)
    this.#budget.repeatedUnits -= (allowed - 1) * units
    if (allowed < times && cells.length > 0) this.repeatsCut.add(times)
    return allowed
  }

  #push(cell: SheetCell): void {
    if (this.#budget.cells <= 0 || cell.row >= rowsMax) {
      this.#isCut = true
      return
    }
    this.#budget.cells--
    this.#cells.push(cell)
  }
}

interface CellPlace {
  readonly row: number
  readonly column: number
  readonly times: number
  readonly line: SheetCell[]
  readonly merges: Range[]
}

function isParagraph({ name }: Element): boolean {
  return name === 'text:p' || name === 'text:h'
}

function hasFormula({ attributes }: Element): boolean {
  return attributes['table:formula'] !== undefined
}

/** `filter` is what does not pass a filter that is on. */
function isHidden({ attributes }: Element): boolean {
  return ['collapse', 'filter'].includes(attributes['table:visibility'] ?? '')
}
