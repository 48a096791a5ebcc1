import { readFile } from 'node:fs/promises'
import { PlatformError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { PersonalDatum } from '../../../core/ports-privacy.ts'
import { report, toMisuse, toTable, type Command } from '../command.ts'
import { readNumberOption } from '../numbers.ts'
import { readText } from '../text-file.ts'

export const privacy: Command = {
  name: 'privacy',
  usage: 'scan FILE [--types T,…] [--confidence 0.5] [--show]',
  summary:
    'Finds personal data in a text file: types, places and why. What is found is printed in full only with --show.',
  options: { types: { type: 'string' }, confidence: { type: 'string' }, show: { type: 'boolean' } },
  async run(context) {
    const [verb, path, ...rest] = context.words
    if (verb !== 'scan' || path === undefined || rest.length > 0) throw toMisuse(privacy)
    const { types } = context.options
    const text = await readFileText(path)
    const data = context.process.scanner.scan(text, {
      types: typeof types === 'string' ? types.split(',').map((type) => type.trim()) : undefined,
      confidenceMin: readNumberOption(context, 'confidence', { min: 0, max: 1 }),
    })
    const isShown = context.options['show'] === true
    const findings = data.map((datum) => toFinding(text, datum, isShown))
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

/** Larger files are scanned in parts by whoever has them: a text this long is no document. */
const fileBytesMax = 268_435_456

async function readFileText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new PlatformError('NOT_FOUND', `${path} cannot be read`, { cause })
  })
  if (bytes.length > fileBytesMax)
    throw new PlatformError('DOCUMENT_REFUSED', `${path} has more than ${fileBytesMax} bytes`)
  return readText(path, bytes)
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
  const place = `${finding.line}:[${finding.start}, ${finding.end})`
  const shown = finding.text ?? finding.sample
  return [place, finding.type, finding.confidence.toFixed(2), shown, finding.why.join(', ')]
}
