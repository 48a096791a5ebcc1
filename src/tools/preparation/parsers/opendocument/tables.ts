import { childrenOf, type Element } from '../../reading/index.ts'
import { countOf } from './counts.ts'

/** Widest table that is read, and most times that a row with words is repeated. */
const columnsMax = 1_000
const repeatsMax = 1_000

/** The grid of a table: the cell that stands in each place, merged ones in every place they cover. */
export function toGrid(table: Element): readonly (readonly (Element | undefined)[])[] {
  const grid: (Element | undefined)[][] = []
  const carried: ({ readonly cell: Element; readonly until: number } | undefined)[] = []
  for (const row of rowsOf(table)) {
    const isEmpty = childrenOf(row).every((cell) => cell.children.length === 0)
    const repeats = isEmpty ? 1 : countOf(row, 'table:number-rows-repeated', repeatsMax)
    for (let repeat = 0; repeat < repeats; repeat++) {
      const line: (Element | undefined)[] = []
      for (const cell of childrenOf(row)) {
        if (cell.name !== 'table:table-cell' && cell.name !== 'table:covered-table-cell') continue
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

function rowsOf(table: Element): readonly Element[] {
  return childrenOf(table).flatMap((child) => {
    if (child.name === 'table:table-row') return [child]
    return ['table:table-header-rows', 'table:table-rows', 'table:table-row-group'].includes(child.name)
      ? rowsOf(child)
      : []
  })
}
