import { cpus, totalmem } from 'node:os'

/** What a benchmark or a scorecard found. Keys are whole words joined by dots: `throughput.c16.bareShare`. */
export interface Measurement {
  /** Figures by key, in the key's own unit. A figure that could not be taken is left out, never 0. */
  readonly figures: Readonly<Record<string, number>>
  /** What is promised of some of these keys. */
  readonly promised: Readonly<Record<string, Bound>>
  /** Keys that were to be measured and were not, promised or not. A promised key without a figure is added by itself. */
  readonly unmeasured: readonly string[]
}

/** How a figure must stand to a number for the promise to be kept. */
export type Bound = readonly [operator: '>=' | '<=' | '>' | '<' | '=', bound: number]

/** A measurement, with its name, the machine it was taken on, and which promises it breaks. */
export interface Report extends Measurement {
  readonly name: string
  readonly machine: string
  /** Promised keys whose figure breaks the bound. What is not measured is neither kept nor missed. */
  readonly missed: readonly string[]
}

export function createReport(name: string, measurement: Measurement): Report {
  const promisedKeys = Object.keys(measurement.promised)
  const absent = promisedKeys.filter((key) => !isMeasured(measurement.figures[key]))
  const missed = promisedKeys.filter((key) => {
    const figure = measurement.figures[key]
    const bound = measurement.promised[key]
    return isMeasured(figure) && bound !== undefined && !isKept(figure, bound)
  })
  return {
    name,
    machine: describeMachine(),
    figures: measurement.figures,
    promised: measurement.promised,
    missed,
    unmeasured: [...new Set([...measurement.unmeasured, ...absent])],
  }
}

/** Prints the figures beside what is promised of them, then the report as one line of JSON: the last line of the output. */
export function printReport(report: Report, print: (line: string) => void): void {
  const keys = [...new Set([...Object.keys(report.figures), ...report.unmeasured])]
  const rows = keys.map((key) => {
    const figure = report.figures[key]
    const bound = report.promised[key]
    return [
      key,
      figure === undefined ? 'unmeasured' : formatFigure(figure),
      bound === undefined ? '' : `${bound[0]} ${formatFigure(bound[1])}`,
      bound === undefined || figure === undefined ? '' : report.missed.includes(key) ? 'missed' : 'kept',
    ]
  })
  print(`\n${report.name} on ${report.machine}\n`)
  print(formatTable(['figure', 'measured', 'promised', ''], rows))
  print('')
  print(JSON.stringify(report))
}

/** Columns padded to their widest cell; the first is aligned left, the others right. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const lines = all.map((row) =>
    widths
      .map((width, column) => (column === 0 ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width)))
      .join('  ')
      .trimEnd(),
  )
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

/** Whole above 1000, else three significant digits: a figure shows no more than it knows. */
export function formatFigure(figure: number): string {
  if (Number.isInteger(figure)) return String(figure)
  return Math.abs(figure) >= 1_000 ? String(Math.round(figure)) : String(Number(figure.toPrecision(3)))
}

/** Middle value; the mean of the two middle ones for an even count. `undefined` for none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2
}

function isMeasured(figure: number | undefined): figure is number {
  return figure !== undefined && Number.isFinite(figure)
}

function isKept(figure: number, [operator, bound]: Bound): boolean {
  switch (operator) {
    case '>=':
      return figure >= bound
    case '<=':
      return figure <= bound
    case '>':
      return figure > bound
    case '<':
      return figure < bound
    case '=':
      return figure === bound
  }
}

/** Processor, cores, memory, system and runtime: what decides absolute figures. Never a host name. */
function describeMachine(): string {
  const processors = cpus()
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  const memoryGiB = Math.round(totalmem() / 2 ** 30)
  return `${model}, ${processors.length} cores, ${memoryGiB} GiB, ${process.platform} ${process.arch}, node ${process.versions.node}`
}
