import { afterAll, describe, expect, test } from 'vitest'
import { pdf, type PdfLine } from '../../../test/kit/pdf.ts'
import { preparationWith, toFile } from './testing.ts'

const preparation = preparationWith()
afterAll(() => preparation.close())

async function read(lines: readonly PdfLine[], drawing?: string): Promise<string> {
  const page = drawing === undefined ? { lines } : { lines, drawing }
  return (await preparation.parse(toFile('a.pdf', pdf([page])))).text
}

/** Texts of one line, each at its place. */
const row = (y: number, ...placed: readonly (readonly [x: number, text: string])[]): readonly PdfLine[] =>
  placed.map(([x, text]) => ({ text, x, y, size: 10 }))
const rule = (y: number, from: number, to: number): string => `${from} ${y} m ${to} ${y} l S`

describe('tables of a PDF without boxes', () => {
  test('a head over several columns, ruled below, stands over each of them', async () => {
    const text = await read(
      [
        ...row(700, [205, 'Revenue'], [345, 'Profit']),
        ...row(684, [80, 'Region'], [180, '2024'], [250, '2025'], [320, '2024'], [390, '2025']),
        ...row(668, [80, 'North'], [180, '1,200'], [250, '1,350'], [320, '210'], [390, '260']),
        ...row(652, [80, 'South'], [180, '1,800'], [250, '1,700'], [320, '310'], [390, '290']),
        ...row(636, [80, 'West'], [180, '900'], [250, '1,020'], [320, '95'], [390, '120']),
      ],
      [rule(696, 180, 280), rule(696, 320, 420), rule(680, 80, 420)].join('\n'),
    )
    expect(text).toContain('| Revenue | Revenue | Profit | Profit |')
    expect(text).toContain('| North | 1,200 | 1,350 | 210 | 260 |')
    expect(text).toContain('| West | 900 | 1,020 | 95 | 120 |')
  })

  test('a name that goes on in the next line is one cell, in one row with its values', async () => {
    const text = await read([
      ...row(700, [80, 'Item'], [280, 'Units'], [360, 'Price']),
      ...row(684, [80, 'Frame of oak, oiled'], [280, '12'], [360, '140.00']),
      ...row(660, [80, 'Shelf of ash for the wall,'], [280, '30'], [360, '25.50']),
      ...row(648, [90, 'with brackets']),
      ...row(624, [80, 'Table of beech'], [280, '4'], [360, '310.00']),
      ...row(600, [80, 'Chair of beech'], [280, '16'], [360, '95.00']),
    ])
    expect(text).toContain('| Shelf of ash for the wall, with brackets | 30 | 25.50 |')
    expect(text).toContain('| Chair of beech | 16 | 95.00 |')
  })

  test('numbers that are set to the right stand under their head', async () => {
    const text = await read([
      ...row(700, [80, 'Country'], [218, 'Population'], [330, 'Area']),
      ...row(684, [80, 'Norway'], [228, '5,550,203'], [320, '385,207']),
      ...row(668, [80, 'Malta'], [236, '542,051'], [340, '316']),
      ...row(652, [80, 'Spain'], [222, '48,610,458'], [320, '505,990']),
    ])
    expect(text).toContain('| Country | Population | Area |')
    expect(text).toContain('| Malta | 542,051 | 316 |')
  })

  test('prose in two columns is none', async () => {
    const left = [
      'The committee met in spring and',
      'heard what every region had to',
      'say of the plan. It asked for',
      'figures, which came in summer,',
    ]
    const right = [
      'and found that they agreed with',
      'those of the year before. So it',
      'recommends to go on as planned,',
      'and to look again in two years.',
    ]
    const text = await read(left.flatMap((line, index) => row(700 - index * 12, [72, line], [320, right[index] ?? ''])))
    expect(text).not.toContain('|')
    expect(text).toContain('which came in summer')
  })
})
