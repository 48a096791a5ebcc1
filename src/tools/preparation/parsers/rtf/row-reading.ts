import { columnsMax } from '../office/tables.ts'
import type { CellDefinition, RowDefinition } from './rows.ts'

/** Gathers what is stated of the cells of a row; it holds until another statement begins. */
export class RowReading {
  #left = 0
  #cells: CellDefinition[] = []
  #goesOnLeft = false
  #goesOnAbove = false
  #isOpen = false

  /** Whether cells have been stated of a row that has not ended. */
  get isOpen(): boolean {
    return this.#isOpen && this.#cells.length > 0
  }

  /** Whether the word says something of a row. */
  word({ word, parameter }: { readonly word: string; readonly parameter: number | undefined }): boolean {
    switch (word) {
      case 'trowd':
        this.#left = 0
        this.#cells = []
        this.#isOpen = true
        return true
      case 'trleft':
        this.#left = parameter ?? 0
        return true
      case 'clmrg':
        this.#goesOnLeft = true
        return true
      case 'clvmrg':
        this.#goesOnAbove = true
        return true
      case 'cellx':
        if (this.#cells.length < columnsMax) {
          const right = parameter ?? 0
          this.#cells.push({ right, goesOnLeft: this.#goesOnLeft, goesOnAbove: this.#goesOnAbove })
        }
        this.#goesOnLeft = false
        this.#goesOnAbove = false
        return true
      default:
        return false
    }
  }

  end(): RowDefinition {
    this.#isOpen = false
    return { left: this.#left, cells: this.#cells }
  }
}
