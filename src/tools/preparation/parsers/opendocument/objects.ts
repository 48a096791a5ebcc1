import { toInline, type CanonicalBuilder, type Cell } from '../../canonical/index.ts'
import { findAll, findPath, textOf, type Element } from '../../reading/index.ts'
import { toGrid } from './tables.ts'

const kindsOfCharts: Readonly<Record<string, string>> = {
  'chart:bar': 'Bar chart',
  'chart:line': 'Line chart',
  'chart:circle': 'Pie chart',
  'chart:ring': 'Pie chart',
  'chart:scatter': 'Scatter chart',
  'chart:area': 'Area chart',
}

/** A chart as the table of what it shows, an equation as the formula that was typed; another kind of object as nothing. */
export function writeObject(
  builder: CanonicalBuilder,
  root: Element | undefined,
  toWords: (cell: Element) => Cell['inline'],
): void {
  const [formula] = findAll(root, 'annotation', 'math:annotation')
  if (formula !== undefined) {
    return builder.paragraph(toInline(`$$${textOf(formula).trim()}$$`), { kind: 'formula' })
  }
  const [chart] = findAll(root, 'chart:chart')
  if (chart === undefined) return
  builder.paragraph(toWords(findPath(chart, 'chart:title') ?? { ...chart, children: [] }))
  builder.paragraph(toInline(kindsOfCharts[chart.attributes['chart:class'] ?? ''] ?? 'Other chart'))
  const [table] = findAll(chart, 'table:table')
  if (table === undefined) return
  builder.table(
    toGrid(table).map((row) => row.map((cell) => ({ inline: cell === undefined ? toInline('') : toWords(cell) }))),
  )
}
