import { toInline, type Cell, type CanonicalBuilder } from '../../canonical/index.ts'
import { childrenOf, findAll, findPath, textOf, type Element } from '../../reading/index.ts'

/** Most points of a series that are read. */
const pointsMax = 10_000

/** A chart as the table of what it shows: a row for each category, a column for each series. */
export function readChart(builder: CanonicalBuilder, root: Element | undefined): void {
  const chart = findPath(root, 'c:chartSpace', 'c:chart')
  const plot = findPath(chart, 'c:plotArea')
  if (chart === undefined || plot === undefined) return
  const title = wordsOf(findPath(chart, 'c:title'))
  if (title !== '') builder.paragraph(toInline(title))
  const kind = childrenOf(plot).find(({ name }) => /^c:\w+Chart$/.test(name))?.name
  builder.paragraph(toInline(kindsOfCharts[kind ?? ''] ?? 'Other chart'))
  const series = findAll(plot, 'c:ser').map(readSeries)
  if (series.length === 0) return
  const categories = series.find((each) => each.categories.size > 0)?.categories ?? new Map<number, string>()
  const indexes = [...new Set(series.flatMap((each) => [...each.values.keys()]).concat([...categories.keys()]))]
  const toCell = (text: string | undefined): Cell => ({ inline: toInline(text ?? '') })
  const head = [toCell(''), ...series.map((each) => toCell(each.name))]
  const rows = indexes
    .toSorted((a, b) => a - b)
    .map((index) => [toCell(categories.get(index)), ...series.map((each) => toCell(each.values.get(index)))])
  builder.table([head, ...rows])
}

const kindsOfCharts: Readonly<Record<string, string>> = {
  'c:barChart': 'Bar chart',
  'c:bar3DChart': 'Bar chart',
  'c:lineChart': 'Line chart',
  'c:line3DChart': 'Line chart',
  'c:pieChart': 'Pie chart',
  'c:pie3DChart': 'Pie chart',
  'c:doughnutChart': 'Pie chart',
  'c:scatterChart': 'Scatter chart',
  'c:areaChart': 'Area chart',
}

interface Series {
  readonly name: string
  readonly categories: ReadonlyMap<number, string>
  readonly values: ReadonlyMap<number, string>
}

function readSeries(series: Element): Series {
  return {
    name: [...readPoints(findPath(series, 'c:tx')).values()].join(' ') || textOf(findPath(series, 'c:tx', 'c:v')),
    categories: readPoints(findPath(series, 'c:cat') ?? findPath(series, 'c:xVal')),
    values: readPoints(findPath(series, 'c:val') ?? findPath(series, 'c:yVal')),
  }
}

/** The values that the document keeps of the cells a chart draws. */
function readPoints(element: Element | undefined): ReadonlyMap<number, string> {
  const points = new Map<number, string>()
  for (const point of findAll(element, 'c:pt').slice(0, pointsMax)) {
    points.set(Number(point.attributes['idx'] ?? points.size), textOf(findPath(point, 'c:v')).trim())
  }
  return points
}

function wordsOf(element: Element | undefined): string {
  const paragraphs = findAll(element, 'a:p').map((paragraph) => findAll(paragraph, 'a:t').map(textOf).join(''))
  const cached = findAll(element, 'c:pt').map((point) => textOf(findPath(point, 'c:v')))
  return [...paragraphs, ...(paragraphs.length > 0 ? [] : cached)].join(' ').trim()
}
