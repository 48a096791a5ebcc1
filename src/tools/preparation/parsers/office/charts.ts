import { toInline, type Cell, type CanonicalBuilder } from '../../canonical/index.ts'
import { childrenOf, findAll, findPath, textOf, type Element } from '../../reading/index.ts'

/** Most points of a series that are read. */
const pointsMax = 10_000

/** The values at a reference such as `Sheet1!$B$2:$B$9` by their place in it, for charts that keep none of their own. */
export type LookUp = (reference: string) => ReadonlyMap<number, string>

/** A chart as the table of what it shows: a row for each category, a column for each series. */
export function readChart(
  builder: CanonicalBuilder,
  root: Element | undefined,
  lookUp: LookUp = () => new Map(),
): void {
  const chart = findPath(root, 'c:chartSpace', 'c:chart')
  const plot = findPath(chart, 'c:plotArea')
  if (chart === undefined || plot === undefined) return
  const title = wordsOf(findPath(chart, 'c:title'))
  if (title !== '') builder.paragraph(toInline(title))
  const kind = childrenOf(plot).find(({ name }) => /^c:\w+Chart$/.test(name))?.name
  builder.paragraph(toInline(kindsOfCharts[kind ?? ''] ?? 'Other chart'))
  const series = findAll(plot, 'c:ser').map((each) => readSeries(each, lookUp))
  if (series.length === 0) return
  const categories = series.find((each) => each.categories.size > 0)?.categories ?? new Map<number, string>()
  const indexes = [...new Set(series.flatMap((each) => [...each.values.keys()]).concat([...categories.keys()]))]
  if (indexes.length === 0) return
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

function readSeries(series: Element, lookUp: LookUp): Series {
  const read = (name: string): ReadonlyMap<number, string> => readPoints(findPath(series, name), lookUp)
  const [categories, places] = [read('c:cat'), read('c:xVal')]
  const [values, heights] = [read('c:val'), read('c:yVal')]
  return {
    name: [...read('c:tx').values()].join(' ') || textOf(findPath(series, 'c:tx', 'c:v')),
    categories: categories.size > 0 ? categories : places,
    values: values.size > 0 ? values : heights,
  }
}

/** The values that the document keeps of the cells a chart draws, else those cells themselves. */
function readPoints(element: Element | undefined, lookUp: LookUp): ReadonlyMap<number, string> {
  const points = new Map<number, string>()
  for (const point of findAll(element, 'c:pt').slice(0, pointsMax)) {
    points.set(Number(point.attributes['idx'] ?? points.size), toShortest(textOf(findPath(point, 'c:v')).trim()))
  }
  if (points.size > 0 || element === undefined) return points
  const [reference] = findAll(element, 'c:f')
  for (const [index, value] of lookUp(textOf(reference))) if (index < pointsMax) points.set(index, value)
  return points
}

/** A number with the fifteen digits that people see of it. */
function toShortest(text: string): string {
  return /^-?\d*\.\d{15,}$/.test(text) ? String(Number(Number(text).toPrecision(15))) : text
}

function wordsOf(element: Element | undefined): string {
  const paragraphs = findAll(element, 'a:p').map((paragraph) => findAll(paragraph, 'a:t').map(textOf).join(''))
  const cached = findAll(element, 'c:pt').map((point) => textOf(findPath(point, 'c:v')))
  return [...paragraphs, ...(paragraphs.length > 0 ? [] : cached)].join(' ').trim()
}
