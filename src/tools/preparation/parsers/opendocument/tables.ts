import { childrenOf, type Element } from '../../reading/index.ts'
import { columnsMax } from '../office/tables.ts'
import { countOf } from './counts.ts'

/** Most times that a row with words is repeated. */
const repeatsMax = 1_000

/** The grid of a table: the cell that stands in each place, merged ones in every place they cover. */
export function toGrid(table: Element): readonly (readonly (Element | undefined)[])[] {
  const grid: (Element | undefined)[][] = []
  const carried: ({ readonly cell: Element; readonly until: number } | undefined)[] = []
  for (const row of linesOf(table, 'row')) {
    const isEmpty = childrenOf(row).every((cell) => cell.children.length === 0)
    const repeats = isEmpty ? 1 : countOf(row, 'table:number-rows-repeated', repeatsMax)
    for (let repeat = 0; repeat < repeats; repeat++) {
      const line: (Element | undefined)[] = []
      for (const cell of cellsOf(row)) {
        const count = countOf(cell, 'table:number-columns-repeated', columnsMax)
        for (let each = 0; each < count && line.length < columnsMax; each++) {
          const above = carried[line.length]
          if (cell.name === 'table:covered-table-cell') {
            line.push(above !== undefined && above.until > grid.length ? above.cell : cell)
            continue
          }
          const place = { cell, until: grid.length + countOf(cell, 'table:number-rows-spanned', repeatsMax) }
          const columns = countOf(cell, 'table:number-columns-spanned', columnsMax)
          for (let column = 0; column < columns; column++) carried[line.length + column] = place
          line.push(cell)
        }
      }
      grid.push(line)
    }
  }
  return grid
}

/** Rows or columns of a table, in whatever groups they stand. */
export function linesOf(table: Element, kind: 'row' | 'column'): readonly Element[] {
  return childrenOf(table).flatMap((child) => {
    if (child.name === `table:table-${kind}`) return [child]
    return isGroup(child, kind) ? linesOf(child, kind) : []
  })
}

export function isGroup({ name }: Element, kind: 'row' | 'column'): boolean {
  return [`table:table-header-${kind}s`, `table:table-${kind}s`, `table:table-${kind}-group`].includes(name)
}

/** Cells of a row, and places that another one covers. */
export function cellsOf(row: Element): readonly Element[] {
  return childrenOf(row).filter(({ name }) => name === 'table:table-cell' || name === 'table:covered-table-cell')
}
