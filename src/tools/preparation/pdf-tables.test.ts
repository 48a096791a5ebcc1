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

  test('cells that are set closer than words usually part are still cells', async () => {
    const text = await read([
      ...row(700, [80, 'Item'], [118, 'Place'], [230, 'State']),
      ...row(686, [80, 'Budget'], [118, 'Open water south'], [230, 'closed']),
      ...row(672, [80, 'Market'], [118, 'Public study'], [230, 'open']),
      ...row(658, [80, 'Forest'], [118, 'North'], [230, 'open']),
    ])
    expect(text).toContain('| Budget | Open water south | closed |')
    expect(text).toContain('| Forest | North | open |')
  })

  test('a head above the first line that is drawn is the head, though it is wider than the cells below', async () => {
    const lines = [680, 660, 640].map((y) => [rule(y, 76, 200), rule(y, 200, 320)].join('\n'))
    const text = await read(
      [
        ...row(686, [80, 'Supplier'], [204, 'Date of the last delivery']),
        ...row(666, [80, 'Lumen and sons'], [204, 'March']),
        ...row(646, [80, 'Ostrander'], [204, 'June']),
      ],
      lines.join('\n'),
    )
    expect(text).toContain('| Supplier | Date of the last delivery |')
    expect(text).toContain('| Lumen and sons | March |')
  })

  test('lines that are drawn cell by cell tell the columns of cells that are mostly empty', async () => {
    const lines = [700, 684, 620].map((y) => [rule(y, 76, 180), rule(y, 180, 260), rule(y, 260, 340)].join('\n'))
    const text = await read(
      [
        ...row(688, [80, 'Project'], [184, 'Spent'], [264, 'Left']),
        ...row(672, [80, 'Bridge']),
        ...row(656, [80, 'Tunnel'], [314, '1,200']),
        ...row(640, [80, 'Harbour']),
        ...row(624, [80, 'Road'], [232, '870']),
      ],
      lines.join('\n'),
    )
    expect(text).toContain('| Bridge |  |  |')
    expect(text).toContain('| Tunnel |  | 1,200 |')
    expect(text).toContain('| Road | 870 |  |')
  })

  test('rows with every second ground have a head and a last row without one', async () => {
    const grounds = [664, 632].map((y) => `0.9 g 76 ${y} 120 16 re f 196 ${y} 80 16 re f 276 ${y} 80 16 re f 0 g`)
    const text = await read(
      [
        ...row(684, [80, 'Region'], [200, 'Revenue'], [280, 'Profit']),
        ...row(668, [80, 'North'], [200, '120'], [280, '21']),
        ...row(652, [80, 'South'], [200, '180'], [280, '31']),
        ...row(636, [80, 'West'], [200, '90'], [280, '9']),
        ...row(620, [80, 'East'], [200, '75'], [280, '7']),
      ],
      grounds.join('\n'),
    )
    expect(text).toContain('| Region | Revenue | Profit |\n| - | - | - |\n| North | 120 | 21 |')
    expect(text).toContain('| East | 75 | 7 |')
  })

  test('a head to the left of its numbers and they are one column', async () => {
    const text = await read([
      ...row(700, [80, 'Country'], [180, 'Land'], [280, 'Sea']),
      ...row(684, [80, 'Norway'], [240, '12'], [340, '35']),
      ...row(668, [80, 'Malta'], [240, '31'], [340, '16']),
      ...row(652, [80, 'Spain'], [240, '48'], [340, '90']),
    ])
    expect(text).toContain('| Country | Land | Sea |')
    expect(text).toContain('| Malta | 31 | 16 |')
  })

  test('cells of several lines in the middle of their rows are one row each', async () => {
    const text = await read([
      ...row(700, [80, 'Task'], [180, 'Who'], [300, 'State']),
      ...row(680, [180, 'The office for']),
      ...row(674, [80, 'Survey'], [300, 'begun']),
      ...row(668, [180, 'maps']),
      ...row(650, [180, 'The board of']),
      ...row(644, [80, 'Plan'], [300, 'late']),
      ...row(638, [180, 'builders']),
      ...row(620, [80, 'Works'], [180, 'Nobody'], [300, 'planned']),
    ])
    expect(text).toContain('| Survey | The office for maps | begun |')
    expect(text).toContain('| Plan | The board of builders | late |')
    expect(text).toContain('| Works | Nobody | planned |')
  })

  test('a name between two rows that have none stands in both', async () => {
    const text = await read([
      ...row(700, [80, 'Region'], [180, 'Month'], [260, 'Units']),
      ...row(684, [180, 'March'], [260, '12']),
      ...row(676, [80, 'North']),
      ...row(668, [180, 'April'], [260, '15']),
      ...row(652, [180, 'March'], [260, '31']),
      ...row(644, [80, 'South']),
      ...row(636, [180, 'April'], [260, '34']),
    ])
    expect(text).toContain('| North | March | 12 |\n| North | April | 15 |')
    expect(text).toContain('| South | March | 31 |\n| South | April | 34 |')
  })

  test('text between two tables with lines of one width is none of them', async () => {
    const lines = [716, 684, 600, 568].map((y) => rule(y, 76, 400))
    const text = await read(
      [
        ...row(704, [80, 'Year'], [300, 'Units']),
        ...row(690, [80, 'First'], [300, '12']),
        ...row(656, [76, 'What was counted in the first year was counted again in the second one,']),
        ...row(644, [76, 'by other people and with other means, and came to nearly the same.']),
        ...row(588, [80, 'Month'], [300, 'Price']),
        ...row(574, [80, 'March'], [300, '31']),
      ],
      lines.join('\n'),
    )
    expect(text).toContain('What was counted in the first year was counted again in the second one, by other people')
    expect(text).not.toMatch(/\|[^\n]*counted/)
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

  test('items of lists in two columns are none', async () => {
    const items = ['Maps of the coast', 'Maps of the hills', 'Lists of the towns', 'Lists of the roads']
    const text = await read(
      items.flatMap((item, index) =>
        row(700 - index * 14, [72, '-'], [84, item], [320, '-'], [332, item.toLowerCase()]),
      ),
    )
    expect(text).not.toContain('|')
  })
})
