import { InlineBuilder, joinInlines, type CanonicalBuilder, type Inline, type ListItem } from '../../canonical/index.ts'
import { prefixed, toMarker, type Label } from '../office/numbers.ts'
import { findFrame } from '../office/tables.ts'
import { toGrids, type Row, type RowDefinition } from './rows.ts'

export interface Paragraph {
  readonly inline: Inline
  /** Of a heading: 1…10. */
  readonly heading: number | undefined
  readonly label: Label | undefined
  /** Of a list, from 0. */
  readonly level: number
}

/** Writes paragraphs and tables; holds the list and the table that are being gathered. */
export class BodyWriter {
  readonly #builder: CanonicalBuilder
  readonly #placesMax: number
  readonly #items: ListItem[] = []
  readonly #rows: Row[] = []
  #cells: Inline[] = []
  #cell: Inline[] = []
  /** Boxes that are anchored in the paragraph that is open. */
  #boxes: Inline[] = []

  constructor(builder: CanonicalBuilder, placesMax: number) {
    this.#builder = builder
    this.#placesMax = placesMax
  }

  get #isInRow(): boolean {
    return this.#cells.length > 0 || this.#cell.length > 0
  }

  paragraph({ inline, heading, label, level }: Paragraph): void {
    if (this.#isInRow) this.row(notStated)
    this.#endTable()
    const isEmpty = inline.text.trim() === ''
    if (!isEmpty && heading !== undefined) {
      this.#endList()
      this.#builder.heading(heading, prefixed(label, inline))
    } else if (!isEmpty && label !== undefined) this.#items.push({ depth: level, marker: toMarker(label), inline })
    else if (!isEmpty) {
      this.#endList()
      this.#builder.paragraph(inline)
    }
    this.#endBoxes()
  }

  /** A paragraph of the cell that is open. */
  cellParagraph({ inline, label }: Pick<Paragraph, 'inline' | 'label'>): void {
    const words = new InlineBuilder()
    if (label !== undefined && inline.text !== '') words.run(`${toMarker(label)} `)
    words.append(inline)
    this.#cell.push(words.build(), ...this.#boxes.splice(0))
  }

  cell(): void {
    this.#cells.push(joinInlines(this.#cell))
    this.#cell = []
  }

  row(definition: RowDefinition): void {
    if (this.#cell.some(({ text }) => text !== '')) this.cell()
    this.#cell = []
    const cells = this.#cells.map((inline) => ({ inline }))
    this.#cells = []
    if (cells.length > 0) this.#rows.push({ cells, definition })
  }

  box(paragraphs: readonly Inline[]): void {
    this.#boxes.push(...paragraphs)
  }

  end(): void {
    if (this.#isInRow) this.row(notStated)
    this.#endTable()
    this.#endList()
    this.#endBoxes()
  }

  #endTable(): void {
    if (this.#rows.length === 0) return
    this.#endList()
    const rows = this.#rows.splice(0)
    const frame = findFrame(rows.map(({ cells }) => cells))
    if (frame !== undefined) return this.#builder.paragraph(frame.inline)
    for (const grid of toGrids(rows, this.#placesMax)) this.#builder.table(grid)
  }

  #endList(): void {
    this.#builder.list(this.#items.splice(0))
  }

  #endBoxes(): void {
    if (this.#boxes.length === 0) return
    this.#endList()
    for (const inline of this.#boxes.splice(0)) this.#builder.paragraph(inline)
  }
}

/** Of a row that never ended. */
const notStated: RowDefinition = { left: 0, cells: [] }
