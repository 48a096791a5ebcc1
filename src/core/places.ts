/** Where a span stands in the file that people know; what its format does not have is absent. */
export interface FilePlace {
  /** Number of the page, from 1: the one on which most of the span stands. */
  readonly page?: number | undefined
  /** Around all of the span that stands on that page: left, top, right, bottom. Points, of a picture pixels, from the top left. */
  readonly box?: readonly [left: number, top: number, right: number, bottom: number] | undefined
  /** Number of the slide, from 1. */
  readonly slide?: number | undefined
  /** Name of the sheet. */
  readonly sheet?: string | undefined
  /** Address of the cell, `B7`, or of the smallest block of cells around the span, `B7:D9`. */
  readonly cell?: string | undefined
  /** Name of the attachment or chapter. */
  readonly part?: string | undefined
  /** Number of the paragraph, from 1, where a format has no pages. */
  readonly paragraph?: number | undefined
}

/** The place of a stretch of the canonical text: UTF-16 code units, end exclusive. */
export interface SpanPlace extends FilePlace {
  readonly start: number
  readonly end: number
}

/** The place of a span, from those of the stretches it touches, which ascend. Empty when none is known. */
export function placeOf(
  places: readonly SpanPlace[],
  span: { readonly start: number; readonly end: number },
): FilePlace {
  const touched = places.filter(({ start, end }) => start < span.end && end > span.start)
  const groups = Map.groupBy(touched, ({ page, slide, sheet, part }) => JSON.stringify([page, slide, sheet, part]))
  let same: readonly SpanPlace[] = []
  for (const group of groups.values()) if (lengthIn(span, group) > lengthIn(span, same)) same = group
  const [first] = same
  if (first === undefined) return {}
  const { page, slide, sheet, part, paragraph } = first
  const box = joinBoxes(same.flatMap((each) => (each.box === undefined ? [] : [each.box])))
  const cell = joinCells(same.flatMap((each) => (each.cell === undefined ? [] : [each.cell])))
  return {
    ...(page === undefined ? {} : { page }),
    ...(box === undefined ? {} : { box }),
    ...(slide === undefined ? {} : { slide }),
    ...(sheet === undefined ? {} : { sheet }),
    ...(cell === undefined ? {} : { cell }),
    ...(part === undefined ? {} : { part }),
    ...(paragraph === undefined ? {} : { paragraph }),
  }
}

/** How much of a span the places take, code units. */
function lengthIn(span: { readonly start: number; readonly end: number }, places: readonly SpanPlace[]): number {
  return places.reduce((sum, { start, end }) => sum + Math.min(end, span.end) - Math.max(start, span.start), 0)
}

/** The smallest box around all; `undefined` for none. */
export function joinBoxes(boxes: readonly NonNullable<FilePlace['box']>[]): FilePlace['box'] {
  if (boxes.length === 0) return undefined
  return [
    boxes.reduce((least, box) => Math.min(least, box[0]), Number.POSITIVE_INFINITY),
    boxes.reduce((least, box) => Math.min(least, box[1]), Number.POSITIVE_INFINITY),
    boxes.reduce((most, box) => Math.max(most, box[2]), Number.NEGATIVE_INFINITY),
    boxes.reduce((most, box) => Math.max(most, box[3]), Number.NEGATIVE_INFINITY),
  ]
}

function joinCells(cells: readonly string[]): string | undefined {
  const places = cells.flatMap((cell) => {
    const parts = /^([A-Z]{1,3})(\d{1,7})(?::([A-Z]{1,3})(\d{1,7}))?$/.exec(cell)
    if (parts === null) return []
    const [, left = '', top = '', right = left, bottom = top] = parts
    return [{ left: toNumber(left), top: Number(top), right: toNumber(right), bottom: Number(bottom) }]
  })
  if (places.length === 0) return undefined
  const least = (key: 'left' | 'top'): number => places.reduce((value, place) => Math.min(value, place[key]), Infinity)
  const most = (key: 'right' | 'bottom'): number => places.reduce((value, place) => Math.max(value, place[key]), 0)
  const first = `${toLetters(least('left'))}${least('top')}`
  const last = `${toLetters(most('right'))}${most('bottom')}`
  return first === last ? first : `${first}:${last}`
}

function toNumber(letters: string): number {
  let number = 0
  for (let index = 0; index < letters.length; index++) number = number * 26 + letters.charCodeAt(index) - 64
  return number
}

function toLetters(number: number): string {
  let letters = ''
  for (let rest = number; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters
  }
  return letters
}
