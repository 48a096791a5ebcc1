import type { Box } from '../parser.ts'
import { joinTexts, type Fragment } from './words.ts'

/** A table of a page: its cells, row by row, the text of merged ones in every place they cover. */
export interface PageTable {
  readonly box: Box
  readonly rows: readonly (readonly TableCell[])[]
  /** What it took up. */
  readonly fragments: ReadonlySet<Fragment>
  /** Where its columns stand, of one whose cells are drawn. */
  readonly columns?: readonly (readonly [left: number, right: number])[]
}

export interface TableCell {
  readonly text: string
  readonly box: Box | undefined
}

/** Words of a cell, line by line. */
export function joinLines(fragments: readonly Fragment[]): string {
  return fragments
    .toSorted((a, b) =>
      Math.abs(a.baseline - b.baseline) < Math.min(a.size, b.size) * 0.5 ? a.left - b.left : a.baseline - b.baseline,
    )
    .reduce((text, fragment) => joinTexts(text, fragment.text.trim()), '')
}
