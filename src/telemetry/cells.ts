import { durationBounds, type MetricDefinition } from './catalogue.ts'

/** A number that is counted up with `cell.value += n`: finding a cell costs a look-up, counting in it costs nothing. */
export interface Cell {
  value: number
}

export interface DurationCell {
  observe(milliseconds: number): void
}

/** One metric: its cells by the values of its labels, made on first use. */
export interface Family<OneCell> extends Written {
  /** The cell of these label values, in the order of the definition's labels. */
  cell(...labels: readonly string[]): OneCell
}

/** Something that can be written in the text format of Prometheus (version 0.0.4). */
export interface Written {
  readonly definition: MetricDefinition
  /** Appends its lines: what it is, then its samples. */
  write(lines: string[]): void
}

/**
 * A counter whose cells the caller keeps. prom-client's own counters hash their labels on every observation, and write
 * every label anew at each scrape; both cost more than a busy server should spend on counting.
 */
export function createCounter(definition: MetricDefinition): Family<Cell> {
  return createFamily(definition, (labels) => new Counter(`${definition.name}${labels} `))
}

/** A histogram over `durationBounds`, in seconds. */
export function createDurations(definition: MetricDefinition): Family<DurationCell> {
  return createFamily(definition, (labels) => new Durations(definition.name, labels))
}

export interface PulledValue {
  readonly value: number
  readonly labels?: readonly string[]
}

/** A value that is asked for when it is written; left out while it is `undefined`. */
export function createPulled(definition: MetricDefinition, read: () => PulledValue | undefined): Written {
  return {
    definition,
    write(lines) {
      writeHead(definition, lines)
      const pulled = read()
      if (pulled === undefined) return
      lines.push(`${definition.name}${toLabels(definition.labels, pulled.labels ?? [])} ${pulled.value}`)
    },
  }
}

interface WritableCell {
  write(lines: string[]): void
}

function createFamily<OneCell extends WritableCell>(
  definition: MetricDefinition,
  create: (labels: string) => OneCell,
): Family<OneCell> {
  const cells = new Map<string, OneCell>()
  return {
    definition,
    cell(...values) {
      const labels = toLabels(definition.labels, values)
      let cell = cells.get(labels)
      if (cell === undefined) cells.set(labels, (cell = create(labels)))
      return cell
    },
    write(lines) {
      writeHead(definition, lines)
      for (const cell of cells.values()) cell.write(lines)
    },
  }
}

function writeHead({ name, help, type }: MetricDefinition, lines: string[]): void {
  lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`)
}

/** `{face="openai-chat",model="small"}`; empty without labels. */
function toLabels(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return ''
  return `{${names.map((name, index) => `${name}="${escapeLabel(values[index] ?? '')}"`).join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

class Counter implements Cell, WritableCell {
  value = 0
  readonly #start: string

  constructor(start: string) {
    this.#start = start
  }

  write(lines: string[]): void {
    lines.push(this.#start + this.value)
  }
}

class Durations implements DurationCell, WritableCell {
  readonly #counts = new Float64Array(durationBounds.length)
  #count = 0
  #sumMs = 0
  readonly #starts: readonly string[]
  readonly #sumStart: string
  readonly #countStart: string

  constructor(name: string, labels: string) {
    const open = labels === '' ? '{' : `${labels.slice(0, -1)},`
    this.#starts = [...durationBounds, '+Inf'].map((bound) => `${name}_bucket${open}le="${bound}"} `)
    this.#sumStart = `${name}_sum${labels} `
    this.#countStart = `${name}_count${labels} `
  }

  observe(milliseconds: number): void {
    const seconds = milliseconds / 1_000
    this.#count++
    this.#sumMs += milliseconds
    for (let index = 0; index < durationBounds.length; index++) {
      if (seconds <= (durationBounds[index] ?? 0)) {
        this.#counts[index] = (this.#counts[index] ?? 0) + 1
        return
      }
    }
  }

  write(lines: string[]): void {
    let below = 0
    for (const [index, start] of this.#starts.entries()) {
      below = index < durationBounds.length ? below + (this.#counts[index] ?? 0) : this.#count
      lines.push(start + below)
    }
    lines.push(this.#sumStart + this.#sumMs / 1_000, this.#countStart + this.#count)
  }
}
