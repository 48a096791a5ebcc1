import { parseArgs } from 'node:util'
import { toPlatformError, type ErrorCode, type PlatformError } from '../../core/errors.ts'
import { findSimilar } from '../../core/similar.ts'
import {
  isMisuse,
  operator,
  operatorTenant,
  type Command,
  type CommandContext,
  type OpenPlatform,
  type ProcessActs,
  type Terminal,
  type Verb,
} from './command.ts'
import { verbs } from './commands/index.ts'

export interface CliDeps {
  readonly argv: readonly string[]
  readonly print: (text: string) => void
  readonly note: (text: string) => void
  /** Whether what is printed goes to a pipe or a file, not to people. */
  readonly isPiped?: boolean
  /** The options every command takes are given on: which configuration, which folder. */
  readonly open: (common: CommonOptions) => Promise<OpenPlatform & { close(): Promise<void> }>
  readonly process: (common: CommonOptions) => ProcessActs
}

export interface CommonOptions {
  readonly config: string | undefined
  readonly host: string | undefined
  readonly port: string | undefined
  readonly folder: string | undefined
}

const commonOptions = {
  config: { type: 'string', short: 'c' },
  folder: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Runs one command. Resolves with the exit code: 0 done, 1 refused or failed, 2 not understood. */
export async function runCli(deps: CliDeps): Promise<number> {
  const [name, ...rest] = deps.argv
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    for (const line of overview()) deps.print(line)
    return 0
  }
  if (name === 'version' || name === '--version' || name === '-v') {
    deps.print(deps.process({ config: undefined, host: undefined, port: undefined, folder: undefined }).version)
    return 0
  }
  const verb = verbs.find((each) => each.name === name)
  if (verb === undefined) {
    const [near] = findSimilar(
      name,
      verbs.map((each) => each.name),
    )
    deps.note(
      `there is no command ${name}; ${near === undefined ? '' : `did you mean ${near}? `}strata help lists them`,
    )
    return 2
  }
  const command = await verb.load()
  const parsed = parse(command, rest)
  if (typeof parsed === 'string') {
    deps.note(`${parsed}\nusage: strata ${command.name} ${command.usage}`)
    return 2
  }
  if (parsed.values['help'] === true) {
    for (const line of describeCommand(verb, command)) deps.print(line)
    return 0
  }
  return run(deps, command, parsed)
}

interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | undefined>>
  readonly words: readonly string[]
}

async function run(deps: CliDeps, command: Command, parsed: Parsed): Promise<number> {
  const text = (name: string): string | undefined => {
    const value = parsed.values[name]
    return typeof value === 'string' ? value : undefined
  }
  const common: CommonOptions = {
    config: text('config'),
    folder: text('folder'),
    host: text('host'),
    port: text('port'),
  }
  const isJson = parsed.values['json'] === true || (deps.isPiped === true && command.isData?.(parsed.words) === true)
  const terminal: Terminal = { print: deps.print, note: deps.note, isJson }
  let opened: Promise<OpenPlatform & { close(): Promise<void> }> | undefined
  const context: CommandContext = {
    words: parsed.words,
    options: parsed.values,
    terminal,
    open: () => (opened ??= deps.open(common)),
    process: deps.process(common),
  }
  try {
    const result = await command.run(context)
    const [verb = ''] = context.words
    if (opened !== undefined && command.acts?.includes(verb) === true) {
      const { keyId, role } = operator
      const act = { act: 'admin', command: `${command.name} ${verb}`, by: keyId, person: null, role }
      await (await opened).parts.audit.act(operatorTenant, act)
    }
    return result === 'failed' ? 1 : 0
  } catch (thrown) {
    const error = toPlatformError(thrown)
    if (terminal.isJson)
      deps.print(JSON.stringify({ error: { code: error.code, message: error.message, help: error.help } }))
    deps.note(describe(error))
    return isMisuse(error) ? 2 : 1
  } finally {
    const platform = await opened?.catch(() => undefined)
    await platform?.close()
  }
}

/** A defect is shown with its stack, since nobody else will see it; everything else with its help. */
function describe(error: PlatformError): string {
  if (isMisuse(error)) return error.message
  if (error.code !== 'INTERNAL')
    return `${error.code}: ${error.message}\n${helpAtTerminal[error.code] ?? error.help}`.trim()
  const cause = error.cause instanceof Error ? error.cause.stack : error.stack
  return `${error.code}: ${error.message}\n${cause ?? ''}`
}

/** What helps at a terminal, where the catalogue's own help speaks to a client of the HTTP API. */
const helpAtTerminal: Partial<Record<ErrorCode, string>> = {
  INVALID_REQUEST: '',
  NOT_FOUND: '',
  CANCELLED: '',
  CONFIG_INVALID: 'Mend it and try again; strata config check reads a file without starting anything.',
  MODEL_NOT_FOUND: 'strata models lists the models there are.',
  STORE_UNAVAILABLE: 'Check the data folder (--folder, store.folder) or the database (store.url), and the disk.',
}

function parse(command: Command, argv: readonly string[]): Parsed | string {
  try {
    const { values, positionals } = parseArgs({
      args: joinNegatives(argv),
      options: { ...commonOptions, ...command.options },
      allowPositionals: true,
      strict: true,
    })
    // No option of any command is a list.
    return { values: values as Parsed['values'], words: positionals }
  } catch (thrown) {
    return thrown instanceof Error ? toSentence(thrown.message) : 'the options are not understood'
  }
}

/** `--amount -0.02` is an option and its value, as `--amount=-0.02` is: no option of any command is a digit. */
function joinNegatives(argv: readonly string[]): string[] {
  const joined: string[] = []
  for (const word of argv) {
    const last = joined.at(-1)
    if (/^-\.?\d/.test(word) && last !== undefined && /^--[a-z-]+$/.test(last))
      joined[joined.length - 1] = `${last}=${word}`
    else joined.push(word)
  }
  return joined
}

/** What is wrong with the options, without the advice on positional arguments that Node adds. */
function toSentence(message: string): string {
  return message.replace(/\. To specify a positional argument .*$/s, '')
}

function overview(): readonly string[] {
  const width = Math.max(...verbs.map(({ name }) => name.length)) + 2
  return [
    'strata COMMAND: the generative-AI stack as one server',
    '',
    ...verbs.flatMap(({ name, summary }) =>
      wrap(summary, columnsMax - width - 2).map((line, index) => `  ${(index === 0 ? name : '').padEnd(width)}${line}`),
    ),
    '',
    'strata COMMAND --help says how one is used.',
    'Every command takes --config FILE, --folder DATA, --json and --help. strata --version says which this is.',
  ]
}

/** Each form of a command on a line of its own, then what it does. */
function describeCommand({ name, summary }: Verb, { usage }: Command): readonly string[] {
  return [...toForms(usage).map((form) => `strata ${name} ${form}`.trim()), '', ...wrap(summary, columnsMax)]
}

const columnsMax = 100

/** The forms that a usage holds, between bars that stand alone outside brackets. */
function toForms(usage: string): readonly string[] {
  const forms = ['']
  let depth = 0
  for (const word of usage.split(' ')) {
    if (word === '|' && depth === 0) forms.push('')
    else forms[forms.length - 1] = `${forms.at(-1) ?? ''} ${word}`.trim()
    depth += (word.match(/\[/g)?.length ?? 0) - (word.match(/\]/g)?.length ?? 0)
  }
  return forms
}

function wrap(text: string, width: number): readonly string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines
}
