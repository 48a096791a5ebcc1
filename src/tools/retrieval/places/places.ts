import { joinBoxes, type FilePlace, type SpanPlace } from '../../../core/places.ts'
import type { Origin, Page, PreparedDocument } from '../../preparation/index.ts'

type Box = NonNullable<FilePlace['box']>

/**
 * Where each stretch of a document stands, ascending: lines with their boxes, cells, else whole pages. Nothing for
 * formats that have no places but the text itself.
 */
export function toPlaces({ pages, origins }: Pick<PreparedDocument, 'pages' | 'origins'>): readonly SpanPlace[] {
  const places: SpanPlace[] = []
  let next = 0
  for (const [index, page] of pages.entries()) {
    const around = toPage(page)
    const before = places.length
    while (next < origins.length && (origins[next]?.page ?? 0) <= index) {
      const origin = origins[next++]
      if (origin?.page === index) add(places, before, { ...around, ...toPlace(origin) })
    }
    // A page of which nothing finer is known is one place.
    const isBare = places.length === before || places.slice(before).every(isEmpty)
    if (!isBare) continue
    places.length = before
    if (!isEmpty({ start: page.start, end: page.end, ...around })) {
      places.push({ start: page.start, end: page.end, ...around })
    }
  }
  return places
}

function toPage({ kind, number, name }: Page): FilePlace {
  switch (kind) {
    case 'page':
      return { page: number, ...(name === undefined ? {} : { part: name }) }
    case 'slide':
      return { slide: number }
    case 'sheet':
      return { sheet: name ?? String(number) }
    case 'part':
    case 'chapter':
      return name === undefined ? {} : { part: name }
    case 'text':
      return name === undefined ? {} : { part: name }
  }
}

function toPlace({ start, end, box, cell, paragraph }: Origin): SpanPlace {
  return {
    start,
    end,
    ...(box === undefined ? {} : { box }),
    ...(cell === undefined ? {} : { cell }),
    ...(paragraph === undefined ? {} : { paragraph }),
  }
}

function isEmpty({ page, slide, sheet, part, paragraph, cell, box }: SpanPlace): boolean {
  return [page, slide, sheet, part, paragraph, cell, box].every((value) => value === undefined)
}

/** Words of one line are one place. `from` is where the places of the page begin. */
function add(places: SpanPlace[], from: number, place: SpanPlace): void {
  const before = places.at(-1)
  const isSame =
    places.length > from &&
    before !== undefined &&
    before.cell === place.cell &&
    before.paragraph === place.paragraph &&
    place.start - before.end <= 1 &&
    isOneLine(before.box, place.box)
  if (!isSame) {
    places.push(place)
    return
  }
  const boxes = [before.box, place.box].flatMap((box) => (box === undefined ? [] : [box]))
  const box = joinBoxes(boxes)
  places[places.length - 1] = { ...before, end: place.end, ...(box === undefined ? {} : { box }) }
}

/** Two boxes that share more than half of the lower one's height, the second to the right. */
function isOneLine(one: Box | undefined, other: Box | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  const shared = Math.min(one[3], other[3]) - Math.max(one[1], other[1])
  const lower = Math.min(one[3] - one[1], other[3] - other[1])
  return shared > lower * 0.5 && other[0] >= one[0]
}
