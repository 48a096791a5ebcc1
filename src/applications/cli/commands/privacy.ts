import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { PlatformError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { PersonalDataScanner, PersonalDatum } from '../../../core/ports-privacy.ts'
import { readableExtensions, type ParsedDocument } from '../../../tools/preparation/index.ts'
import { scanWithNames } from '../../scan-names.ts'
import { operator, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'
import { readNumberOption } from '../numbers.ts'
import { readText } from '../text-file.ts'

export const privacy: Command = {
  name: 'privacy',
  usage: 'scan FILE [--types T,…] [--confidence 0.5] [--model] [--show]',
  options: {
    types: { type: 'string' },
    confidence: { type: 'string' },
    model: { type: 'boolean' },
    show: { type: 'boolean' },
  },
  async run(context) {
    const [verb, path, ...rest] = context.words
    if (verb !== 'scan' || path === undefined || rest.length > 0) throw toMisuse(privacy)
    const { types } = context.options
    const { text, pages } = await readDocument(context, path)
    const isModelAsked = context.options['model'] === true
    const scanner = isModelAsked ? await openNames(context, text) : await context.process.createPersonalDataScanner()
    const data = scanner.scan(text, {
      types: typeof types === 'string' ? types.split(',').map((type) => type.trim()) : undefined,
      confidenceMin: readNumberOption(context, 'confidence', { min: 0, max: 1 }),
    })
    const isShown = context.options['show'] === true
    const findings = data.map((datum) => ({ ...toFinding(text, datum, isShown), ...toPage(pages, datum.start) }))
    const counts = Object.fromEntries(
      [...Map.groupBy(data, ({ type }) => type)].map(([type, group]) => [type, group.length]),
    )
    report(context.terminal, { object: 'privacy.scan', file: path, characters: text.length, counts, findings }, [
      ...toTable(findings.map(toRow)),
      data.length === 0
        ? `${path}: nothing found`
        : `${path}: ${Object.entries(counts)
            .map(([type, count]) => `${count} ${type}`)
            .join(', ')}`,
    ])
  },
}

/** The scanner of the configuration in force, with what its model finds in the text. */
async function openNames(context: CommandContext, text: string): Promise<PersonalDataScanner> {
  const { parts } = await context.open()
  return scanWithNames(parts.privacy, text, operator)
}

/** Larger files are scanned in parts by whoever has them: a text this long is no document. */
const fileBytesMax = 268_435_456

/** Formats whose own text is scanned, so that places are those of the file. */
const plainExtensions: ReadonlySet<string> = new Set(
  'md markdown mdown mkd txt text log csv tsv tab json jsonl ndjson'.split(' '),
)

interface ScannedText {
  readonly text: string
  readonly pages: ParsedDocument['pages']
}

/** The text of a file: its own, or what is read of a document of another format, pictures and scans included. */
async function readDocument(context: CommandContext, path: string): Promise<ScannedText> {
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase()
  if (!readableExtensions.has(extension) || plainExtensions.has(extension)) {
    return { text: await readFileText(path), pages: [] }
  }
  const preparation = await context.process.openPreparation()
  try {
    const { text, pages } = await preparation.parse({ source: basename(path), bytes: await readFileBytes(path) })
    for (const { kind, number, state, reason } of pages) {
      if (state === 'failed') context.terminal.note(`${kind} ${number} could not be read (${reason ?? 'unknown'})`)
    }
    return { text, pages }
  } finally {
    await preparation.close()
  }
}

/** The page, sheet or slide on which something begins; nothing for texts without. */
function toPage(pages: ParsedDocument['pages'], start: number): JsonObject {
  const page = pages.find((each) => each.start <= start && start < each.end)
  if (page === undefined || page.kind === 'text') return {}
  return { [page.kind]: page.kind === 'page' || page.kind === 'slide' ? page.number : (page.name ?? page.number) }
}

async function readFileText(path: string): Promise<string> {
  return readText(path, await readFileBytes(path))
}

async function readFileBytes(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new PlatformError('NOT_FOUND', `${path} cannot be read`, { cause })
  })
  if (bytes.length > fileBytesMax)
    throw new PlatformError('DOCUMENT_REFUSED', `${path} has more than ${fileBytesMax} bytes`)
  return bytes
}

interface Finding extends JsonObject {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly line: number
  readonly confidence: number
  readonly why: readonly string[]
  readonly sample: string
}

function toFinding(text: string, datum: PersonalDatum, isShown: boolean): Finding {
  const { type, start, end, line, confidence, why } = datum
  const found = text.slice(start, end)
  const finding = { type, start, end, line, confidence, why, sample: toSample(found) }
  return isShown ? { ...finding, text: found } : finding
}

/** Enough to see which one it is, too little to be it: at most three characters and not more than a quarter. */
function toSample(found: string): string {
  const shown = Array.from(found).slice(0, Math.min(3, Math.floor(found.length / 4)))
  return `${shown.join('')}${'•'.repeat(Math.min(12, found.length - shown.length))}`
}

function toRow(finding: Finding & { readonly text?: string }): readonly string[] {
  const around = ['page', 'slide', 'sheet', 'part', 'chapter'].flatMap((kind) => {
    const value: unknown = Object.hasOwn(finding, kind) ? (finding as JsonObject)[kind] : undefined
    return typeof value === 'number' ? [`${kind} ${value} `] : typeof value === 'string' ? [`${value} `] : []
  })
  const place = `${around.join('')}${finding.line}:[${finding.start}, ${finding.end})`
  const shown = finding.text ?? finding.sample
  return [place, finding.type, finding.confidence.toFixed(2), shown, finding.why.join(', ')]
}
