import { Parser } from 'htmlparser2'
import { HiddenLines } from '../office/hidden.ts'
import { mergesMax, type Range, type SheetCell } from '../office/regions.ts'
import { showInstant, showTruth, type Shown } from '../office/values.ts'
import type { CellFormats } from './formats.ts'

export interface Sheet {
  readonly cells: readonly SheetCell[]
  readonly merged: readonly Range[]
  /** Rows and columns with words that are not shown. */
  readonly hidden: HiddenLines
  /** Relation of its drawing, which holds charts and boxes. */
  readonly drawing: string | undefined
  /** Whether cells were left out because there are more than allowed. */
  readonly isCut: boolean
}

export interface SheetOptions {
  readonly sharedStrings: readonly string[]
  readonly formats: CellFormats
  readonly cellsMax: number
}

/** Reads a sheet as it comes, without a tree: most of what is in a workbook is cells. */
export function readSheet(xml: string, options: SheetOptions): Sheet {
  const reading = new SheetReading(options)
  const parser = new Parser(
    {
      onopentag: (name, attributes) => reading.open(localName(name), attributes),
      onclosetag: (name) => reading.close(localName(name)),
      ontext: (text) => reading.text(text),
    },
    { xmlMode: true, decodeEntities: true },
  )
  parser.end(xml)
  return reading
}

/** Texts that cells share. Looks and readings of characters (furigana) are left out. */
export function readSharedStrings(xml: string): readonly string[] {
  const strings: string[] = []
  let current = ''
  let isText = false
  let phonetic = 0
  const parser = new Parser(
    {
      onopentag(given) {
        const name = localName(given)
        if (name === 'si') current = ''
        else if (name === 'rPh') phonetic++
        else if (name === 't') isText = phonetic === 0
      },
      onclosetag(given) {
        const name = localName(given)
        if (name === 'si') strings.push(unescapeControls(current))
        else if (name === 'rPh') phonetic--
        else if (name === 't') isText = false
      },
      ontext(text) {
        if (isText) current += text
      },
    },
    { xmlMode: true, decodeEntities: true },
  )
  parser.end(xml)
  return strings
}

/** `B7` as row 6, column 1. */
export function readAddress(address: string): { readonly row: number; readonly column: number } | undefined {
  const match = /^\$?([A-Z]{1,3})\$?(\d{1,7})$/i.exec(address)
  if (match === null) return undefined
  let column = 0
  for (const letter of (match[1] ?? '').toUpperCase()) column = column * 26 + letter.charCodeAt(0) - 64
  return { row: Number(match[2]) - 1, column: column - 1 }
}

function isOn(value: string | undefined): boolean {
  return value === '1' || value === 'true'
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

/** `_x000D_` stands for the character with that number. */
function unescapeControls(text: string): string {
  if (!text.includes('_x')) return text
  return text.replace(/_x([0-9a-f]{4})_/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

/** Holds the cell that is open. */
class SheetReading implements Sheet {
  readonly cells: SheetCell[] = []
  readonly merged: Range[] = []
  readonly hidden = new HiddenLines()
  drawing: string | undefined
  isCut = false
  readonly #options: SheetOptions
  #row = -1
  #isRowHidden = false
  #column = -1
  #type = ''
  #style = 0
  #value = ''
  #formula = ''
  #inline = ''
  #place: 'value' | 'formula' | 'inline' | undefined

  constructor(options: SheetOptions) {
    this.#options = options
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    switch (name) {
      case 'row':
        this.#row = attributes['r'] === undefined ? this.#row + 1 : Number(attributes['r']) - 1
        this.#column = -1
        this.#isRowHidden = isOn(attributes['hidden'])
        return
      case 'col':
        if (isOn(attributes['hidden'])) {
          this.hidden.addColumns(Number(attributes['min']) - 1, Number(attributes['max']) - 1)
        }
        return
      case 'c':
        return this.#openCell(attributes)
      case 'v':
        this.#place = 'value'
        return
      case 'f':
        this.#place = 'formula'
        return
      case 't':
        this.#place = 'inline'
        return
      case 'mergeCell':
        return this.#merge(attributes['ref'] ?? '')
      case 'drawing':
        this.drawing = attributes['r:id'] ?? attributes['id']
        return
      default:
    }
  }

  close(name: string): void {
    if (name === 'c') this.#closeCell()
    else if (name === 'v' || name === 'f' || name === 't') this.#place = undefined
  }

  text(text: string): void {
    if (this.#place === 'value') this.#value += text
    else if (this.#place === 'formula') this.#formula += text
    else if (this.#place === 'inline') this.#inline += text
  }

  #openCell(attributes: Readonly<Record<string, string>>): void {
    const address = readAddress(attributes['r'] ?? '')
    this.#row = address?.row ?? this.#row
    this.#column = address?.column ?? this.#column + 1
    this.#type = attributes['t'] ?? 'n'
    this.#style = Number(attributes['s'] ?? 0)
    this.#value = ''
    this.#formula = ''
    this.#inline = ''
  }

  #closeCell(): void {
    const { text, unit } = this.#shown()
    if (text.trim() === '') return
    if (this.cells.length >= this.#options.cellsMax) {
      this.isCut = true
      return
    }
    this.cells.push({ row: this.#row, column: this.#column, text, unit })
    if (this.#isRowHidden) this.hidden.addRows(this.#row, this.#row)
  }

  #shown(): Shown {
    const value = this.#value.trim()
    switch (this.#type) {
      case 's':
        return { text: this.#options.sharedStrings[Number(value)] ?? '', unit: undefined }
      case 'inlineStr':
        return { text: unescapeControls(this.#inline), unit: undefined }
      case 'b':
        return { text: showTruth(value), unit: undefined }
      case 'n': {
        // A formula that was never computed is shown itself.
        if (value === '') return { text: this.#formula === '' ? '' : `=${this.#formula}`, unit: undefined }
        const number = Number(value)
        return Number.isFinite(number)
          ? this.#options.formats.show(number, this.#style)
          : { text: value, unit: undefined }
      }
      case 'd':
        return { text: showInstant(value), unit: undefined }
      default:
        return { text: unescapeControls(this.#value), unit: undefined }
    }
  }

  #merge(reference: string): void {
    const [from = '', to = from] = reference.split(':')
    const [first, last] = [readAddress(from), readAddress(to)]
    if (first === undefined || last === undefined || this.merged.length >= mergesMax) return
    this.merged.push({ top: first.row, left: first.column, bottom: last.row, right: last.column })
  }
}
