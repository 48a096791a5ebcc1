import { childrenOf, findPath, type Element } from '../../reading/index.ts'
import { columnsMax } from '../office/tables.ts'
import { valueOf } from './styles.ts'

/** A cell of a table as it stands in the file: which columns it spans, and whether it goes on from the row above. */
export interface TableCell {
  readonly element: Element
  readonly column: number
  readonly span: number
  readonly goesOn: boolean
}

/** The rows of a table, cells at their columns. Cells in controls of forms count as theirs. */
export function readRows(table: Element): readonly (readonly TableCell[])[] {
  return unwrap(table, 'w:tr')
    .filter(isKept)
    .map((row) => {
      const cells: TableCell[] = []
      let column = numberOf(valueOf(row, 'w:trPr', 'w:gridBefore'), 0)
      for (const element of unwrap(row, 'w:tc')) {
        const properties = findPath(element, 'w:tcPr')
        const span = Math.max(1, numberOf(valueOf(properties, 'w:gridSpan'), 1))
        const merge = findPath(properties, 'w:vMerge')
        const goesOn = merge !== undefined && (merge.attributes['w:val'] ?? 'continue') === 'continue'
        if (column + span > columnsMax) break
        cells.push({ element, column, span, goesOn })
        column += span
      }
      return cells
    })
}

/** Rows that tracked changes have deleted are gone. */
function isKept(row: Element): boolean {
  return findPath(row, 'w:trPr', 'w:del') === undefined
}

/** Children of a name, also inside controls, tracked insertions and custom markup. */
function unwrap(element: Element, name: string): readonly Element[] {
  return childrenOf(element).flatMap((child) => {
    if (child.name === name) return [child]
    if (child.name === 'w:sdt') {
      const content = findPath(child, 'w:sdtContent')
      return content === undefined ? [] : unwrap(content, name)
    }
    return ['w:customXml', 'w:ins', 'w:sdtContent', 'w:smartTag'].includes(child.name) ? unwrap(child, name) : []
  })
}

function numberOf(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? Number.NaN : Number(text)
  return Number.isInteger(number) && number >= 0 && number <= columnsMax ? number : otherwise
}
