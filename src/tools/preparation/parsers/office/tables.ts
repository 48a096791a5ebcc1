/** Widest table of a text that is read; what a file claims beyond is not filled up with empty cells. */
export const columnsMax = 1_000

/** The cell of a table that has no other: a frame around what is in it. */
export function findFrame<Cell>(rows: readonly (readonly Cell[])[]): Cell | undefined {
  const [first = []] = rows
  return rows.length === 1 && first.length === 1 ? first[0] : undefined
}
