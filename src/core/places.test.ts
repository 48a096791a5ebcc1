import { describe, expect, test } from 'vitest'
import { placeOf, type SpanPlace } from './places.ts'

const places: readonly SpanPlace[] = [
  { start: 0, end: 10, page: 1, box: [72, 80, 300, 92] },
  { start: 10, end: 20, page: 1, box: [60, 92, 280, 104] },
  { start: 20, end: 30, page: 2, box: [72, 40, 300, 52] },
]

describe('the place of a span', () => {
  test('is the page on which most of it stands, with a box around what stands there', () => {
    expect(placeOf(places, { start: 5, end: 25 })).toEqual({ page: 1, box: [60, 80, 300, 104] })
    expect(placeOf(places, { start: 12, end: 14 })).toEqual({ page: 1, box: [60, 92, 280, 104] })
    expect(placeOf(places, { start: 20, end: 25 })).toEqual({ page: 2, box: [72, 40, 300, 52] })
  })

  test('is nothing where nothing is known', () => {
    expect(placeOf(places, { start: 30, end: 40 })).toEqual({})
    expect(placeOf([], { start: 0, end: 40 })).toEqual({})
  })

  test('is a cell, or the block of cells around what it touches', () => {
    const cells: readonly SpanPlace[] = [
      { start: 0, end: 2, sheet: 'Rates', cell: 'Z9' },
      { start: 2, end: 4, sheet: 'Rates', cell: 'AB9' },
      { start: 4, end: 6, sheet: 'Rates', cell: 'Y12:Z13' },
      { start: 6, end: 8, sheet: 'Other', cell: 'A1' },
    ]
    expect(placeOf(cells, { start: 0, end: 1 })).toEqual({ sheet: 'Rates', cell: 'Z9' })
    expect(placeOf(cells, { start: 0, end: 8 })).toEqual({ sheet: 'Rates', cell: 'Y9:AB13' })
  })
})
