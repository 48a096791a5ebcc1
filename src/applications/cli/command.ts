import type { ParseArgsOptionsConfig } from 'node:util'
import type { Principal } from '../../core/call.ts'
import { PlatformError } from '../../core/errors.ts'
import type { JsonValue } from '../../core/json.ts'
import type { PersonalDataScanner } from '../../core/ports-privacy.ts'
import { operatorTenant } from '../../core/principals.ts'
import { parseInstant, type Clock } from '../../core/time.ts'
import type { DuplicateIndex, DuplicateOptions, Preparation } from '../../tools/index.ts'
import type { OverlapMeter, ProtectedText, Rights, RightsSources } from '../../governance/index.ts'
import type { HttpParts } from '../http/index.ts'

/** One verb of the command line as the table has it: what help says of it, and where the rest is. */
export interface Verb {
  readonly name: string
  readonly summary: string
  /** What the verb does, and all that it needs: read from disk when it is called. */
  readonly load: () => Promise<Command>
}

/** What one verb does. One file, and one entry in the table. */
export interface Command {
  readonly name: string
  /** What follows the name: `PATH --into COLLECTION`. */
  readonly usage: string
  readonly options: ParseArgsOptionsConfig
  /** First words that change what holds for others and have no act of their own in the audit log: they are put there. */
  readonly acts?: readonly string[]
  /** Whether these words print data: where the output is no terminal, JSON also without `--json`. */
  readonly isData?: (words: readonly string[]) => boolean
  /** Ends the process with 1 when it resolves with `failed`, or throws. */
  run(context: CommandContext): Promise<'failed' | void>
}

export interface CommandContext {
  /** Words that are not options, after the command's name. */
  readonly words: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | undefined>>
  readonly terminal: Terminal
  /** The platform on the data folder, without a server; opened on first use and closed after the command. */
  open(): Promise<OpenPlatform>
  readonly process: ProcessActs
}

/** What only the process can do; filled by `main.ts`. What it gives is loaded when it is asked for. */
export interface ProcessActs {
  /** Serves until the process is told to stop. */
  serve(): Promise<void>
  /** Checks the configuration without starting; the notices and the effective models. Throws CONFIG_INVALID. */
  checkConfig(): Promise<{ readonly path: string | undefined; readonly notices: readonly string[] }>
  configSchema(): Promise<JsonValue>
  /** Installs a local runtime into the data folder; calls back with lines of progress. */
  addRuntime(
    name: string,
    onProgress: (line: string) => void,
  ): Promise<{ readonly folder: string; readonly version: string }>
  /** Reads documents under the configuration, without a platform; to be closed. */
  openPreparation(): Promise<Preparation>
  readonly version: string
  /** Aborted when whoever runs the command wants it to end; who wants it twice ends the process. */
  interrupted(): AbortSignal
  readonly clock: Clock
  /** What is piped in. */
  input(): AsyncIterable<Uint8Array>
  createPersonalDataScanner(): Promise<PersonalDataScanner>
  createDuplicateIndex(options: DuplicateOptions): Promise<DuplicateIndex>
  /** Under what the configuration says of works that nobody has said anything about. */
  decideRights(sources: RightsSources): Promise<Rights>
  createOverlapMeter(sources: readonly ProtectedText[]): Promise<OverlapMeter>
}

/** A command line that lacks a word or has one too many; the message is how the command is used. */
export function toMisuse(command: Pick<Command, 'name' | 'usage'>): PlatformError {
  return new PlatformError('INVALID_REQUEST', `usage: strata ${command.name} ${command.usage}`, { param: misuseParam })
}

export function isMisuse(error: PlatformError): boolean {
  return error.code === 'INVALID_REQUEST' && error.param === misuseParam
}

const misuseParam = 'command line'

export interface OpenPlatform {
  readonly parts: HttpParts
  readonly folder: string
  /** Writes a copy of the live database. */
  backup(path: string): Promise<void>
}

export interface Terminal {
  /** A line for people, or the one JSON document. */
  print(text: string): void
  /** Progress and notices; on standard error, so that a pipe gets only the result. */
  note(text: string): void
  readonly isJson: boolean
}

/** The whole number of an option; `otherwise` when it is not given. Throws INVALID_REQUEST outside 1 to `max`. */
export function readCount(
  context: Pick<CommandContext, 'options'>,
  name: string,
  bounds: { readonly max: number; readonly otherwise: number },
): number {
  const text = context.options[name]
  if (typeof text !== 'string') return bounds.otherwise
  const count = /^\d+$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= bounds.max) return count
  throw new PlatformError('INVALID_REQUEST', `--${name} must be a whole number from 1 to ${bounds.max}`)
}

/** Milliseconds UTC of an option that is a day or an instant; `undefined` when it is not given. Throws INVALID_REQUEST. */
export function readInstant(context: Pick<CommandContext, 'options'>, name: string): number | undefined {
  const text = context.options[name]
  if (typeof text !== 'string') return undefined
  const instant = parseInstant(text)
  if (instant !== undefined) return instant
  throw new PlatformError(
    'INVALID_REQUEST',
    `--${name} must be a day, 2026-12-02, or an instant with its zone, 2026-12-02T08:00:00Z`,
  )
}

/** Prints the JSON under `--json`, else the lines for people. */
export function report(terminal: Terminal, json: unknown, lines: readonly string[]): void {
  if (terminal.isJson) terminal.print(JSON.stringify(json))
  else for (const line of lines) terminal.print(line)
}

/** The tenant of commands that run on the machine itself. */
export { operatorTenant }

/** Who runs a command on the machine itself. */
export const operator: Principal = Object.freeze({
  tenant: operatorTenant,
  keyId: 'operator',
  role: 'admin',
  models: undefined,
  regions: undefined,
})

/** A table for people: columns as wide as their widest cell; wide characters count as two. */
export function toTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell))
  return rows.map((row) =>
    row
      .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  )
}

function widthOf(text: string): number {
  let width = 0
  for (const character of text)
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
      character,
    )
      ? 2
      : 1
  return width
}
